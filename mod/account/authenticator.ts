/**
 * Logins. In this order: a remembered good password (microseconds; never slowed down by the failures of others behind the same
 * address), the back-off, app passwords, the real hash. An unknown name costs the same as a wrong password.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { inNetwork, type Network, parseIp } from "../base/ip.ts";
import { LOGIN_CACHE, LOGIN_CACHE_AGE, PASSWORD_LENGTH } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { type Account, accountId, type Accounts } from "./account.ts";
import { parseAddress } from "../mail/address.ts";
import { verifyAppPassword } from "./app_password.ts";
import type { BackOff } from "./back_off.ts";
import type { AccountId, Authenticator, LoginOutcome, ScramAuthenticator } from "./directory.ts";
import { HasherBusy, type PasswordHasher } from "./password_hasher.ts";
import { ScramLogins } from "./scram_logins.ts";

/** What the config says, swapped with the accounts at reload. */
export interface LoginPolicy {
  /** Our domains: the bare local part will do as a login name while there is one. */
  readonly domains: readonly string[];
  /** Networks that never wait. */
  readonly trusted: readonly Network[];
  /** Whether SCRAM's -PLUS variants are advertised. */
  readonly channelBindingListed?: boolean;
}

export interface AuthenticatorPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hasher: PasswordHasher;
  readonly backOff: BackOff;
  /**
   * Stores the hash made anew for an account whose imported one just proved right, with SCRAM keys where there are such, unless it changed
   * meanwhile, and hands the new accounts to `swapAccounts`. Failing is harmless.
   */
  replaceHash(account: AccountId, old: string, fresh: string, scram: string | undefined): Promise<void>;
  /** What SCRAM salts are made from; without it there is no SCRAM. */
  readonly saltSecret?: Uint8Array;
  /** Stores SCRAM keys for the password or app password with this hash likewise. */
  storeScram?(account: AccountId, hash: string, scram: string): Promise<void>;
}

interface Remembered {
  readonly mac: Uint8Array;
  /** The stored hash the password was checked against: when that is no longer the account's, this is worth nothing. */
  readonly against: string;
  readonly until: number;
}

interface UnderWay {
  /** As it was when that began: whoever asks after a change asks anew. */
  readonly account: Account | undefined;
  readonly proof: Promise<string | null>;
}

/** The Authenticator of this server. */
export class AccountAuthenticator implements Authenticator {
  /** Logins by SCRAM, where the ports have what it takes. */
  readonly scram?: ScramAuthenticator;
  readonly #scram: ScramLogins | null;
  readonly #ports: AuthenticatorPorts;
  /** A password's HMAC under a key nobody else has tells nothing to who reads memory dumps later. */
  readonly #key: Uint8Array;
  readonly #remembered = new Map<string, Remembered>();
  /** By the HMAC, passwords being checked: mail programs open several connections at once, and one hash will do for all. */
  readonly #underWay = new Map<string, UnderWay>();
  #accounts: Accounts;
  /** By fingerprint, accounts that may log in. */
  #certificates: ReadonlyMap<string, readonly AccountId[]>;
  #policy: LoginPolicy;

  constructor(accounts: Accounts, policy: LoginPolicy, ports: AuthenticatorPorts) {
    this.#accounts = accounts;
    this.#certificates = certificatesOf(accounts);
    this.#policy = policy;
    this.#ports = ports;
    this.#key = ports.random.bytes(32);
    this.#scram = ports.saltSecret === undefined ? null : new ScramLogins(accounts, ports.saltSecret, {
      plusOffered: () => this.#policy.channelBindingListed ?? false,
      accountOf: (login) => this.#accountOf(login),
      mustWait: (id, remote) => this.#mustWait(id, remote),
      count: (id, remote, proved) => this.#count(id, remote, proved),
    });
    if (this.#scram) this.scram = this.#scram;
  }

  /** Takes over what a reload read. */
  swap(accounts: Accounts, policy: LoginPolicy): void {
    this.#accounts = accounts;
    this.#certificates = certificatesOf(accounts);
    this.#policy = policy;
    this.#scram?.swap(accounts);
  }

  /** Takes over accounts alone: one of ours was just written. */
  swapAccounts(accounts: Accounts): void {
    this.swap(accounts, this.#policy);
  }

  /** Whether some account has a client certificate, so that there is sense in asking for them. */
  get knowsCertificates(): boolean {
    return this.#certificates.size > 0;
  }

  knowsCertificate(fingerprint: string): boolean {
    return this.#certificates.has(fingerprint);
  }

  /** By certificate: whoever has its key. It is pinned, so neither its issuer nor its dates count. */
  certificate(fingerprint: string, authzid: string, remoteAddress: string): LoginOutcome {
    const holders = this.#certificates.get(fingerprint) ?? [];
    const wanted = authzid === "" ? null : this.#accountOf(authzid);
    // A certificate of several accounts says which only with a name.
    const id = wanted ?? (holders.length === 1 ? holders[0] : undefined);
    if (id !== undefined && holders.includes(id)) return { kind: "ok", account: id };
    if (wanted !== null) this.#count(wanted, remoteAddress, false);
    return { kind: "refused" };
  }

  /** The account a login name means, for those who have checked the login themselves; null when there is none that may log in. */
  accountNamed(login: string): AccountId | null {
    const account = this.#accounts.get(this.#accountOf(login));
    return account && !account.disabled ? account.id : null;
  }

  async password(login: string, password: string, remoteAddress: string): Promise<LoginOutcome> {
    if (password.length === 0 || password.length > PASSWORD_LENGTH) return { kind: "refused" };
    const id = this.#accountOf(login);
    const account = this.#accounts.get(id);
    const mac = this.#mac(id, password);
    if (account && !account.disabled && this.#recall(account, mac)) return { kind: "ok", account: id };
    if (this.#mustWait(id, remoteAddress)) return { kind: "throttled" };
    let proof: string | null;
    try {
      proof = await this.#proofOf(account, password, mac);
    } catch (e) {
      if (e instanceof HasherBusy) return { kind: "temp", why: "too many logins at once" };
      throw e;
    }
    if (proof === null || !account || account.disabled) {
      this.#count(id, remoteAddress, false);
      return { kind: "refused" };
    }
    this.#count(id, remoteAddress, true);
    return { kind: "ok", account: id };
  }

  /** As `#check`, once for all who ask at the same time, whether there is such an account or not; a good password is remembered. */
  async #proofOf(account: Account | undefined, password: string, mac: Uint8Array): Promise<string | null> {
    const key = mac.toHex();
    const known = this.#underWay.get(key);
    if (known && known.account === account) return await known.proof;
    const proof = this.#prove(account, password, mac);
    this.#underWay.set(key, { account, proof });
    try {
      return await proof;
    } finally {
      if (this.#underWay.get(key)?.proof === proof) this.#underWay.delete(key);
    }
  }

  async #prove(account: Account | undefined, password: string, mac: Uint8Array): Promise<string | null> {
    const proof = await this.#check(account, password);
    if (proof !== null && account && !account.disabled) {
      await this.#makeScram(account, proof, password);
      this.#remember(account, mac, proof);
    }
    return proof;
  }

  /** The stored hash that the password gave, or null. One slow hash is computed whatever the outcome, unless an app password fits. */
  async #check(account: Account | undefined, password: string): Promise<string | null> {
    const { hasher, log } = this.#ports;
    for (const app of account?.appPasswords ?? []) if (verifyAppPassword(password, app.hash)) return app.hash;
    const stored = account?.password ?? null;
    if (stored === null || !account) {
      await hasher.waste(password);
      return null;
    }
    if (!await hasher.verify(password, stored)) {
      // An imported hash may be far quicker than ours: who measures time must not learn that the account exists.
      if (hasher.isOutdated(stored)) await hasher.waste(password);
      return null;
    }
    if (account.disabled || !hasher.isOutdated(stored)) return stored;
    try {
      const fresh = await hasher.hash(password);
      const scram = await this.#scram?.keysFor(account, fresh, password);
      await this.#ports.replaceHash(account.id, stored, fresh, scram);
      return fresh;
    } catch (e) {
      log.warn("password hash not renewed", {
        account: account.id,
        why: e instanceof Error ? e.message : String(e),
      });
    }
    return stored;
  }

  /** A good password without SCRAM keys gets them, so that the client's next login may be by SCRAM. */
  async #makeScram(account: Account, hash: string, password: string): Promise<void> {
    const { storeScram, log } = this.#ports;
    if (!this.#scram || !storeScram) return;
    try {
      const keys = await this.#scram.missingKeys(account, hash, password);
      if (keys !== null) await storeScram(account.id, hash, keys);
    } catch (e) {
      log.warn("scram keys not stored", {
        account: account.id,
        why: e instanceof Error ? e.message : String(e),
      });
    }
  }

  #mustWait(id: AccountId, remote: string): boolean {
    const { clock, backOff } = this.#ports;
    return !this.#isTrusted(remote) && backOff.wait(clock.monotonic(), remote, id) > 0;
  }

  /** Tells the back-off how a login ended. */
  #count(id: AccountId, remote: string, proved: boolean): void {
    if (this.#isTrusted(remote)) return;
    const { clock, backOff } = this.#ports;
    if (proved) backOff.succeeded(clock.monotonic(), remote, id);
    else backOff.failed(clock.monotonic(), remote, id);
  }

  #accountOf(login: string): AccountId {
    const only = this.#policy.domains.length === 1 ? this.#policy.domains[0] : undefined;
    const whole = login.includes("@") || only === undefined ? login : `${login}@${only}`;
    const address = parseAddress(whole);
    return address.ok ? accountId(address.value) : whole.toLowerCase();
  }

  #isTrusted(remote: string): boolean {
    const ip = parseIp(remote);
    return ip !== null && this.#policy.trusted.some((n) => inNetwork(ip, n));
  }

  #mac(id: AccountId, password: string): Uint8Array {
    return createHmac("sha256", this.#key).update(id).update("\0").update(password).digest();
  }

  /** Keyed by account and password, so that several devices with app passwords do not push each other out. */
  #recall(account: Account, mac: Uint8Array): boolean {
    const key = cacheKey(account.id, mac);
    const r = this.#remembered.get(key);
    if (!r) return false;
    const valid = r.until > this.#ports.clock.monotonic() && timingSafeEqual(r.mac, mac) &&
      (r.against === account.password || account.appPasswords.some((a) => a.hash === r.against));
    if (!valid) this.#remembered.delete(key);
    return valid;
  }

  #remember(account: Account, mac: Uint8Array, against: string): void {
    this.#remembered.set(cacheKey(account.id, mac), {
      mac,
      against,
      until: this.#ports.clock.monotonic() + LOGIN_CACHE_AGE,
    });
    if (this.#remembered.size <= LOGIN_CACHE) return;
    const oldest = this.#remembered.keys().next().value;
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

function certificatesOf(accounts: Accounts): Map<string, AccountId[]> {
  const found = new Map<string, AccountId[]>();
  for (const account of accounts.values()) {
    if (account.disabled) continue;
    for (const c of new Set(account.certificates)) found.set(c, [...found.get(c) ?? [], account.id]);
  }
  return found;
}

/** Two octets of the HMAC tell passwords of one account apart well enough; the whole is compared afterwards. */
function cacheKey(id: AccountId, mac: Uint8Array): string {
  return `${id} ${mac[0]} ${mac[1]}`;
}
