/**
 * Keeps one certificate of an ACME authority: DATA/tls/acme.pem and acme.key, the account's key, and what is remembered (acme.json). Invariants:
 * - An attempt is on the medium before it is made: a server that crashes, or is restarted in a loop, does not hammer the authority.
 * - The key stays the same when a certificate is renewed, so that TLSA records (RFC 7671 5.1) stay true, unless a new one is asked for.
 * - A name that fails costs the server's own name nothing: it is left out for a day, and what there is is not issued again for it.
 * - While the clock cannot be right nothing is decided.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import {
  ACME_ALONE,
  ACME_LOOK,
  ACME_LOOK_NAMES,
  ACME_NAMES,
  ACME_REFUSED,
  ACME_TEXT,
  ACME_WINDOW,
  ACME_WINDOW_LEAST,
  ACME_WINDOW_MOST,
} from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type AcmeState, newAcmeState, readAcmeState, writeAcmeState } from "./acme_state.ts";
import type { AcmeFault, AcmeHttp, ChallengeBoard, ChallengeWay, ExternalAccount } from "./acme_types.ts";
import { type CertificateFacts, type CertificateReader, readPair } from "./certificate_files.ts";
import { minute, takenOf } from "./issued.ts";
import type { EcKey } from "./ec_key.ts";
import type { KeyPair } from "./own_ca.ts";
import { clockIsSane, isDue, OWN_WAIT_MOST, renewalTime, waitAfter } from "./renewal.ts";

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
  /** How names can be proved here, the likeliest way first; one at least. */
  readonly ways: readonly ChallengeWay[];
  readonly external: ExternalAccount | null;
}

/** Which names lead here. */
export interface Leading {
  readonly here: readonly string[];
  /** Those DNS does not tell of at the moment. */
  readonly unknown: readonly string[];
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
  /** Which of `names` have an address that `host` has, too. */
  leadingTo(host: string, names: readonly string[]): Promise<Leading>;
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
  #running: Promise<Result<boolean, string>> | null = null;

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
      if (!clockIsSane(now, this.#held?.facts ?? null) || !this.#isDue(now)) return false;
      await this.#findNames(false);
      if (this.#next(now) <= now) {
        const done = await this.#once(() => this.#attempt(false, false));
        return done.ok && done.value;
      }
      if (this.#isAskedAgain(now)) await this.#once(() => this.#askWhen());
      return false;
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
    if (!clockIsSane(now, this.#held?.facts ?? null)) {
      return err(`the clock says ${minute(now)}; set it first`);
    }
    const { next, asked, error } = this.#state;
    if (asked && next !== null && !this.#isDue(now)) {
      return err(
        `the authority wants no further attempt before ${minute(next)} (${error ?? "no reason given"})`,
      );
    }
    const done = await this.#once(() => this.#attempt(true, revoke));
    return done.ok ? ok(undefined) : done;
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

  /** Whether the time to wait for is over. */
  #isDue(now: number): boolean {
    const { next, asked } = this.#state;
    return isDue(next, now, asked ? undefined : OWN_WAIT_MOST);
  }

  /** When the next attempt is to be: not after `now` when one is due. */
  #next(now: number): number {
    const wait = this.#isDue(now) ? now : this.#state.next ?? now;
    return Math.max(wait, this.#goodUntil(this.#wanted(now)) ?? wait);
  }

  /** When the certificate at hand is to be renewed, if it is one for these names; else null. */
  #goodUntil(names: readonly string[]): number | null {
    const held = this.#held;
    if (!held || !this.#state.issued || !this.#covers(names)) return null;
    return renewalTime(held.facts, this.#window?.suggested ?? null);
  }

  /** What the authority has said about the certificate at hand. */
  get #window(): AcmeState["window"] {
    const { window } = this.#state;
    return window?.of === this.#held?.facts.fingerprint ? window : null;
  }

  /** Whether it is time to ask the authority when it would have the certificate at hand renewed. */
  #isAskedAgain(now: number): boolean {
    return this.#held !== null && this.#state.issued && isDue(this.#window?.look ?? null, now);
  }

  /** RFC 9773. Never new: false. */
  async #askWhen(): Promise<Result<boolean, string>> {
    const { clock, log, reader } = this.#ports;
    const held = this.#held;
    const id = held && reader.renewalId(held.pair.certificate);
    const client = id ? await this.#client(this.#ways()) : null;
    const told = id && client ? await client.renewalInfo(id) : ok(null);
    if (!told.ok) log.info("renewal not asked", { why: told.error.why });
    const { window = null, wait = null } = told.ok ? told.value ?? {} : {};
    const look = Math.min(ACME_WINDOW_MOST, Math.max(ACME_WINDOW_LEAST, wait ?? ACME_WINDOW));
    await this.#remember({
      ...this.#state,
      window: {
        of: held?.facts.fingerprint ?? "",
        // Who does not answer at the moment has not changed his mind.
        suggested: told.ok ? window : this.#window?.suggested ?? null,
        look: Math.round(clock.now() + look),
      },
    });
    return ok(false);
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
    if (maybe.length === 0) return;
    // A name that leads elsewhere for an hour must not cost a new certificate: what has it keeps it until renewal.
    const { here, unknown } = await leadingTo(names[0] ?? "", maybe.slice(0, ACME_LOOK_NAMES));
    this.#found = [...here, ...unknown.filter((n) => this.#covers([n]))];
  }

  /** One thing at a time. True when there is a new certificate. Never rejects. */
  #once(work: () => Promise<Result<boolean, string>>): Promise<Result<boolean, string>> {
    if (this.#running) return Promise.resolve(err("it is being renewed at this moment"));
    const failed = (e: unknown) => {
      this.#ports.log.error("certificate not renewed", {}, e);
      return err(reasonOf(e));
    };
    this.#running = work().catch(failed).finally(() => this.#running = null);
    return this.#running;
  }

  async #attempt(byHand: boolean, revoke: boolean): Promise<Result<boolean, string>> {
    const { clock, log } = this.#ports;
    await this.#findNames(true);
    const old = this.#held;
    const before = this.#state;
    await this.#remember({ ...this.#failed(before, null, clock.now()), error: "the server ended meanwhile" });
    const done = await this.#issueForAll(before, byHand, revoke)
      .catch((e) => err({ why: reasonOf(e), wait: null, names: [], noAccount: false }));
    if (!done.ok) {
      const { why, wait, noAccount } = done.error;
      const next = this.#failed(before, wait, clock.now());
      const { account, refused } = this.#state;
      await this.#remember({
        ...next,
        account: noAccount ? null : account,
        refused,
        error: why.slice(0, ACME_TEXT),
      });
      const at = minute(next.next ?? clock.now());
      log.warn("certificate not renewed", { why, failures: next.failures, next: at });
      return err(why);
    }
    if (!done.value) return ok(false);
    log.info("certificate issued", {
      by: this.#terms.directory,
      names: this.#held?.facts.dnsNames.join(","),
    });
    if (revoke && old) await this.#revoke(old.pair.certificate);
    return ok(true);
  }

  /** True when there is a new certificate, false when the one at hand will do. */
  async #issueForAll(
    before: AcmeState,
    byHand: boolean,
    revoke: boolean,
  ): Promise<Result<boolean, AcmeFault>> {
    const { clock } = this.#ports;
    const all = this.#wanted(clock.now());
    // Not all authorities say which name is to blame; a person does not want to hear half an answer.
    let names = byHand || before.failures < ACME_ALONE ? all : all.slice(0, 1);
    if (names.length < all.length) await this.#leaveOut(all.slice(1), before.error ?? "no reason given");
    for (let again = false;; again = true) {
      if (!byHand && (this.#goodUntil(names) ?? 0) > clock.now()) {
        await this.#remember({
          ...before,
          failures: 0,
          next: null,
          asked: false,
          refused: this.#state.refused,
        });
        return ok(false);
      }
      const done = await this.#issue(names, revoke);
      if (done.ok) return ok(true);
      const { names: blamed, why } = done.error;
      const others = blamed.filter((n) => n !== all[0]);
      if (again || others.length === 0 || others.length < blamed.length) return done;
      await this.#leaveOut(others, why);
      names = names.filter((n) => !others.includes(n));
    }
  }

  /** One name that cannot be proved must not cost the others theirs. */
  async #leaveOut(names: readonly string[], why: string): Promise<void> {
    const { clock, log } = this.#ports;
    log.warn("certificate without some names", { names: names.join(","), why });
    const until = clock.now() + ACME_REFUSED;
    const refused = { ...this.#state.refused, ...Object.fromEntries(names.map((n) => [n, until])) };
    await this.#remember({ ...this.#state, refused });
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
    const ways = this.#ways();
    const client = await this.#client(ways);
    const account = await client.signIn(this.#terms.email);
    if (!account.ok) return account;
    if (account.value !== this.#state.account) {
      await this.#remember({ ...this.#state, account: account.value });
    }
    const key = await this.#key("acme.key", newKey);
    const { signingRequest } = await import("./signing_request.ts");
    const chain = await client.issue(names, await signingRequest(names, key));
    if (!chain.ok) return chain;
    const sent = takenOf(reader, chain.value, key.pem, names, this.#ports.clock.now());
    if (!sent.ok) return err({ why: sent.error, wait: null, names: [], noAccount: false });
    const certificate = sent.value;
    if (newKey) await replaceFile(fs, this.#path("acme.key"), utf8(key.pem));
    await replaceFile(fs, this.#path("acme.pem"), utf8(certificate), this.#path("acme.pem.new"), 0o644);
    await this.#readPair();
    const { refused } = this.#state;
    await this.#remember({
      ...newAcmeState(this.#terms.directory),
      account: account.value,
      issued: true,
      way: ways[0] ?? null,
      tried: this.#ports.clock.now(),
      refused,
    });
    return ok(undefined);
  }

  async #revoke(pem: string): Promise<void> {
    const { log } = this.#ports;
    const text = /-----BEGIN CERTIFICATE-----([^-]*)-----END/.exec(pem)?.[1] ?? "";
    const client = await this.#client(this.#ways());
    // RFC 5280 5.3.1: 4 is superseded, which is true of any.
    const done = await client.revoke(Uint8Array.fromBase64(text), 4);
    if (done.ok) log.info("certificate revoked", { by: this.#terms.directory });
    else log.warn("certificate not revoked", { why: done.error.why });
  }

  /** The way that worked last comes first; after a failure it is the next one's turn. */
  #ways(): readonly ChallengeWay[] {
    const { ways } = this.#terms;
    const last = ways.findIndex((w) => w === this.#state.way);
    // What is under way counts as a failure already.
    const first = (Math.max(0, last) + Math.max(0, this.#state.failures - 1)) % ways.length;
    return [...ways.slice(first), ...ways.slice(0, first)];
  }

  async #client(ways: readonly ChallengeWay[]) {
    const { AcmeClient } = await import("./acme_client.ts");
    const { fs, clock, board, signal, http } = this.#ports;
    const file = "acme_account.key";
    // An account belongs to its key.
    if (await fs.stat(this.#path(file)) === null) await this.#remember({ ...this.#state, account: null });
    const key = await this.#key(file, false);
    const { directory, account } = this.#state;
    const { external } = this.#terms;
    const ports = { http: await http(), clock, board, ways, external, signal };
    return new AcmeClient(ports, directory, key, account);
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

function reasonOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
