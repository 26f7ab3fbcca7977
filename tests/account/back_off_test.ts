import { BackOff } from "../../mod/account/back_off.ts";
import {
  BACK_OFF_ENTRIES,
  BACK_OFF_FIRST,
  BACK_OFF_FORGET,
  BACK_OFF_FREE,
  BACK_OFF_FREE_NETWORK,
  BACK_OFF_LONGEST,
} from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";

const ATTACKER = "203.0.113.9";
const OWNER = "192.0.2.1";

function fail(b: BackOff, times: number, remote = ATTACKER, login = "alice@example.test", now = 0): void {
  for (let i = 0; i < times; i++) b.failed(now, remote, login);
}

Deno.test("BackOff makes a network wait for one account, longer with each failure, and never anybody else", () => {
  const b = new BackOff();
  fail(b, BACK_OFF_FREE - 1);
  assertEquals(b.wait(0, ATTACKER, "alice@example.test"), 0);
  fail(b, 1);
  assertEquals(b.wait(0, ATTACKER, "alice@example.test"), BACK_OFF_FIRST);
  assertEquals(b.wait(0, "203.0.113.200", "alice@example.test"), BACK_OFF_FIRST, "the same /24");
  assertEquals(b.wait(BACK_OFF_FIRST, ATTACKER, "alice@example.test"), 0, "waited");
  fail(b, 1);
  assertEquals(b.wait(0, ATTACKER, "alice@example.test"), 2 * BACK_OFF_FIRST);
  fail(b, 30);
  assertEquals(b.wait(0, ATTACKER, "alice@example.test"), BACK_OFF_LONGEST);
  assertEquals(b.wait(0, OWNER, "alice@example.test"), 0, "the owner elsewhere");
  assertEquals(b.wait(0, ATTACKER, "bob@example.test"), 0, "another account, not yet guessing names");
});

Deno.test("BackOff takes an IPv6 /64 for one network", () => {
  const b = new BackOff();
  for (let i = 0; i < BACK_OFF_FREE; i++) b.failed(0, `2001:db8:0:1::${i}`, "a");
  assert(b.wait(0, "2001:db8:0:1:ffff::", "a") > 0);
  assertEquals(b.wait(0, "2001:db8:0:2::1", "a"), 0);
});

Deno.test("BackOff slows a network that tries many names, but not an account known to be opened from there", () => {
  const b = new BackOff();
  b.succeeded(0, ATTACKER, "bob");
  for (let i = 0; i < BACK_OFF_FREE_NETWORK; i++) b.failed(0, ATTACKER, `name${i}`);
  assert(b.wait(0, ATTACKER, "another") > 0);
  assertEquals(b.wait(0, ATTACKER, "bob"), 0);
  fail(b, BACK_OFF_FREE, ATTACKER, "bob");
  assert(b.wait(0, ATTACKER, "bob") > 0, "guessing at bob from bob's network still waits");
});

Deno.test("BackOff forgets after success and after an hour", () => {
  const b = new BackOff();
  fail(b, BACK_OFF_FREE);
  b.succeeded(0, ATTACKER, "alice@example.test");
  fail(b, 1);
  assertEquals(b.wait(0, ATTACKER, "alice@example.test"), 0);
  fail(b, BACK_OFF_FREE);
  fail(b, 1, ATTACKER, "alice@example.test", BACK_OFF_FORGET);
  assertEquals(b.wait(BACK_OFF_FORGET, ATTACKER, "alice@example.test"), 0);
});

Deno.test("BackOff holds a bounded number of entries", () => {
  const b = new BackOff();
  for (let i = 0; i < BACK_OFF_ENTRIES + 500; i++) {
    b.failed(0, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, `user${i}`);
  }
  assert(b.size <= BACK_OFF_ENTRIES);
});
