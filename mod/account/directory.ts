import type { Address } from "../mail/address.ts";

/** Key of an account: its address in lower case, "user@domain". Safe to log. Not a path: the store maps it. */
export type AccountId = string;

/** Where mail for a recipient goes. */
export type Target =
  /** `detail` is the part after the subaddress separator ("lists" in you+lists@), or null. */
  | { readonly kind: "account"; readonly account: AccountId; readonly detail: string | null }
  | { readonly kind: "forward"; readonly address: Address };

/** What a recipient address is to us. `targets` is never empty and has no doubles. */
export type Resolution =
  | { readonly kind: "targets"; readonly targets: readonly Target[] }
  | { readonly kind: "unknown-user" }
  | { readonly kind: "disabled" }
  | { readonly kind: "not-local" }
  | { readonly kind: "temp"; readonly why: string };

/** Who is who: domains, aliases, accounts. Swapped as a whole at reload; answers come from memory. */
export interface Directory {
  isLocal(domain: string): boolean;
  /** Follows aliases (loops cut), subaddresses, catch-all and postmaster (RFC 5321 4.5.1; a bare "postmaster" has domain ""). */
  resolve(recipient: Address): Resolution;
  /** Whether the account may use `sender` in MAIL FROM and From: its own address, with any subaddress, and aliases that lead to it. */
  maySendAs(account: AccountId, sender: Address): boolean;
  /** All accounts, for listings. */
  accounts(): readonly AccountId[];
}

export type LoginOutcome =
  | { readonly kind: "ok"; readonly account: AccountId }
  /** Wrong name or password, or account disabled: outsiders are not told which. */
  | { readonly kind: "refused" }
  /** Too many failures from this address for this account: try later, at no cost for us. */
  | { readonly kind: "throttled" }
  | { readonly kind: "temp"; readonly why: string };

export interface Authenticator {
  /** Checks a login name (whole address, or local part while there is one domain) and password. Takes the same time for unknown users. */
  password(login: string, password: string, remoteAddress: string): Promise<LoginOutcome>;
}
