/**
 * Policies of other domains, fetched once and kept for their max_age over restarts (RFC 8461 3.3, 5.1). Invariants:
 * - A kept policy that has not run out is only replaced by a policy that could be read; no failure of DNS or HTTPS removes it.
 * - One fetch for a domain at a time, and after a failure none for a while.
 */
import type { Clock } from "../../base/clock.ts";
import { fromUtf8, utf8 } from "../../base/bytes.ts";
import { replaceFile } from "../../base/durable.ts";
import type { Fs } from "../../base/fs.ts";
import { STS_CACHE_FILE, STS_DOMAINS, STS_REFRESH, STS_RETRY } from "../../base/limits.ts";
import type { Log } from "../../base/log.ts";
import type { Result } from "../../base/result.ts";
import { parseName } from "../../dns/name.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { parseStsPolicy, type StsPolicy } from "./policy.ts";
import { parseStsRecords } from "./record.ts";

/** How a policy is fetched: GET https://mta-sts.DOMAIN/.well-known/mta-sts.txt. */
export interface PolicyFetcher {
  /**
   * The body of a 200 reply of type text/plain from a server with a valid certificate for `host`; else why not. Bounded in size and time,
   * redirects not followed (RFC 8461 3.3). Never throws.
   */
  fetch(host: string, path: string): Promise<Result<Uint8Array, string>>;
}

export interface StsPorts {
  readonly resolver: Resolver;
  readonly fetcher: PolicyFetcher;
  readonly fs: Fs;
  readonly clock: Clock;
  readonly log: Log;
  /** Absolute path of the file that keeps the policies. */
  readonly file: string;
}

/** Why a policy that a domain says it has is not there. `untrusted`: its server's certificate will not do. */
export interface StsFault {
  readonly kind: "unreachable" | "untrusted" | "malformed";
  readonly why: string;
}

interface Kept {
  readonly id: string;
  /** Wall time in milliseconds. */
  readonly fetched: number;
  readonly policy: StsPolicy;
}

const PATH = "/.well-known/mta-sts.txt";

export class StsPolicies {
  readonly #ports: StsPorts;
  /** In the order they were fetched: the oldest goes first. */
  readonly #kept = new Map<string, Kept>();
  readonly #underWay = new Map<string, Promise<void>>();
  /** Domain to what failed, and the monotonic time before which it is not asked again. */
  readonly #failed = new Map<string, StsFault & { readonly until: number }>();
  #loading: Promise<void> | null = null;
  #writing: Promise<void> | null = null;
  #dirty = false;

  constructor(ports: StsPorts) {
    this.#ports = ports;
  }

  /** The policy that holds for a domain now; null when it has none that is known. Never throws. */
  async find(domain: string): Promise<StsPolicy | null> {
    const name = parseName(domain);
    if (name === null || !name.includes(".") || !/^[a-z0-9.-]+$/.test(name)) return null;
    await (this.#loading ??= this.#load());
    const answer = await this.#ports.resolver.lookup(`_mta-sts.${name}`, "TXT");
    const id = answer.kind === "records" ? parseStsRecords(answer.records) : null;
    const kept = this.#live(name);
    if (id === null || (kept?.id === id && this.#age(kept) < STS_REFRESH)) return kept?.policy ?? null;
    const running = this.#underWay.get(name) ?? this.#refresh(name, id);
    // The same policy once more is no reason to wait: it is only about how long it holds.
    if (kept?.id !== id) await running;
    return this.#live(name)?.policy ?? null;
  }

  /** Why the last fetch for a domain came to nothing, for as long as that keeps it from being asked again; null otherwise. */
  fault(domain: string): StsFault | null {
    const failed = this.#failed.get(parseName(domain) ?? "");
    return failed && failed.until > this.#ports.clock.monotonic() ? failed : null;
  }

  /** Resolves when what was fetched is on the medium. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
    await this.#writing;
  }

  #age(kept: Kept): number {
    return Math.abs(this.#ports.clock.now() - kept.fetched);
  }

  #live(name: string): Kept | null {
    const kept = this.#kept.get(name);
    return kept && this.#age(kept) < kept.policy.maxAge * 1000 ? kept : null;
  }

  #refresh(name: string, id: string): Promise<void> {
    const { clock } = this.#ports;
    if ((this.#failed.get(name)?.until ?? -Infinity) > clock.monotonic()) return Promise.resolve();
    const running = this.#fetch(name, id).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, running);
    return running;
  }

  async #fetch(name: string, id: string): Promise<void> {
    const { fetcher, clock, log } = this.#ports;
    const body = await fetcher.fetch(`mta-sts.${name}`, PATH);
    const read = body.ok ? parseStsPolicy(body.value) : body;
    if (!read.ok) {
      log.warn("mta-sts policy not fetched", {
        domain: name,
        why: read.error,
        kept: this.#live(name)?.policy.mode ?? null,
      });
      this.#failed.delete(name);
      const kind = body.ok
        ? "malformed"
        : /certificate|altname/i.test(read.error)
        ? "untrusted"
        : "unreachable";
      this.#failed.set(name, { kind, why: read.error, until: clock.monotonic() + STS_RETRY });
      dropOldest(this.#failed);
      return;
    }
    const policy = read.value;
    log.info("mta-sts policy fetched", { domain: name, mode: policy.mode, id, max_age: policy.maxAge });
    this.#failed.delete(name);
    this.#kept.delete(name);
    this.#kept.set(name, { id, fetched: clock.now(), policy });
    dropOldest(this.#kept);
    this.#dirty = true;
    this.#writing ??= this.#write().finally(() => this.#writing = null);
  }

  async #load(): Promise<void> {
    const { fs, file, log } = this.#ports;
    try {
      const bytes = await fs.readFile(file, STS_CACHE_FILE);
      if (!bytes) return;
      for (const [name, kept] of readKept(fromUtf8(bytes))) this.#kept.set(name, kept);
    } catch (e) {
      log.warn("mta-sts policies of before cannot be read", { file, why: String(e) });
    }
  }

  /** Writes until nothing is new: many fetches at a time share a write. */
  async #write(): Promise<void> {
    const { fs, file, log } = this.#ports;
    while (this.#dirty) {
      this.#dirty = false;
      for (const [name] of this.#kept) if (!this.#live(name)) this.#kept.delete(name);
      try {
        await replaceFile(fs, file, utf8(formatKept(this.#kept)));
      } catch (e) {
        log.warn("mta-sts policies cannot be kept", { file, why: String(e) });
      }
    }
  }
}

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > STS_DOMAINS && oldest !== undefined) map.delete(oldest);
}

function formatKept(kept: ReadonlyMap<string, Kept>): string {
  return `${JSON.stringify({ version: 1, policies: Object.fromEntries(kept) })}\n`;
}

/** Reads the file; throws on what is no such file. */
function readKept(text: string): readonly (readonly [string, Kept])[] {
  const all: unknown = JSON.parse(text);
  if (!isRecord(all) || all.version !== 1 || !isRecord(all.policies)) {
    throw new TypeError("it is not of version 1");
  }
  return Object.entries(all.policies).map(([name, value]) => {
    if (!isKept(value)) throw new TypeError(`the entry of "${name}" is malformed`);
    return [name, value] as const;
  });
}

function isKept(value: unknown): value is Kept {
  if (!isRecord(value) || typeof value.id !== "string" || typeof value.fetched !== "number") return false;
  const { policy } = value;
  return isRecord(policy) && typeof policy.maxAge === "number" &&
    ["enforce", "testing", "none"].includes(String(policy.mode)) &&
    Array.isArray(policy.mx) && policy.mx.every((p) => typeof p === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
