import type { Address } from "../mail/address.ts";
import type { AccountId } from "./directory.ts";

/** A password for one device or program, made by us. */
export interface AppPassword {
  readonly name: string;
  /** As `hashAppPassword` makes it. */
  readonly hash: string;
  /** SCRAM keys of the same password, as `makeScram` makes them; absent until it is next used. */
  readonly scram?: string;
  /** RFC 3339, UTC. */
  readonly created: string;
}

/** One account as accounts.yaml has it. */
export interface Account {
  readonly id: AccountId;
  /** Our scrypt string or "{SCHEME}value"; null when only app passwords open it. */
  readonly password: string | null;
  /** SCRAM keys of the same password, as `makeScram` makes them; absent until it is next used. */
  readonly scram?: string;
  readonly appPasswords: readonly AppPassword[];
  /** Client certificates that open it: SHA-256 each, lower-case hex. */
  readonly certificates?: readonly string[];
  readonly disabled: boolean;
  /** Octets of mail it may keep; null for no bound. */
  readonly quota: number | null;
  /** Messages it may keep; absent for no bound. */
  readonly quotaMessages?: number;
  /** RFC 3339, UTC. */
  readonly created: string;
}

/** All accounts, by address in lower case, in the order of the file. */
export type Accounts = ReadonlyMap<AccountId, Account>;

/** The key of the account an address would be: lower case throughout. */
export function accountId(address: Address): AccountId {
  return `${address.local.toLowerCase()}@${address.domain}`;
}
