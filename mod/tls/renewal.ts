/** When a certificate is renewed, and when an attempt is made again. Pure. */
import { clockIsSet } from "../base/clock.ts";
import { ACME_WAIT_MOST } from "../base/limits.ts";
import type { CertificateFacts } from "./certificate_files.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** After the first failure, the second, and so on; the last one repeats. Let's Encrypt takes five failures of a name an hour. */
const WAITS: readonly number[] = [
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  12 * HOUR,
];

/** The longest of these, with all that is added to it. */
export const OWN_WAIT_MOST: number = 1.2 * Math.max(...WAITS);

/** Whether the clock can be right: not before this program, nor before the certificate at hand was issued. */
export function clockIsSane(now: number, facts: Pick<CertificateFacts, "notBefore"> | null): boolean {
  return clockIsSet(now) && (facts === null || now >= facts.notBefore);
}

/** When an authority would have a certificate renewed (RFC 9773 4.2), in milliseconds since 1970. */
export interface RenewalWindow {
  readonly start: number;
  readonly end: number;
}

/**
 * When to renew: at two thirds of its life, and up to a twentieth later, or within the window that the authority suggests, by a part that the certificate's
 * fingerprint decides. So not all of one day's certificates are renewed in one hour, and a restart does not throw the dice again. Whatever is suggested,
 * a certificate lives for a day, and is not left to its end.
 */
export function renewalTime(
  facts: Pick<CertificateFacts, "notBefore" | "notAfter" | "fingerprint">,
  window: RenewalWindow | null = null,
): number {
  const { notBefore, notAfter, fingerprint } = facts;
  const life = notAfter - notBefore;
  const read = parseInt(fingerprint.replaceAll(":", "").slice(0, 8), 16) / 2 ** 32;
  const part = Number.isFinite(read) ? read : 0;
  if (!window) return Math.round(notBefore + life * (2 / 3 + part / 20));
  const suggested = window.start + part * (window.end - window.start);
  const soonest = notBefore + Math.min(DAY, life / 3);
  return Math.round(Math.min(notAfter - life / 5, Math.max(soonest, suggested)));
}

/** Milliseconds to wait after so many failures in a row; `spread` (0 to 1) makes it up to a fifth longer. `asked`: what the authority wants at least. */
export function waitAfter(failures: number, asked: number | null, spread: number): number {
  const own = WAITS[Math.min(failures, WAITS.length) - 1] ?? 0;
  return Math.min(ACME_WAIT_MOST, Math.max(own * (1 + spread / 5), asked ?? 0));
}

/** Whether a time to wait for is over, or one that a wrong clock has made: further off than `most`, the longest there can be, in milliseconds. */
export function isDue(next: number | null, now: number, most: number = ACME_WAIT_MOST): boolean {
  return next === null || now >= next || next - now > most;
}
