/**
 * Keeps one certificate of an ACME authority: DATA/tls/acme.pem and acme.key, the account's key, and what is remembered (acme.json). Invariants:
 * - An attempt is on the medium before it is made: a server that crashes, or is restarted in a loop, does not hammer the authority.
 * - The key stays the same when a certificate is renewed, so that TLSA records (RFC 7671 5.1) stay true, unless a new one is asked for.
 * - While the clock cannot be right nothing is decided.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import { ACME_LOOK, ACME_NAMES, ACME_REFUSED, ACME_TEXT } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type AcmeState, newAcmeState, readAcmeState, writeAcmeState } from "./acme_state.ts";
import type { AcmeFault, AcmeHttp, ChallengeBoard } from "./acme_types.ts";
import { type CertificateFacts, type CertificateReader, readPair } from "./certificate_files.ts";
import type { EcKey } from "./ec_key.ts";
import type { KeyPair } from "./own_ca.ts";
import { clockIsSane, isDue, renewalTime, waitAfter } from "./renewal.ts";

/** Longest key file, octets. */
const KEY_MAX = 16 * 1024;

/** What a config wants. */
export interface AcmeTerms {
  /** URL. */
  readonly directory: string;
  readonly email: string;
  /** Names the certificate must have; the first is the server's own. */
  readonly names: readonly string[];
  /** Further names, where they lead here. */
  readonly maybe: readonly string[];
}

export interface AcmePorts {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly reader: CertificateReader;
  readonly board: ChallengeBoard;
  /** Loaded when it is needed. */
  http(): Promise<AcmeHttp>;
  /** Those of `names` that have an address which `host` has, too. */
  leadingTo(host: string, names: readonly string[]): Promise<readonly string[]>;
  readonly signal: AbortSignal;
}

/** How it stands, for people. Times in milliseconds since 1970. */
export interface AcmeStanding {
  readonly directory: string;
  /** When it is tried again or renewed. */
  readonly next: number;
  readonly tried: number | null;
  readonly failures: number;
  readonly error: string | null;
  /** Names left out, since the authority would not issue for them. */
  readonly refused: readonly string[];
}

interface Held {
  readonly pair: KeyPair;
  readonly facts: CertificateFacts;
}

export class AcmeKeeper {
  readonly #ports: AcmePorts;
  readonly #dir: string;
  readonly #terms: AcmeTerms;
  #state: AcmeState;
  #held: Held | null = null;
  /** Of `maybe`, those that led here at the last look. */
  #found: readonly string[] = [];
  #looked: number | null = null;
  #running: Promise<Result<void, string>> | null = null;

  private constructor(ports: AcmePorts, dir: string, terms: AcmeTerms) {
    this.#ports = ports;
    this.#dir = dir;
    this.#terms = terms;
    this.#state = newAcmeState(terms.directory);
  }

  /** Reads what there is below `dir` (DATA/tls). Throws FsError. */
  static async open(ports: AcmePorts, dir: string, terms: AcmeTerms): Promise<AcmeKeeper> {
    const keeper = new AcmeKeeper(ports, dir, terms);
    await ports.fs.makeDir(dir);
    keeper.#state = await readAcmeState(ports.fs, keeper.#path("acme.json"), terms.directory);
    await keeper.#readPair();
    return keeper;
  }

  /** The certificate, if there is one for the server's name: also one that has ended, since its key may be published. */
  get pair(): KeyPair | null {
    return this.#held && this.#covers([this.#terms.names[0] ?? ""]) ? this.#held.pair : null;
  }

  get standing(): AcmeStanding {
    const { directory, tried, failures, error, refused } = this.#state;
    const now = this.#ports.clock.now();
    const left = Object.keys(refused).filter((name) => !isDue(refused[name] ?? null, now));
    return { directory, next: this.#next(now), tried, failures, error, refused: left };
  }

  /** Issues or renews if it is time. True when there is a new certificate. Never throws. */
  async look(): Promise<boolean> {
    if (this.#running) return false;
    try {
      const { clock } = this.#ports;
      const now = clock.now();
      if (!clockIsSane(now, this.#held?.facts ?? null) || !isDue(this.#state.next, now)) return false;
      await this.#findNames(false);
      if (this.#next(now) > now) return false;
      return (await this.#once(false)).ok;
    } catch (e) {
      this.#ports.log.error("certificate not renewed", {}, e);
      return false;
    }
  }

  /** Renews now, on a person's word; with a new key, the old certificate revoked, where `revoke`. The error is for people. */
  async renew(revoke: boolean): Promise<Result<void, string>> {
    if (this.#running) return err("it is being renewed at this moment");
    const { clock } = this.#ports;
    const now = clock.now();
    if (!clockIsSane(now, this.#held?.facts ?? null)) return err(`the clock says ${time(now)}; set it first`);
    const { next, asked, error } = this.#state;
    if (asked && next !== null && !isDue(next, now)) {
      return err(
        `the authority wants no further attempt before ${time(next)} (${error ?? "no reason given"})`,
      );
    }
    return await this.#once(revoke);
  }

  /** Resolves when no attempt is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #path(name: string): string {
    return `${this.#dir}/${name}`;
  }

  async #readPair(): Promise<void> {
    const pair = await readPair(this.#ports, this.#path("acme.pem"), this.#path("acme.key"));
    this.#held = pair ? { pair, facts: this.#ports.reader.read(pair.certificate) } : null;
  }

  #covers(names: readonly string[]): boolean {
    const known = this.#held?.facts.dnsNames ?? [];
    return names.every((n) => known.includes(n));
  }

  /** When the next attempt is to be: not after `now` when one is due. */
  #next(now: number): number {
    const wait = isDue(this.#state.next, now) ? now : this.#state.next ?? now;
    const held = this.#held;
    if (!held || !this.#state.issued || !this.#covers(this.#wanted(now))) return wait;
    return Math.max(wait, renewalTime(held.facts));
  }

  /** The names to ask for: those of the config, and those that lead here; not, for a day, what was refused. */
  #wanted(now: number): readonly string[] {
    const { names } = this.#terms;
    const { refused } = this.#state;
    const left = [...new Set([...names, ...this.#found])].filter((name) =>
      name === names[0] || !Object.hasOwn(refused, name) || isDue(refused[name] ?? null, now)
    );
    return left.slice(0, ACME_NAMES);
  }

  async #findNames(always: boolean): Promise<void> {
    const { clock, leadingTo } = this.#ports;
    const { names, maybe } = this.#terms;
    const now = clock.monotonic();
    if (!always && this.#looked !== null && now - this.#looked < ACME_LOOK) return;
    this.#looked = now;
    // A name that leads elsewhere for an hour must not cost a new certificate: what has it keeps it until renewal.
    if (maybe.length > 0) this.#found = await leadingTo(names[0] ?? "", maybe);
  }

  #once(revoke: boolean): Promise<Result<void, string>> {
    this.#running = this.#attempt(revoke).finally(() => this.#running = null);
    return this.#running;
  }

  async #attempt(revoke: boolean): Promise<Result<void, string>> {
    const { clock, log } = this.#ports;
    await this.#findNames(true);
    const old = this.#held;
    const now = clock.now();
    const before = this.#state;
    await this.#remember({ ...this.#failed(before, null, now), error: "the server ended meanwhile" });
    let done = await this.#issue(this.#wanted(now), revoke);
    const others = done.ok ? [] : done.error.names.filter((n) => n !== this.#terms.names[0]);
    if (!done.ok && others.length > 0 && others.length === done.error.names.length) {
      // One name that cannot be proved must not cost the others theirs.
      log.warn("certificate without some names", { names: others.join(","), why: done.error.why });
      const until = clock.now() + ACME_REFUSED;
      const refused = { ...this.#state.refused, ...Object.fromEntries(others.map((n) => [n, until])) };
      await this.#remember({ ...this.#state, refused });
      done = await this.#issue(this.#wanted(now), revoke);
    }
    if (!done.ok) {
      const { why, wait, noAccount } = done.error;
      const next = this.#failed(before, wait, clock.now());
      const account = noAccount ? null : this.#state.account;
      await this.#remember({
        ...next,
        account,
        refused: this.#state.refused,
        error: why.slice(0, ACME_TEXT),
      });
      log.warn("certificate not renewed", { why, failures: next.failures, next: time(next.next ?? now) });
      return err(why);
    }
    log.info("certificate issued", {
      by: this.#terms.directory,
      names: this.#held?.facts.dnsNames.join(","),
    });
    if (revoke && old) await this.#revoke(old.pair.certificate);
    return ok(undefined);
  }

  #failed(before: AcmeState, asked: number | null, now: number): AcmeState {
    const failures = before.failures + 1;
    const wait = waitAfter(failures, asked, this.#ports.random.int(1000) / 1000);
    return { ...before, failures, tried: now, next: Math.round(now + wait), asked: asked !== null };
  }

  async #remember(state: AcmeState): Promise<void> {
    this.#state = state;
    await writeAcmeState(this.#ports.fs, this.#path("acme.json"), state);
  }

  async #issue(names: readonly string[], newKey: boolean): Promise<Result<void, AcmeFault>> {
    const { fs, reader } = this.#ports;
    const client = await this.#client();
    const account = await client.signIn(this.#terms.email);
    if (!account.ok) return account;
    if (account.value !== this.#state.account) {
      await this.#remember({ ...this.#state, account: account.value });
    }
    const key = await this.#key("acme.key", newKey);
    const { signingRequest } = await import("./signing_request.ts");
    const chain = await client.issue(names, await signingRequest(names, key));
    if (!chain.ok) return chain;
    const certificate = `${chain.value.trim()}\n`;
    const fault = faultOf(reader, { certificate, key: key.pem }, names, this.#ports.clock.now());
    if (fault !== null) return err({ why: fault, wait: null, names: [], noAccount: false });
    if (newKey) await replaceFile(fs, this.#path("acme.key"), utf8(key.pem));
    await replaceFile(fs, this.#path("acme.pem"), utf8(certificate), this.#path("acme.pem.new"), 0o644);
    await this.#readPair();
    const { refused } = this.#state;
    await this.#remember({
      ...newAcmeState(this.#terms.directory),
      account: account.value,
      issued: true,
      tried: this.#ports.clock.now(),
      refused,
    });
    return ok(undefined);
  }

  async #revoke(pem: string): Promise<void> {
    const { log } = this.#ports;
    const text = /-----BEGIN CERTIFICATE-----([^-]*)-----END/.exec(pem)?.[1] ?? "";
    const client = await this.#client();
    // RFC 5280 5.3.1: 4 is superseded, which is true of any.
    const done = await client.revoke(Uint8Array.fromBase64(text), 4);
    if (done.ok) log.info("certificate revoked", { by: this.#terms.directory });
    else log.warn("certificate not revoked", { why: done.error.why });
  }

  async #client() {
    const { AcmeClient } = await import("./acme_client.ts");
    const { fs, clock, board, signal, http } = this.#ports;
    const file = "acme_account.key";
    // An account belongs to its key.
    if (await fs.stat(this.#path(file)) === null) await this.#remember({ ...this.#state, account: null });
    const key = await this.#key(file, false);
    const { directory, account } = this.#state;
    return new AcmeClient({ http: await http(), clock, board, signal }, directory, key, account);
  }

  /** The key in a file; made, and kept there, where there is none. With `fresh` a new one that is not kept yet. */
  async #key(name: string, fresh: boolean): Promise<EcKey> {
    const { fs } = this.#ports;
    const { EcKey } = await import("./ec_key.ts");
    if (fresh) return await EcKey.generate();
    const octets = await fs.readFile(this.#path(name), KEY_MAX);
    const kept = octets && await EcKey.fromPem(fromUtf8(octets));
    if (kept) return kept;
    const made = await EcKey.generate();
    await replaceFile(fs, this.#path(name), utf8(made.pem));
    return made;
  }
}

/** Why what the authority sent will not do; null when it will. */
function faultOf(
  reader: CertificateReader,
  pair: KeyPair,
  names: readonly string[],
  now: number,
): string | null {
  const wrong = "the authority sent a certificate that";
  try {
    if (!reader.matches(pair)) return `${wrong} is for another key`;
    const facts = reader.read(pair.certificate);
    const missing = names.filter((n) => !facts.dnsNames.includes(n));
    if (missing.length > 0) return `${wrong} is not for ${missing.join(", ")}`;
    return facts.notAfter > now ? null : `${wrong} ended ${time(facts.notAfter)}`;
  } catch {
    // Not X.509 at all.
    return `${wrong} is none`;
  }
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
