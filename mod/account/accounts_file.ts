/**
 * DATA/accounts.yaml: users, hashes, app passwords. Written by the verbs and by the server (a hash made anew at login), always whole and
 * atomically, under a lock file, so that two writers do not lose each other's change. Mode 0600.
 */
import * as v from "valibot";
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import { type Fs, isFsError } from "../base/fs.ts";
import { ACCOUNTS_FILE } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { formatYaml, type YamlMembers } from "../yaml/format.ts";
import { checkYaml, entry, leaf, list, mapping, required, section } from "../yaml/schema.ts";
import { formatProblems, parseYamlSource } from "../yaml/source.ts";
import { parseAddress } from "../mail/address.ts";
import { type Account, accountId, type Accounts } from "./account.ts";

/** The only form so far. A newer one is refused, never guessed at or rewritten. */
const VERSION = 1;
/** A writer holds the lock for milliseconds; one this old (milliseconds) was left by a crash. */
const LOCK_STALE = 10_000;
const LOCK_RETRY = 25;
const LOCK_WAIT = 15_000;

const HEAD = `Accounts of this Roost. Change them with "roost user": it hashes passwords and tells the server.
Edited by hand, this file is read again at "roost reload".`;

const address = leaf("an account's address in lower case, such as you@example.org", (value) => {
  if (typeof value !== "string") return undefined;
  const parsed = parseAddress(value);
  if (!parsed.ok || parsed.value.domain.startsWith("[")) return undefined;
  // Neither quoted nor in U-labels: one spelling only for each account.
  return value === accountId(parsed.value) ? value : undefined;
});
const text = leaf("text", (value) => typeof value === "string" && value !== "" ? value : undefined);
const hash = leaf(
  'a password hash as "roost user passwd" writes it or "roost user import" takes it',
  (value) =>
    typeof value === "string" && /^(\$scrypt\$|\$app\$|\{[A-Za-z0-9.-]+\})[!-~]+$/.test(value)
      ? value
      : undefined,
);
const scram = leaf(
  'SCRAM keys as "roost user passwd" writes them; without the line the password makes them at its next login',
  (value) =>
    typeof value === "string" && /^\$scram\$i=\d{4,7}(\$[A-Za-z0-9+/]+){6}$/.test(value) ? value : undefined,
);
const fingerprint = leaf(
  "the SHA-256 of a certificate, 64 hexadecimal digits with or without colons",
  (value) => {
    const digits = typeof value === "string" ? value.replaceAll(":", "").toLowerCase() : "";
    return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined;
  },
);
const yes = leaf("true or false", (value) => typeof value === "boolean" ? value : undefined);
const octets = leaf("a number of octets", (value) => {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
});
const count = leaf("a number of messages", (value) => {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
});
const time = leaf("a time such as 2026-01-31T12:00:00Z", (value) => {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? value : undefined;
});

const SCHEMA = section({
  version: required(
    leaf(
      `${VERSION}, the only version this Roost knows (a newer Roost wrote it?)`,
      (n) => n === VERSION ? VERSION : undefined,
    ),
    "version of this file's form",
  ),
  accounts: entry(
    mapping(
      address,
      section({
        password: v.optional(hash),
        scram: v.optional(scram),
        app_passwords: entry(
          list(section({ name: text, hash, scram: v.optional(scram), created: time })),
          [],
          "passwords for single devices",
        ),
        certificates: entry(list(fingerprint), [], "client certificates that open the account"),
        disabled: entry(yes, false, "no login, no new mail"),
        quota: v.nullish(octets),
        quota_messages: v.nullish(count),
        created: entry(time, "1970-01-01T00:00:00Z", "when the account was made"),
      }),
    ),
    {},
    "accounts by address",
  ),
});

/** Reads accounts from the file's text. Errors are lines "FILE:LINE:COLUMN: what". */
export function parseAccounts(file: string, bytes: Uint8Array): Result<Accounts, readonly string[]> {
  const source = parseYamlSource(fromUtf8(bytes));
  const checked = checkYaml(source, SCHEMA);
  if (!checked.ok) return err(formatProblems(file, checked.error));
  const accounts = new Map<string, Account>();
  for (const [id, a] of Object.entries(checked.value.accounts)) {
    accounts.set(id, {
      id,
      password: a.password ?? null,
      ...(a.scram === undefined ? {} : { scram: a.scram }),
      appPasswords: a.app_passwords.map(({ scram, ...rest }) =>
        scram === undefined ? rest : { ...rest, scram }
      ),
      ...(a.certificates.length === 0 ? {} : { certificates: a.certificates }),
      disabled: a.disabled,
      quota: a.quota ?? null,
      ...(typeof a.quota_messages === "number" ? { quotaMessages: a.quota_messages } : {}),
      created: a.created,
    });
  }
  return ok(accounts);
}

/** The file's text for these accounts. */
export function formatAccounts(accounts: Accounts): Uint8Array {
  const entries: Record<string, YamlMembers> = {};
  for (const a of accounts.values()) {
    entries[a.id] = {
      ...(a.password === null ? {} : { password: a.password }),
      ...(a.scram === undefined ? {} : { scram: a.scram }),
      ...(a.appPasswords.length === 0 ? {} : { app_passwords: a.appPasswords.map((p) => ({ ...p })) }),
      ...(a.certificates === undefined || a.certificates.length === 0
        ? {}
        : { certificates: a.certificates }),
      ...(a.disabled ? { disabled: true } : {}),
      ...(a.quota === null ? {} : { quota: a.quota }),
      ...(a.quotaMessages === undefined ? {} : { quota_messages: a.quotaMessages }),
      created: a.created,
    };
  }
  return utf8(formatYaml({ version: VERSION, accounts: entries }, HEAD));
}

/** The accounts on disk; none when there is no file. Throws FsError when it cannot be read. */
export async function loadAccounts(fs: Fs, path: string): Promise<Result<Accounts, readonly string[]>> {
  const bytes = await fs.readFile(path, ACCOUNTS_FILE);
  return bytes === null ? ok(new Map<string, Account>()) : parseAccounts(path, bytes);
}

/**
 * Changes the file: reads it afresh, lets `change` make the new accounts, writes them durably. `change` gives an error text to leave all
 * as it is. Writers wait for each other, also across processes. Throws FsError on faults of the disk.
 */
export async function changeAccounts(
  fs: Fs,
  clock: Clock,
  path: string,
  change: (accounts: Map<string, Account>) => Result<void, string>,
): Promise<Result<Accounts, readonly string[]>> {
  const lock = `${path}.lock`;
  if (!await takeLock(fs, clock, lock)) {
    return err([`${path}: another program holds ${lock}; remove it if none is running`]);
  }
  try {
    const loaded = await loadAccounts(fs, path);
    if (!loaded.ok) return loaded;
    const accounts = new Map(loaded.value);
    const changed = change(accounts);
    if (!changed.ok) return err([changed.error]);
    await replaceFile(fs, path, formatAccounts(accounts));
    return ok(accounts);
  } finally {
    await fs.remove(lock);
  }
}

async function takeLock(fs: Fs, clock: Clock, lock: string): Promise<boolean> {
  const until = clock.monotonic() + LOCK_WAIT;
  for (;;) {
    try {
      const file = await fs.create(lock);
      await file.close();
      return true;
    } catch (e) {
      if (!isFsError(e, "exists")) throw e;
    }
    const stat = await fs.stat(lock);
    if (stat && clock.now() - stat.mtime > LOCK_STALE) await fs.remove(lock);
    else if (clock.monotonic() > until) return false;
    else await clock.sleep(LOCK_RETRY);
  }
}
