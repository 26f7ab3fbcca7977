/** Time, handed in so that tests own it. */
export interface Clock {
  /** Wall time in milliseconds since 1970-01-01T00:00:00Z. May jump: never measure a duration with it. */
  now(): number;
  /** Milliseconds since some start; never goes back. For durations and deadlines. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms` milliseconds; the result cancels it. Does not keep the process alive by itself. */
  after(ms: number, fn: () => void): () => void;
  /** Resolves after everybody else on the event loop had a turn, sooner than `sleep(0)`; where it is left out, ask `passTurn`. */
  turn?(): Promise<void>;
}

/** For who has long work to do: resolves after everybody else on the event loop had a turn. */
export function passTurn(clock: Pick<Clock, "sleep" | "turn">): Promise<void> {
  return clock.turn?.() ?? clock.sleep(0);
}

/** 2026-01-01: a clock before it was never set, as a Raspberry Pi's without a network. */
export const NO_ROOST_BEFORE: number = Date.UTC(2026, 0, 1);

/** Whether the clock can be right. One that is ahead cannot be told by itself. */
export function clockIsSet(now: number): boolean {
  return now >= NO_ROOST_BEFORE;
}
