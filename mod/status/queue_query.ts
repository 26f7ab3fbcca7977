/** A query of the API as a filter of messages. Pure. */
import type { QueueAction, QueueSelection } from "./types.ts";

export const QUEUE_ACTIONS: readonly QueueAction[] = ["retry", "hold", "release", "bounce", "drop"];

const STATES = ["pending", "held", "deferred"] as const;

/** Reads domain, sender, older_than (seconds), state and all. The text tells what is wrong, also when nothing is named: that is no way to say "all". */
export function parseQueueQuery(
  query: Readonly<Record<string, string>>,
): { readonly ok: true; readonly value: QueueSelection } | { readonly ok: false; readonly error: string } {
  for (const name of Object.keys(query)) {
    if (!["domain", "sender", "older_than", "state", "all"].includes(name)) {
      return { ok: false, error: `"${name}" is none of domain, sender, older_than, state, all` };
    }
  }
  if (Object.keys(query).length === 0) {
    return {
      ok: false,
      error: 'say which: domain, sender, older_than, state, or all=1; or {"ids": […]} as the body',
    };
  }
  const { domain, sender, older_than: age, state: word } = query;
  const state = STATES.find((s) => s === word);
  if (word !== undefined && !state) {
    return { ok: false, error: `state is one of ${STATES.join(", ")}` };
  }
  if (age !== undefined && !/^\d{1,12}$/.test(age)) {
    return { ok: false, error: "older_than is a number of seconds" };
  }
  return {
    ok: true,
    value: {
      ...(domain === undefined ? {} : { destination: domain }),
      ...(sender === undefined ? {} : { sender }),
      ...(age === undefined ? {} : { olderThan: Number(age) * 1000 }),
      ...(state ? { state } : {}),
    },
  };
}

/** Reads {"ids": ["01m8…", …]}; null when it is anything else. */
export function parseIds(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    const ids = typeof value === "object" && value !== null && "ids" in value ? value.ids : null;
    return Array.isArray(ids) && ids.every((id) => typeof id === "string") ? ids : null;
  } catch {
    return null; // no JSON: the caller asks for something else
  }
}
