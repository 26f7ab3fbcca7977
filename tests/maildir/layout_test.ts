import fc from "fast-check";
import { accountPath, folderDir, folderName, isDir, repairFolder } from "../../mod/maildir/layout.ts";
import { canonicalName } from "../../mod/store/mailbox_name.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

Deno.test("accountPath() maps addresses, and lets no separator or special name through", () => {
  for (
    const [id, path] of [
      ["alice@example.test", "example.test/alice"],
      ["a.b+c=d_e-f@x.test", "x.test/a.b+c=d_e-f"],
      ["../../etc@x.test", "x.test/%2E.%2F..%2Fetc"],
      ["a/b@x.test", "x.test/a%2Fb"],
      ["a@b@x.test", "x.test/a%40b"],
      ["a%2fb@x.test", "x.test/a%252fb"],
      ["a\0b@x.test", "x.test/a%00b"],
      [".@x.test", "x.test/%2E"],
      ["a@..", "%2E./a"],
      ["jürgen@x.test", "x.test/jürgen"],
      ["~root@x.test", "x.test/%7Eroot"],
    ] as const
  ) assertEquals(accountPath(id), path, id);
  for (const id of ["", "a", "@x.test", "a@", "\ud800@x.test", `${"x".repeat(300)}@x.test`]) {
    assertEquals(accountPath(id), null, id);
  }
});

Deno.test("accountPath() gives different accounts different folders of two plain levels", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 8 });
  fc.assert(fc.property(text, text, (local, domain) => {
    const path = accountPath(`${local}@${domain.replaceAll("@", "")}`);
    if (path === null) return;
    const parts = path.split("/");
    assertEquals(parts.length, 2);
    for (const part of parts) assert(/^[^./\0][^/\0]*$/u.test(part), path);
  }));
});

Deno.test("folderDir() and folderName() undo each other, for either separator", () => {
  assertEquals(folderDir("INBOX", "."), "");
  assertEquals(folderDir("INBOX.sub", "."), ".INBOX.sub");
  assertEquals(folderDir("Büro/x y", "/"), ".B&APw-ro.x y");
  assertEquals(folderDir("~x", "."), null);
  assertEquals(folderDir("éa".repeat(80), "."), null); // too long on disk only
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.constantFrom(".", "/"),
      (text, separator) => {
        const name = canonicalName(text, separator);
        const dir = name.ok ? folderDir(name.value, separator) : null;
        if (!name.ok || !dir) return;
        assert(
          dir.startsWith(".") && !dir.includes("/") && !dir.includes("\0") && !dir.startsWith(".."),
          dir,
        );
        assertEquals(folderName(dir, separator), name.value);
      },
    ),
  );
});

Deno.test("folderName() shows only what could be asked for by that name", () => {
  for (
    const dir of [
      "cur",
      ".",
      "..",
      "..x",
      ".a..b",
      ".a.",
      ".&bad",
      ".&AGE-",
      ".inbox",
      ".INBOX",
      ".Cafe&AwE-",
      ".a\nb",
    ]
  ) {
    assertEquals(folderName(dir, "."), null, dir);
  }
});

Deno.test("repairFolder() makes missing parts, isDir() does not follow links", async () => {
  const fs = new MemFs({ dirs: ["/m/cur"] });
  await repairFolder(fs, "/m");
  assertEquals(fs.tree("/m"), ["/m/cur/", "/m/new/", "/m/tmp/"]);
  fs.symlink("/m", "/link");
  assert(isDir(fs, "/m/new") && !isDir(fs, "/link") && !isDir(fs, "/none"));
});
