/** When to try again, and for how long. RFC 5321 4.5.4.1: the first retries soon, then hours apart, for four to five days. */
import type { Random } from "../base/random.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The wait after the first attempt; each later one is twice the one before. A greylisting receiver takes the second attempt. */
const FIRST_WAIT = 5 * MINUTE;
/** Waits grow no longer. */
const LONGEST_WAIT = 4 * HOUR;
/** How long a message is tried for, and how often. */
export interface Terms {
  /** A message this old, in milliseconds, is given up after one more attempt. */
  readonly lifetime: number;
  /** Milliseconds to wait after the first, the second... attempt, the last one from then on; by doubling when there are none. */
  readonly waits: readonly number[];
}

/** Terms where none are given. */
export const TERMS: Terms = { lifetime: 5 * DAY, waits: [] };
/** A sender is told once of what is not delivered after this time (RFC 3461 leaves it to us; Postfix and Exim are at 4 h and 24 h). */
export const DELAY_WARNING = 4 * HOUR;
/** The part of a wait, to both sides, that is left to chance, so that what failed together does not come back together. */
const JITTER = 0.1;

/**
 * Milliseconds to wait after the `attempt`-th attempt (from 1) of a message that is `age` milliseconds old; null to give up. The last
 * attempt is made when the message is as old as it may get.
 */
export function schedule(attempt: number, age: number, random: Random, terms: Terms = TERMS): number | null {
  const { lifetime, waits } = terms;
  if (age >= lifetime) return null;
  const given = waits[Math.min(attempt, waits.length) - 1];
  const wait = given ?? Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt - 1, 30));
  const spread = 2 * random.int(1001) / 1000 - 1;
  return Math.max(1, Math.min(Math.round(wait * (1 + JITTER * spread)), lifetime - age));
}

/** To see whether one host is back costs one connection: so often, in milliseconds, is no burden, and mail goes soon after. */
const LONGEST_PAUSE = 15 * MINUTE;

/**
 * Milliseconds for which a destination or a host that cannot be reached is left alone by all messages, after `failures` attempts in a
 * row.
 */
export function destinationPause(failures: number, random: Random): number {
  const wait = Math.min(LONGEST_PAUSE, MINUTE * 2 ** Math.min(failures - 1, 30));
  return Math.round(wait * (0.9 + 0.2 * random.int(1001) / 1000));
}
