import { generatePassword, hashAppPassword, verifyAppPassword } from "../../mod/account/app_password.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("generatePassword() makes readable passwords of 99 bits", () => {
  const random = new SeededRandom(5);
  const seen = new Set<string>();
  const signs = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const p = generatePassword(random);
    assertMatch(p, /^([a-z2-9]{4}-){4}[a-z2-9]{4}$/);
    seen.add(p);
    for (const c of p) signs.add(c);
  }
  assertEquals(seen.size, 500);
  assertEquals(signs.size, 32); // 31 and the hyphen
  for (const confusing of "01ilo") assert(!signs.has(confusing));
});

Deno.test("verifyAppPassword() takes it however it is typed, and nothing else", () => {
  const random = new SeededRandom(6);
  const p = generatePassword(random);
  const stored = hashAppPassword(p, random);
  assert(!stored.includes(p));
  for (const typed of [p, p.toUpperCase(), p.replaceAll("-", ""), p.replaceAll("-", " ")]) {
    assert(verifyAppPassword(typed, stored), typed);
  }
  for (const wrong of ["", p.slice(1), `${p}a`]) assert(!verifyAppPassword(wrong, stored));
  for (const bad of ["", "$app$x$y", stored.slice(0, -2)]) assert(!verifyAppPassword(p, bad));
});
