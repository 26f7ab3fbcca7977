/**
 * What TLS with each destination has been: who was secure is not expected to become less so. Learned from sessions by MX; bounded, aged, kept over
 * restarts by a `KeptFile`. Only what was so several times in a row counts: a host with a certificate that comes and goes promises nothing.
 */
import type { Clock } from "../base/clock.ts";
import type { Keepable } from "../base/kept_file.ts";
import { TLS_MEMORY_AGE, TLS_MEMORY_DOMAINS, TLS_MEMORY_TIMES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Decided, NoPolicy, PolicyHost, TlsPolicies, TlsPolicy } from "./tls_policy.ts";
import type { TlsSession, TlsSessions } from "./tls_session.ts";

interface Seen {
  /** Sessions in a row with TLS, and with a certificate valid for the host's name; no more than TLS_MEMORY_TIMES are counted. */
  readonly secure: number;
  readonly valid: number;
  /** The last session with TLS, in milliseconds since 1970, to the day. */
  readonly last: number;
}

/** What a destination is expected to have. */
export type Expected = "valid" | "secure" | null;

const DAY = 86_400_000;

export interface MemoryPorts {
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

export class TlsMemory implements TlsSessions, Keepable {
  readonly #ports: MemoryPorts;
  /** Those that were heard of last are the last. */
  readonly #seen = new Map<string, Seen>();
  #revision = 0;

  constructor(ports: MemoryPorts) {
    this.#ports = ports;
  }

  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#seen.size;
  }

  expected(destination: string): Expected {
    const seen = this.#get(destination);
    if (!seen || seen.secure < TLS_MEMORY_TIMES) return null;
    return seen.valid < TLS_MEMORY_TIMES ? "secure" : "valid";
  }

  note({ destination, reached, host, address, fault }: TlsSession): void {
    if (reached === null) return;
    const expected = this.expected(destination);
    const secure = reached === "encrypted" || reached === "valid";
    if (expected !== null && reached !== "valid" && !(secure && expected === "secure")) {
      this.#ports.log.warn("tls weaker than before", {
        destination,
        host,
        address,
        was: expected === "valid" ? "TLS with a valid certificate" : "TLS",
        now: secure ? "TLS with a certificate that is not valid" : fault?.why ?? "no TLS",
      });
    }
    const before = this.#get(destination) ?? { secure: 0, valid: 0, last: 0 };
    const once = (n: number) => Math.min(n + 1, TLS_MEMORY_TIMES);
    // Without TLS nothing is learned, lest an attacker teaches us to do without. Where nothing was expected yet, it starts anew.
    if (!secure) return expected === null && before.secure > 0 ? this.#forget(destination) : undefined;
    this.#put(destination, {
      secure: once(before.secure),
      // What was valid for long and no longer is was told; from now on it is as it is.
      valid: reached === "valid" ? once(before.valid) : 0,
      last: Math.floor(this.#ports.clock.now() / DAY) * DAY,
    });
  }

  *pieces(): Generator<string> {
    const all = [...this.#seen];
    for (let at = 0; at < all.length; at += 500) {
      yield all.slice(at, at + 500).map(([name, { secure, valid, last }]) =>
        `${JSON.stringify([name, secure, valid, last])}\n`
      ).join("");
    }
  }

  restore(text: string): void {
    for (const line of text.split("\n")) {
      const [name, seen] = entryOf(line) ?? [];
      if (name !== undefined && seen) this.#put(name, seen);
    }
  }

  #get(destination: string): Seen | null {
    const seen = this.#seen.get(destination);
    return seen && this.#ports.clock.now() - seen.last < TLS_MEMORY_AGE ? seen : null;
  }

  #put(destination: string, seen: Seen): void {
    const before = this.#seen.get(destination);
    this.#seen.delete(destination);
    this.#seen.set(destination, seen);
    if (before?.secure !== seen.secure || before.valid !== seen.valid || before.last !== seen.last) {
      this.#revision++;
    }
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > TLS_MEMORY_DOMAINS && oldest !== undefined) this.#seen.delete(oldest);
  }

  #forget(destination: string): void {
    this.#seen.delete(destination);
    this.#revision++;
  }
}

function entryOf(line: string): readonly [string, Seen] | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The last line of a file that was cut short, or somebody has been at it.
    return null;
  }
  if (!Array.isArray(value)) return null;
  const [name, secure, valid, last]: unknown[] = value;
  if (typeof name !== "string" || typeof last !== "number" || !isCount(secure) || !isCount(valid)) {
    return null;
  }
  return [name, { secure, valid, last }];
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= TLS_MEMORY_TIMES;
}

/** The destination's own policy, made stricter by what TLS with it has been. */
export class RememberedPolicies implements TlsPolicies {
  readonly #inner: TlsPolicies;
  readonly #memory: TlsMemory;

  constructor(inner: TlsPolicies, memory: TlsMemory) {
    this.#inner = inner;
    this.#memory = memory;
  }

  async decide(destination: string, host: PolicyHost): Promise<Decided> {
    const decided = await this.#inner.decide(destination, host);
    const expected = this.#memory.expected(destination);
    const stricter = expected === null ? null : stricterThan(decided, expected, host.name);
    return stricter ? { ...stricter, ...(decided.facts ? { facts: decided.facts } : {}) } : decided;
  }
}

const WHY = "it had that before; sending.downgrade in the config decides";

function stricterThan(
  policy: TlsPolicy | NoPolicy,
  expected: "valid" | "secure",
  name: string,
): TlsPolicy | null {
  if (policy.kind !== "opportunistic" && policy.kind !== "encrypted") return null;
  if (expected === "valid") return { kind: "required", name, implicit: false, because: WHY };
  return policy.kind === "encrypted" ? null : { kind: "encrypted", because: WHY };
}
