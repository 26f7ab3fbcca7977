import fc from "fast-check";
import { canonicalName, compareNames, isBelow, mayCreate, parentsOf } from "../../mod/store/mailbox_name.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("canonicalName() folds INBOX and normalises", () => {
  for (
    const [name, canonical] of [
      ["inbox", "INBOX"],
      ["InBox.a", "INBOX.a"],
      ["inboxes", "inboxes"],
      ["Cafe\u0301", "Caf\u00e9"],
      ["a b.c~d", "a b.c~d"],
      ["日本語", "日本語"],
    ] as const
  ) assertEquals(canonicalName(name, "."), { ok: true, value: canonical });
  assertEquals(canonicalName("inbox/a", "/"), { ok: true, value: "INBOX/a" });
});

Deno.test("canonicalName() refuses what could be a path, break lines or be overlong", () => {
  const bad = [
    "",
    ".",
    "..",
    "a..b",
    ".a",
    "a.",
    "a/b",
    "/etc",
    "a\0",
    "a\r",
    "a\x7f",
    "a\x85",
    "a\u2028",
    "\ud800",
  ];
  for (const name of [...bad, "x".repeat(256), "ü".repeat(128)]) {
    assertEquals(canonicalName(name, "."), { ok: false, error: "bad-name" }, JSON.stringify(name));
  }
  for (const name of ["a.b", "../a", "a//b", "/a", "a/"]) assert(!canonicalName(name, "/").ok, name);
});

Deno.test("canonicalName() is its own fixed point, and no level is empty, dotted or slashed", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(".", "/"),
      (name, separator) => {
        const once = canonicalName(name, separator);
        if (!once.ok) return;
        assertEquals(canonicalName(once.value, separator), once);
        for (const level of once.value.split(separator)) assert(/^[^./\0]+$/.test(level));
      },
    ),
  );
});

Deno.test("names have parents, children and an order", () => {
  assertEquals(parentsOf("a.b.c", "."), ["a", "a.b"]);
  assert(isBelow("a.b", "a", ".") && !isBelow("ab", "a", ".") && !isBelow("a", "a", "."));
  assertEquals(["b", "INBOX", "a"].sort(compareNames), ["INBOX", "a", "b"]);
  assert(!mayCreate("a*") && !mayCreate("a%b") && mayCreate("a b"));
});
