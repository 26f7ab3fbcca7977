import { accountNamed, timestamp } from "../../mod/app/account_verbs.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { CONFIG, Machine } from "../support/command.ts";

Deno.test("accountNamed() takes whole addresses, and local parts while there is one domain", () => {
  const one = parseConfig("/r.yaml", CONFIG);
  const two = parseConfig("/r.yaml", `${CONFIG}  b.test:\n`);
  assert(one.ok && two.ok);
  assertEquals(accountNamed(one.value.config, "YOU"), "you@example.test");
  assertEquals(accountNamed(two.value.config, "You@B.test"), "you@b.test");
  assertThrows(() => accountNamed(two.value.config, "you"), "is no address");
  assertThrows(() => accountNamed(one.value.config, undefined), "which account?");
  assertThrows(() => accountNamed(one.value.config, "postmaster@"), "is no address");
  assertThrows(() => accountNamed(one.value.config, "you@b.test"), "ours are example.test");
});

Deno.test("timestamp() has no fractions", () => {
  assertEquals(
    timestamp(new Machine().tools),
    "2026-01-02T03:04:05Z",
  );
});
