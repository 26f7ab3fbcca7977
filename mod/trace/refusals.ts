/**
 * What strangers are refused before any message is there (relaying, unknown recipients, lists, rates): counted by client, hour and reply,
 * since there may be thousands a minute. Bounded: past it, all others are counted together.
 */
import { TRACE_PAIR, TRACE_PAIRS, TRACE_REFUSALS } from "../base/limits.ts";
import type { LogFields } from "../base/log.ts";
import type { TraceEvent } from "./types.ts";

const HOUR = 3_600_000;

/** One count. `row`: where it is kept already. */
export interface Refusal {
  row: number | null;
  readonly first: number;
  last: number;
  count: number;
  readonly fields: LogFields;
  /** Some of those concerned: "sender > recipient". */
  readonly pairs: Set<string>;
  changed: boolean;
}

export class Refusals {
  readonly #counts = new Map<string, Refusal>();
  #hour = 0;
  /** Why the last client was judged as it was: the refusal that follows does not say. */
  #judged: { readonly id: string; readonly reasons: string } | null = null;

  /** Remembers the reasons of a refusal that is about to be noted. */
  judged(fields: LogFields): void {
    this.#judged = { id: `${fields["id"]}`, reasons: `${fields["reasons"]}` };
  }

  note(event: string, fields: LogFields, at: number): void {
    const hour = Math.floor(at / HOUR);
    if (hour !== this.#hour) {
      // What is not written yet has been for a second: the recorder took it.
      for (const [key, refusal] of this.#counts) if (!refusal.changed) this.#counts.delete(key);
      this.#hour = hour;
    }
    const { id, sender, recipient, login, why, reply, text } = fields;
    const judged = this.#judged?.id === id ? this.#judged?.reasons : undefined;
    const reason = judged ?? (why === undefined ? undefined : `${why}`);
    const remote = fields["remote"] ?? null;
    let key = JSON.stringify([hour, event, remote, reply, reason]);
    const many = !this.#counts.has(key) && this.#counts.size >= TRACE_REFUSALS;
    if (many) key = JSON.stringify([hour, event]);
    const known = this.#counts.get(key);
    const refusal = known ?? {
      row: null,
      first: at,
      last: at,
      count: 0,
      fields: many ? { what: event, remote: "many" } : {
        what: event,
        remote,
        listener: fields["listener"],
        protocol: fields["protocol"],
        helo: typeof fields["helo"] === "string" ? fields["helo"].slice(0, TRACE_PAIR) : undefined,
        reply,
        text,
        why: reason,
      },
      pairs: new Set<string>(),
      changed: true,
    };
    if (!known) this.#counts.set(key, refusal);
    refusal.count++;
    refusal.last = at;
    refusal.changed = true;
    const pair = pairOf(sender, recipient, login ?? fields["account"]);
    if (pair !== "" && refusal.pairs.size < TRACE_PAIRS) refusal.pairs.add(pair.slice(0, TRACE_PAIR));
  }

  /** Those that have changed since; they count as taken. */
  take(): Refusal[] {
    const taken = [...this.#counts.values()].filter((r) => r.changed);
    for (const r of taken) r.changed = false;
    return taken;
  }

  /** There may be another file: all is to be written anew. */
  forgetRows(): void {
    for (const refusal of this.#counts.values()) {
      refusal.row = null;
      refusal.changed = true;
    }
  }
}

/** A count as it is kept. */
export function refusalEvent({ first, last, count, fields, pairs }: Refusal): TraceEvent {
  return {
    at: first,
    event: "refused",
    trace: null,
    queue: null,
    fields: { ...fields, count, last, concerned: pairs.size > 0 ? [...pairs].join("; ") : undefined },
  };
}

function pairOf(sender: LogFields[string], recipient: LogFields[string], login: LogFields[string]): string {
  if (typeof login === "string") return login;
  if (typeof recipient === "string") return `${sender ?? "?"} > ${recipient}`;
  return typeof sender === "string" ? sender : "";
}
