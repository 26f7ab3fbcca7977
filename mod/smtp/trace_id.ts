import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * A new trace ID: 14 letters and digits, 9 of time in milliseconds (so they sort) and 5 random ones, so that nobody can guess what
 * others got.
 */
export function createTraceId(clock: Clock, random: Random): string {
  let id = "";
  let time = clock.now();
  for (let i = 0; i < 9; i++) {
    id = DIGITS.charAt(time % 32) + id;
    time = Math.floor(time / 32);
  }
  for (const b of random.bytes(5)) id += DIGITS.charAt(b & 31);
  return id;
}
