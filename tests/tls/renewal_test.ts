import { ACME_WAIT_MOST } from "../../mod/base/limits.ts";
import { clockIsSane, isDue, renewalTime, waitAfter } from "../../mod/tls/renewal.ts";
import { assert, assertEquals } from "../support/assert.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2027, 0, 1);

Deno.test("renewalTime() is at two thirds of a life and up to a twentieth later, always the same for a certificate", () => {
  for (const days of [6, 90, 397]) {
    const of = (fingerprint: string) =>
      renewalTime({ notBefore: NOW, notAfter: NOW + days * DAY, fingerprint }) - NOW;
    assertEquals(of("00:00:00:00:11"), Math.round(days * DAY * 2 / 3));
    assert(of("FF:FF:FF:FF") <= Math.round(days * DAY * (2 / 3 + 1 / 20)));
    assert(of("80:00:00:00") > of("00:00:00:00"));
    assertEquals(of(""), of("00:00:00:00"));
  }
});

Deno.test("renewalTime() heeds a window, but neither leaves a certificate to its end nor renews it on its first day", () => {
  const facts = { notBefore: NOW, notAfter: NOW + 90 * DAY, fingerprint: "80:00:00:00" };
  const of = (start: number, end: number) =>
    (renewalTime(facts, { start: NOW + start * DAY, end: NOW + end * DAY }) - NOW) / DAY;
  assertEquals([of(50, 52), of(-9, -8), of(0, 1), of(200, 201), of(0, 180)], [51, 1, 1, 72, 72]);
  const short = { ...facts, notAfter: NOW + DAY };
  assertEquals(renewalTime(short, { start: 0, end: 1 }) - NOW, DAY / 3);
});

Deno.test("clockIsSane() believes no time before this program or before the certificate was issued", () => {
  assertEquals([0, Date.UTC(2020, 1), NOW].map((t) => clockIsSane(t, null)), [false, false, true]);
  assertEquals([NOW - 1, NOW].map((t) => clockIsSane(t, { notBefore: NOW })), [false, true]);
});

Deno.test("waitAfter() grows, heeds the authority, and has an end", () => {
  const waits = [1, 2, 3, 10, 10_000].map((n) => waitAfter(n, null, 0));
  assertEquals(waits.every((w, i) => w >= 15 * 60_000 && w >= (waits[i - 1] ?? 0)), true);
  assertEquals(waits.at(-1), 12 * 3_600_000);
  assert(waitAfter(1, null, 1) <= 1.2 * waitAfter(1, null, 0));
  assertEquals(waitAfter(1, 3 * DAY, 0), 3 * DAY);
  assertEquals(waitAfter(1, 1e15, 0), ACME_WAIT_MOST);
});

Deno.test("isDue() does not wait for a time that only a wrong clock can have made", () => {
  assertEquals([null, NOW, NOW - 1, NOW + 1, NOW + 365 * DAY].map((t) => isDue(t, NOW)), [
    true,
    true,
    true,
    false,
    true,
  ]);
});
