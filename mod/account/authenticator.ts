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
import type { AccountId, Authenticator, LoginOutcome } from "./directory.ts";
import { HasherBusy, type PasswordHasher } from "./password_hasher.ts";

/** What the config says, swapped with the accounts at reload. */
export interface LoginPolicy {
  /** Our domains: the bare local part will do as a login name while there is one. */
  readonly domains: readonly string[];
  /** Networks that never wait. */
  readonly trusted: readonly Network[];
}

export interface AuthenticatorPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hasher: PasswordHasher;
  readonly backOff: BackOff;
  /** Stores the hash made anew for an account whose imported one just proved right, unless it changed meanwhile. Failing is harmless. */
  replaceHash(account: AccountId, old: string, fresh: string): Promise<void>;
}

interface Remembered {
  readonly mac: Uint8Array;
  /** The stored hash the password was checked against: when that is no longer the account's, this is worth nothing. */
  readonly against: string;
  readonly until: number;
}

/** The Authenticator of this server. */
export class AccountAuthenticator implements Authenticator {
  readonly #ports: AuthenticatorPorts;
  /** A password's HMAC under a key nobody else has tells nothing to who reads memory dumps later. */
  readonly #key: Uint8Array;
  readonly #remembered = new Map<string, Remembered>();
  #accounts: Accounts;
  #policy: LoginPolicy;

  constructor(accounts: Accounts, policy: LoginPolicy, ports: AuthenticatorPorts) {
    this.#accounts = accounts;
    this.#policy = policy;
    this.#ports = ports;
    this.#key = ports.random.bytes(32);
  }

  /** Takes over what a reload read. */
  swap(accounts: Accounts, policy: LoginPolicy): void {
    this.#accounts = accounts;
    this.#policy = policy;
  }

  async password(login: string, password: string, remoteAddress: string): Promise<LoginOutcome> {
    const { clock, backOff } = this.#ports;
    if (password.length === 0 || password.length > PASSWORD_LENGTH) return { kind: "refused" };
    const id = this.#accountOf(login);
    const account = this.#accounts.get(id);
    const mac = this.#mac(id, password);
    if (account && !account.disabled && this.#recall(account, mac)) return { kind: "ok", account: id };
    const trusted = this.#isTrusted(remoteAddress);
    if (!trusted && backOff.wait(clock.monotonic(), remoteAddress, id) > 0) return { kind: "throttled" };
    let proof: string | null;
    try {
      proof = await this.#check(account, password);
    } catch (e) {
      if (e instanceof HasherBusy) return { kind: "temp", why: "too many logins at once" };
      throw e;
    }
    if (proof === null || !account || account.disabled) {
      if (!trusted) backOff.failed(clock.monotonic(), remoteAddress, id);
      return { kind: "refused" };
    }
    if (!trusted) backOff.succeeded(clock.monotonic(), remoteAddress, id);
    this.#remember(account, mac, proof);
    return { kind: "ok", account: id };
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
      await this.#ports.replaceHash(account.id, stored, fresh);
    } catch (e) {
      log.warn("password hash not renewed", {
        account: account.id,
        why: e instanceof Error ? e.message : String(e),
      });
    }
    return stored;
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

/** Two octets of the HMAC tell passwords of one account apart well enough; the whole is compared afterwards. */
function cacheKey(id: AccountId, mac: Uint8Array): string {
  return `${id} ${mac[0]} ${mac[1]}`;
}
