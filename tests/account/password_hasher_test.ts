import { HasherBusy, PasswordHasher } from "../../mod/account/password_hasher.ts";
import { HASHES_AT_ONCE, HASHES_WAITING, PASSWORD_LENGTH } from "../../mod/base/limits.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("PasswordHasher makes, checks and tells old hashes", async () => {
  const hasher = new PasswordHasher(new SeededRandom(), new FakeClock());
  const stored = await hasher.hash("secret");
  assert(await hasher.verify("secret", stored));
  assert(!hasher.isOutdated(stored));
  const imported = "{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=";
  assert(await hasher.verify("secret", imported));
  assert(hasher.isOutdated(imported));
  assert(!await hasher.verify("x".repeat(PASSWORD_LENGTH + 1), stored));
});

Deno.test("PasswordHasher turns logins away when too many wait, and goes on afterwards", async () => {
  const hasher = new PasswordHasher(new SeededRandom(), new FakeClock());
  const cheap = "{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=";
  let busy = 0;
  const all = Array.from(
    { length: HASHES_AT_ONCE + HASHES_WAITING + 5 },
    () =>
      hasher.verify("secret", cheap).catch((e) => {
        assert(e instanceof HasherBusy);
        busy++;
        return true;
      }),
  );
  assert((await Promise.all(all)).every((yes) => yes));
  assertEquals(busy, 5);
  assert(await hasher.verify("secret", cheap));
});
