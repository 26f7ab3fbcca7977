/**
 * Logins by SCRAM against the keys in the accounts. A name that nobody has, or that cannot log in, gets a salt like any other and no keys:
 * from outside it is an account with another password.
 */
import { SCRAM_ITERATIONS } from "../base/limits.ts";
import type { ScramHash } from "../sasl/scram_keys.ts";
import type { Account, Accounts } from "./account.ts";
import { canonicalAppPassword } from "./app_password.ts";
import type { AccountId, ScramAuthenticator, ScramLookup } from "./directory.ts";
import { makeScram, parseScram, scramSalt, type StoredScram } from "./stored_scram.ts";

/** What it shares with logins by password. */
export interface ScramLoginPorts {
  /** Whether the config wants channel binding advertised. */
  plusOffered(): boolean;
  accountOf(login: string): AccountId;
  /** Whether there were too many failures. */
  mustWait(id: AccountId, remoteAddress: string): boolean;
  /** Tells the back-off how a login ended. */
  count(id: AccountId, remoteAddress: string, proved: boolean): void;
}

export class ScramLogins implements ScramAuthenticator {
  readonly #secret: Uint8Array;
  readonly #ports: ScramLoginPorts;
  /** Hashes whose keys are being made: a client with ten connections needs them once. */
  readonly #making = new Set<string>();
  #accounts: Accounts;
  #offered: boolean;

  constructor(accounts: Accounts, secret: Uint8Array, ports: ScramLoginPorts) {
    this.#accounts = accounts;
    this.#secret = secret;
    this.#ports = ports;
    this.#offered = everybodyHasKeys(accounts);
  }

  get offered(): boolean {
    return this.#offered;
  }

  get plusOffered(): boolean {
    return this.#ports.plusOffered();
  }

  /** Takes over what a reload read. */
  swap(accounts: Accounts): void {
    this.#accounts = accounts;
    this.#offered = everybodyHasKeys(accounts);
  }

  find(login: string, hash: ScramHash, remoteAddress: string): ScramLookup {
    const id = this.#ports.accountOf(login);
    if (this.#ports.mustWait(id, remoteAddress)) return { kind: "throttled" };
    const account = this.#accounts.get(id);
    const stored = account && !account.disabled ? storedOf(account) : [];
    const [first] = stored;
    if (!first) {
      const secrets = { salt: scramSalt(this.#secret, id), iterations: SCRAM_ITERATIONS, keys: [] };
      return { kind: "found", account: null, secrets };
    }
    // Keys with another salt (the secret was lost in between) cannot be asked for at the same time.
    const alike = stored.filter((s) => s.iterations === first.iterations && same(s.salt, first.salt));
    const secrets = {
      salt: first.salt,
      iterations: first.iterations,
      keys: alike.map((s) => s.keys[hash]),
    };
    return { kind: "found", account: id, secrets };
  }

  settle(login: string, account: AccountId | null, proved: boolean, remoteAddress: string): boolean {
    const now = account === null ? undefined : this.#accounts.get(account);
    const ok = proved && now !== undefined && !now.disabled;
    this.#ports.count(account ?? this.#ports.accountOf(login), remoteAddress, ok);
    return ok;
  }

  /** Keys for a password of this account with this hash. */
  keysFor(account: Account, hash: string, password: string): Promise<string> {
    return makeScram(password, hash, storedOf(account)[0]?.salt ?? scramSalt(this.#secret, account.id));
  }

  /** Keys for a password that just proved right for this stored hash, or null when it has them. */
  async missingKeys(account: Account, hash: string, password: string): Promise<string | null> {
    const now = this.#accounts.get(account.id);
    const entry = now?.password === hash ? now : now?.appPasswords.find((a) => a.hash === hash);
    if (!now || !entry || this.#making.has(hash) || hasKeys(entry.scram, hash)) return null;
    this.#making.add(hash);
    try {
      return await this.keysFor(now, hash, entry === now ? password : canonicalAppPassword(password));
    } finally {
      this.#making.delete(hash);
    }
  }
}

/** Only whether there are any: to look into them all would hold the loop at each reload. Stale ones come of files edited by hand. */
function everybodyHasKeys(accounts: Accounts): boolean {
  for (const a of accounts.values()) {
    if (a.disabled) continue;
    if (a.password !== null && a.scram === undefined) return false;
    if (!a.appPasswords.every((p) => p.scram !== undefined)) return false;
  }
  return true;
}

function hasKeys(scram: string | undefined, hash: string): boolean {
  return scram !== undefined && parseScram(scram, hash) !== null;
}

/** All keys that open an account, the password's first. */
function storedOf(account: Account): StoredScram[] {
  const found: StoredScram[] = [];
  const add = (scram: string | undefined, hash: string) => {
    const stored = scram === undefined ? null : parseScram(scram, hash);
    if (stored) found.push(stored);
  };
  if (account.password !== null) add(account.scram, account.password);
  for (const p of account.appPasswords) add(p.scram, p.hash);
  return found;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
