import fc from "fast-check";
import { canonicalName } from "../../mod/store/mailbox_name.ts";
import {
  canonicalOrShared,
  isSharedName,
  levelsOf,
  nameOfLevels,
  parseSharedName,
  sharedName,
} from "../../mod/store/shared_name.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("sharedName() and parseSharedName(), with either separator", () => {
  for (
    const [separator, owner, name, text] of [
      ["/", "alice@example.org", "Sent", "shared/alice@example.org/Sent"],
      ["/", "alice@example.org", "INBOX", "shared/alice@example.org/INBOX"],
      ["/", "alice@example.org", "A/B", "shared/alice@example.org/A/B"],
      ["/", "a^b.c@example.org", "", "shared/a^b.c@example.org"],
      [".", "alice@example.org", "Sent", "shared.alice@example^org.Sent"],
      [".", "john.smith@example.org", "A.B", "shared.john^smith@example^org.A.B"],
      [".", "jörg@example.org", "Büro", "shared.jörg@example^org.Büro"],
    ] as const
  ) {
    assertEquals(sharedName({ owner, name }, separator), text);
    assertEquals(parseSharedName(text, separator), { owner, name });
    assertEquals(canonicalOrShared(text, separator), { ok: true, value: text });
    assertEquals(nameOfLevels(levelsOf(text, separator), separator), text);
    assertEquals(levelsOf(text, separator)[1], owner);
  }
  assertEquals(parseSharedName("shared.a@b.inbox", "."), { owner: "a@b", name: "INBOX" });
});

Deno.test("own names stay own, and what nobody can have is nobody's", () => {
  for (const own of ["shared", "shared.x", "shared.x.a@b", "Shared.a@b.X", "INBOX", "sharedx.a@b"]) {
    assertEquals([isSharedName(own, "."), parseSharedName(own, ".")], [false, null], own);
    assertEquals(canonicalOrShared(own, "."), canonicalName(own, "."));
  }
  for (
    const bad of [
      "shared.a@b.",
      "shared.a@b..X",
      "shared.a/b@c.X",
      "shared.a*@b.X",
      "shared.%@b.X",
      "shared.\0@b.X",
      "shared.a@b.shared.c@d",
      "shared.a@b.shared.c@d.X",
    ]
  ) {
    assertEquals([isSharedName(bad, "."), parseSharedName(bad, ".")], [true, null], bad);
    assert(!canonicalOrShared(bad, ".").ok, bad);
  }
  for (const owner of ["a^b@x.org", "a/b@x.org", "a*b@x", "a%b@x", "a\tb@x", "e\u0301@x"]) {
    assertEquals(sharedName({ owner, name: "INBOX" }, "."), null, owner);
  }
  assertEquals(sharedName({ owner: "a@b", name: "shared.c@d.X" }, "."), null);
});

Deno.test("names of two owners or of two mailboxes are never the same", () => {
  const owner = fc.array(fc.constantFrom("a", ".", "^", "-"), { maxLength: 5 }).map((s) =>
    `${s.join("")}@b.c`
  );
  const level = fc.constantFrom("x", "^", "a@b^c", "INBOX");
  const name = fc.array(level, { minLength: 1, maxLength: 3 });
  fc.assert(fc.property(owner, name, fc.constantFrom(".", "/"), (owner, levels, separator) => {
    const text = sharedName({ owner, name: levels.join(separator) }, separator);
    if (text !== null) {
      assertEquals(parseSharedName(text, separator), { owner, name: levels.join(separator) });
    }
  }));
});
