import { objectIdOf, originField, originIn, originOf } from "../../mod/maildir/object_id.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { append, deliver, fileText, machine, opened, ROOT, storeOn } from "./support.ts";
import { ALICE } from "./support.ts";

Deno.test("originIn() reads what originField() writes, among other fields", () => {
  assertEquals(originIn(originField("1.a.host")), "1.a.host");
  assertEquals(originIn("S12 G1.a.host W14 "), "1.a.host");
  for (const none of ["", "S12 W14 ", "G "]) assertEquals(originIn(none), null);
  assertEquals([originOf("1.a.host,S=3,W=4"), originOf("plain")], ["1.a.host", "plain"]);
});

Deno.test("objectIdOf() holds only what an object id may, never twice the same", () => {
  const names = [
    "1.a.host",
    "1_2ea.host",
    "1.a_2ehost",
    "\u00e4",
    "x".repeat(300) + "1",
    "x".repeat(300) + "2",
    "-",
    ":",
  ];
  const ids = names.map(objectIdOf);
  for (const id of ids) assertMatch(id, /^[A-Za-z0-9_-]{1,255}$/);
  assertEquals(new Set(ids).size, names.length);
});

Deno.test("a message's id stays in copies, moves and after a restart; a mailbox's in renames", async () => {
  const fs = machine();
  const { store } = storeOn(fs);
  const account = await store.account(ALICE);
  await deliver(store, "one");
  await append(account, "INBOX", "two");
  const inbox = await opened(store);
  const ids = inbox.messages.map((m) => inbox.emailId(m.uid));
  assertEquals(new Set(ids).size, 2);
  assert((await inbox.copy([1, 2], "Sent")).ok && (await inbox.move([2], "Trash")).ok);
  const sent = await opened(store, "Sent");
  assertEquals([sent.emailId(1), sent.emailId(2), sent.emailId(3)], [ids[0], ids[1], null]);
  assert((await sent.copy([1], "Archive")).ok);
  const { objectId } = sent;
  assertMatch(objectId, /^F[0-9a-f]{32}$/);
  assertMatch(await fileText(fs, `${ROOT}/.Sent/dovecot-uidlist`), /\n1 G\S+ :/);
  for (const box of [inbox, sent]) box.close();
  assert((await account.rename("Sent", "Gone")).ok);
  await store.close();
  const again = storeOn(fs).store;
  const gone = await opened(again, "Gone");
  assertEquals([gone.objectId, gone.emailId(1), gone.emailId(2)], [objectId, ids[0], ids[1]]);
  assertEquals((await opened(again, "Archive")).emailId(1), ids[0]);
  assertEquals((await opened(again, "Trash")).emailId(1), ids[1]);
  assertEquals(typeof gone.savedAt(1), "number");
  await again.close();
});
