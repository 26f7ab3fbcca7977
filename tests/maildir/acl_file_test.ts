import fc from "fast-check";
import { ACL_ENTRIES } from "../../mod/base/limits.ts";
import { changeAclFile, formatAcl, parseAcl, readAcl } from "../../mod/maildir/acl_file.ts";
import type { AclEntry } from "../../mod/store/acl.ts";
import { ALL_RIGHTS, formatRights } from "../../mod/store/rights.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText, portsOn } from "./support.ts";

function told(text: string): readonly string[] | null {
  const parsed = parseAcl(text);
  return parsed &&
    parsed.entries.map((e) => [e.negative ? "-" : "+", e.id, formatRights(e.rights), ...e.other].join(" "));
}

Deno.test("parseAcl() reads what Dovecot writes and what people write for it", () => {
  for (
    const [text, entries] of [
      ["", []],
      ["user=bob@example.org lrwstipekxa\n", ["+ user=bob@example.org lrwstipekxa"]],
      ["owner lr\nanyone l\nauthenticated lrs", ["+ owner lr", "+ anyone l", "+ authenticated lrs"]],
      ["# rights\n\nanonymous axk\n", ["+ anonymous kxa"]],
      ["-user=eve r\n-anyone w\n", ["- user=eve r", "- anyone w"]],
      ['"user=bob smith" lr\n"-user=a\\"b\\\\ c" l\n', ["+ user=bob smith lr", '- user=a"b\\ c l']],
      ["user=bob\nuser=eve \n", ["+ user=bob ", "+ user=eve "]],
      ["user=bob :lookup read write-seen\n", ["+ user=bob lrs"]],
      ["user=bob lr :admin,strange  other\n", ["+ user=bob lra strange other"]],
      ["user=bob lr\t:admin\n", ["+ user=bob lra"]],
      ["group=staff lr\ngroup-override=x a\n", ["+ group=staff lr", "+ group-override=x a"]],
    ] as const
  ) {
    assertEquals(told(text), entries, text);
  }
});

Deno.test("parseAcl() takes nothing from a file with a line that may take rights away", () => {
  for (
    const line of [
      "user=bob lrZ",
      "user=bob cd",
      "bob lr",
      "user= lr",
      "user=bob lr extra",
      "anyonex l",
      '"user=bob lr',
      '"user=bob"lr',
      " anyone lr",
      "anyone lr\r",
      "--anyone lr",
      "- lr",
    ]
  ) {
    assertEquals(parseAcl(`anyone lr\n${line}\n`), null, line);
  }
});

Deno.test("parseAcl() undoes formatAcl(), whatever the names", () => {
  const name = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" })
    .filter((text) => !/[\n\r\0]/.test(text) && text.isWellFormed());
  const id = fc.oneof(
    fc.constantFrom("anyone", "authenticated", "owner"),
    name.map((text) => `user=${text}`),
  );
  const entry = fc.record({
    id,
    negative: fc.boolean(),
    rights: fc.integer({ min: 0, max: ALL_RIGHTS }),
    other: fc.array(fc.constantFrom("strange", "x-y"), { maxLength: 2 }),
  }, { noNullPrototype: true });
  const comment = fc.constantFrom("", "# who may what", "#");
  fc.assert(
    fc.property(fc.array(entry), fc.array(comment, { maxLength: 3 }), (entries, comments) => {
      assertEquals(parseAcl(formatAcl({ entries, comments })), { entries, comments });
    }),
  );
});

Deno.test("parseAcl() says yes or no to anything", () => {
  const piece = fc.constantFrom(
    "user=",
    "anyone",
    "-",
    " ",
    "lr",
    ":",
    '"',
    "\\",
    "\n",
    "#",
    "\t",
    "\0",
    "é",
    "read",
    "b",
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const parsed = parseAcl(pieces.join(""));
    if (parsed) assertEquals(parseAcl(formatAcl(parsed)), parsed);
  }));
});

Deno.test("changeAclFile() keeps comments, and leaves alone what it cannot understand", async () => {
  const fs = new MemFs({ files: { "/d/dovecot-acl": "# mine\nanyone l\n", "/e/dovecot-acl": "nonsense\n" } });
  const ports = portsOn(fs);
  const bob: AclEntry = { id: "user=bob", negative: false, rights: 3, other: [] };
  assert(await changeAclFile(ports, "/d/dovecot-acl", (acl) => [...acl, bob]));
  assertEquals(
    await fileText(fs.afterCrash("synced-only"), "/d/dovecot-acl"),
    "# mine\nanyone l\nuser=bob lr\n",
  );
  const many = Array.from({ length: ACL_ENTRIES }, (_, i) => ({ ...bob, id: `user=${i}` }));
  assertEquals(await changeAclFile(ports, "/d/dovecot-acl", (acl) => [...acl, ...many]), false);
  assertEquals((await readAcl(ports, "/d/dovecot-acl")).length, 2);
  assertEquals(await readAcl(ports, "/none/dovecot-acl"), []);
  await assertRejects(() => changeAclFile(ports, "/e/dovecot-acl", () => []), "understand");
  await assertRejects(() => readAcl(ports, "/e/dovecot-acl"), "understand");
  assertEquals([await fileText(fs, "/e/dovecot-acl"), fs.tree("/e")], ["nonsense\n", ["/e/dovecot-acl"]]);
});
