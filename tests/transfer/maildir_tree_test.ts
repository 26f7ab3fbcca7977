import { Tally } from "../../mod/transfer/tally.ts";
import { findMaildirs, folderNameOf, linesOf } from "../../mod/transfer/maildir_tree.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { disk } from "./support.ts";

Deno.test("findMaildirs() finds Maildir++ and nested folders, and nothing else", async () => {
  const fs = disk({ "/m/cur/x": "x", "/m/.nofolder/x": "x", "/m/plain": "x" }, [
    "/m/new",
    "/m/.Sent/cur",
    "/m/.A.B/new",
    "/m/..roost-removed-1/cur",
    "/m/sieve/cur",
    "/m/Work/cur",
    "/m/Work/2.026/cur",
    "/m/Only/Below/cur",
    "/m/Work/.hidden/cur",
  ]);
  const tally = new Tally();
  const found = await findMaildirs(fs, "/m", "/", tally);
  assertEquals(found.map((f) => f.name), ["INBOX", "A/B", "Only/Below", "Sent", "Work", "Work/2_026"]);
  assertEquals(tally.report().notes.length, 1);
});

Deno.test("folderNameOf() maps any name to one that can be", () => {
  for (
    const [levels, name, same] of [
      [["Entw&APw-rfe"], "Entwürfe", true],
      [["inbox"], "INBOX", true],
      [["a", "b"], "a/b", true],
      [["a.b"], "a_b", false],
      [["a/b"], "a_b", false],
      [["", ""], "_/_", false],
      [["x\u0000y"], "x_y", false],
      [["&bad"], "&bad", true],
    ] as const
  ) {
    assertEquals(folderNameOf(levels, "/"), { name, same }, levels.join("|"));
  }
  assert(folderNameOf(Array(40).fill("y".repeat(90)), "/").name === "Imported");
});

Deno.test("linesOf() reads lines; no file has none", async () => {
  const fs = disk({ "/a": "x\ny\n" });
  assertEquals([await linesOf(fs, "/a", 10), await linesOf(fs, "/b", 10)], [["x", "y", ""], []]);
});
