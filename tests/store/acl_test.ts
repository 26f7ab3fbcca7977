import { type Acl, changeAcl, idKey, removeFromAcl, rightsIn } from "../../mod/store/acl.ts";
import { formatRights, parseRights } from "../../mod/store/rights.ts";
import { assertEquals } from "../support/assert.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

/** "id letters", "-id letters". */
function acl(...lines: string[]): Acl {
  return lines.map((line) => {
    const [id = "", letters = ""] = line.split(" ");
    const negative = id.startsWith("-");
    return { id: negative ? id.slice(1) : id, negative, rights: parseRights(letters) ?? 0, other: [] };
  });
}

Deno.test("rightsIn(): the most particular entry counts, and negative ones are taken off", () => {
  for (
    const [lines, bob] of [
      [[], ""],
      [["anyone lr"], "lr"],
      [["anonymous lr"], "lr"],
      [["anyone lr", "authenticated l"], "l"],
      [["authenticated l", "anyone lr"], "l"],
      [["anyone lr", `user=${BOB} lwi`], "lwi"],
      [[`user=${BOB} lwi`, "anyone lr"], "lwi"],
      [["anyone lr", `user=${BOB}`], ""],
      [["anyone lr", `user=${ALICE} lwi`, "owner a", "group=staff a", "group-override=staff a"], "lr"],
      [["anyone lrw", `-user=${BOB} w`], "lr"],
      [[`-user=${BOB} w`, `user=${BOB} lrw`], "lr"],
      [["-anyone w", `user=${BOB} lrw`], "lr"],
      [["-anyone lw", "-authenticated w", `user=${BOB} lrw`], "lr"],
      [["user=BOB@Example.Test l"], "l"],
      [["user=bob l"], "l"],
      [["user=bob l", `user=${BOB} r`], "lr"],
      [["-user=bob l", `-user=${BOB} r`, "anyone lrw"], "w"],
      [["user=bob@other.test l", "user=bobby l", "user=bo l", "bob l"], ""],
    ] as const
  ) {
    assertEquals(formatRights(rightsIn(acl(...lines), BOB, ALICE)), bob, lines.join(", "));
  }
  // A bare name is one of the owner's domain, not of the reader's.
  assertEquals(rightsIn(acl("user=bob l"), "bob@other.test", ALICE), 0);
});

Deno.test("changeAcl() replaces, adds and removes; other entries and the spelling of ids stay", () => {
  const before = acl("user=Bob lr", "-user=bob w", "anyone l");
  const lines = (list: Acl) => list.map((e) => `${e.negative ? "-" : ""}${e.id} ${formatRights(e.rights)}`);
  const change = (id: string, negative: boolean, letters: string, how: "replace" | "add" | "remove") =>
    lines(changeAcl(before, ALICE, { id, negative, rights: parseRights(letters) ?? 0 }, how));
  assertEquals(change(`user=${BOB}`, false, "i", "replace"), ["user=Bob i", "-user=bob w", "anyone l"]);
  assertEquals(change(`user=${BOB}`, false, "i", "add"), ["user=Bob lri", "-user=bob w", "anyone l"]);
  assertEquals(change(`user=${BOB}`, false, "lx", "remove"), ["user=Bob r", "-user=bob w", "anyone l"]);
  assertEquals(change(`user=${BOB}`, true, "s", "add"), ["user=Bob lr", "-user=bob ws", "anyone l"]);
  assertEquals(change("user=eve@x", false, "l", "add"), [...lines(before), "user=eve@x l"]);
  assertEquals(change("user=eve@x", true, "l", "replace"), [...lines(before), "-user=eve@x l"]);
  assertEquals(change("user=eve@x", false, "l", "remove"), lines(before));
  const named = [{ id: "anyone", negative: false, rights: 1, other: ["strange"] }];
  assertEquals(
    (["add", "replace"] as const).map((how) =>
      changeAcl(named, ALICE, { id: "anyone", negative: false, rights: 2 }, how)[0]?.other
    ),
    [["strange"], []],
  );
});

Deno.test("removeFromAcl() takes out all of an id, of one sign", () => {
  const before = acl("user=bob lr", `user=${BOB} w`, "-user=bob w", "anyone l");
  assertEquals(removeFromAcl(before, ALICE, { id: `user=${BOB}`, negative: false }), before.slice(2));
  assertEquals(removeFromAcl(before, ALICE, { id: `user=${BOB}`, negative: true }).length, 3);
  assertEquals(removeFromAcl(before, ALICE, { id: "user=x@y", negative: true }), before);
  assertEquals([idKey("owner", ALICE), idKey("group=A", ALICE)], ["owner", "group=A"]);
});
