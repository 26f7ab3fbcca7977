import type { Address } from "../mail/address.ts";
import type { ScramHash, ScramSecrets } from "../sasl/scram_keys.ts";

/** Key of an account: its address in lower case, "user@domain". Safe to log. Not a path: the store maps it. */
export type AccountId = string;

/** Where mail for a recipient goes. */
export type Target =
  /** `detail` is the part after the subaddress separator ("lists" in you+lists@), or null. */
  | { readonly kind: "account"; readonly account: AccountId; readonly detail: string | null }
  | { readonly kind: "forward"; readonly address: Address };

/**
 * What a recipient address is to us. `targets` is never empty and has no doubles. `returnPath`: it has the form of a return address of what we
 * forwarded, to which only reports are sent.
 */
export type Resolution =
  | { readonly kind: "targets"; readonly targets: readonly Target[]; readonly returnPath?: true }
  | { readonly kind: "unknown-user"; readonly returnPath?: true }
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
  /** Logins that never show the password; absent where no such secrets are kept. */
  readonly scram?: ScramAuthenticator;
  /** Whether a client's certificate (SHA-256, lower-case hex) opens any account. */
  knowsCertificate?(fingerprint: string): boolean;
  /** The account a client's certificate opens; `authzid` is "" or the login name it must be. */
  certificate?(fingerprint: string, authzid: string, remoteAddress: string): LoginOutcome;
}

export type ScramLookup =
  /** `account` null: nobody has this name, or it cannot log in; the secrets look the same and no proof fits them. */
  | { readonly kind: "found"; readonly account: AccountId | null; readonly secrets: ScramSecrets }
  | { readonly kind: "throttled" };

export interface ScramAuthenticator {
  /** Whether every account can log in this way, so that it may be advertised. */
  readonly offered: boolean;
  /** Whether to advertise the -PLUS variants as well, where there is TLS. They are taken in any case. */
  readonly plusOffered: boolean;
  /** What a proof for this login name is checked against. */
  find(login: string, hash: ScramHash, remoteAddress: string): ScramLookup;
  /** Tells how the exchange ended; gives whether the login stands (the account may be gone or disabled meanwhile). */
  settle(login: string, account: AccountId | null, proved: boolean, remoteAddress: string): boolean;
}
