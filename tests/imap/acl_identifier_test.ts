import { formatIdentifier, isGroup, isOwner, parseIdentifier } from "../../mod/imap/acl_identifier.ts";
import { assertEquals } from "../support/assert.ts";

const ALICE = "alice@example.test";

Deno.test("identifiers are written in Dovecot's terms, and told as they came", () => {
  for (
    const [text, id, told] of [
      ["bob@example.test", "user=bob@example.test", null],
      ["Bob@Example.TEST", "user=bob@example.test", "bob@example.test"],
      ["bob", "user=bob@example.test", "bob@example.test"],
      ["-bob", "-user=bob@example.test", "-bob@example.test"],
      ["b.o-b+x@sub.example.org", "user=b.o-b+x@sub.example.org", null],
      ["jörg@example.org", "user=jörg@example.org", null],
      ["bob@bücher.test", "user=bob@xn--bcher-kva.test", "bob@xn--bcher-kva.test"],
      ["anyone", "anyone", null],
      ["Anyone", "anyone", "anyone"],
      ["anonymous", "anyone", "anyone"],
      ["-anyone", "-anyone", null],
      ["authenticated", "authenticated", null],
      ["owner", `user=${ALICE}`, ALICE],
      ["$staff", "group=staff", null],
      ["-!staff", "-group-override=staff", null],
      ['"b ob"@example.test', "user=b ob@example.test", null],
      ['-"B\\"ob"@example.test', '-user=b"ob@example.test', '-"b\\"ob"@example.test'],
      ['"bob"@example.test', "user=bob@example.test", "bob@example.test"],
      ['"b@b"@example.test', "user=b@b@example.test", null],
    ] as const
  ) {
    const parsed = parseIdentifier(text, ALICE);
    assertEquals(parsed && (parsed.negative ? "-" : "") + parsed.id, id, text);
    if (parsed) assertEquals(formatIdentifier(parsed, ALICE), told ?? text);
  }
});

Deno.test("nobody has these identifiers", () => {
  for (
    const text of [
      "",
      "-",
      "bob@",
      "@example.test",
      "a b",
      "a\tb@x",
      "$",
      "!",
      "$a b",
      "bob\n",
      "a@b@c",
      "postmaster@",
    ]
  ) {
    assertEquals(parseIdentifier(text, ALICE), null, text);
  }
});

Deno.test("isOwner() knows the owner by every name", () => {
  const of = (id: string) => isOwner({ id, negative: false }, ALICE);
  assertEquals(
    ["owner", "user=alice", "user=ALICE@example.test", "user=bob", "anyone", "group=alice"].map(of),
    [
      true,
      true,
      true,
      false,
      false,
      false,
    ],
  );
});

Deno.test("isGroup() knows both kinds, and nobody else", () => {
  const of = (id: string) => isGroup({ id, negative: true });
  assertEquals(["group=a", "group-override=a", "user=group", "anyone", "owner"].map(of), [
    true,
    true,
    false,
    false,
    false,
  ]);
});
