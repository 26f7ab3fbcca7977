import { movedPop3Fields, pop3FieldsIn } from "../../mod/maildir/pop3_fields.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ALICE, append, fileText, machine, opened, ROOT, storeOn } from "./support.ts";

Deno.test("pop3FieldsIn() finds what Dovecot keeps for POP3", () => {
  const rows = [
    ["", null],
    ["S12 W14 Gabc ", null],
    ["GPO ", null],
    ["Pabc ", { id: "abc", order: null }],
    ["W3 P ", { id: "", order: null }],
    ["O7 Px.y,S=1 W3 ", { id: "x.y,S=1", order: 7 }],
    ["O7 ", { id: null, order: 7 }],
    ["O-7 Ox O99999999999 ", null],
  ] as const;
  for (const [text, expected] of rows) assertEquals(pop3FieldsIn(text), expected, text);
  assertEquals(movedPop3Fields("W3 Pa O7 Gb ", "1.a"), "Pa O7 ");
  assertEquals(movedPop3Fields("P ", "1.a"), "P1.a ");
  assertEquals(movedPop3Fields("P O7 ", "1 a"), "O7 ");
  assertEquals(movedPop3Fields("W3 ", "1.a"), "");
});

Deno.test("a folder tells POP3 what its messages were called elsewhere, also where another program notes it meanwhile", async () => {
  const { fs, store } = storeOn(machine());
  const account = await store.account(ALICE);
  for (const text of ["one", "two", "three"]) await append(account, "INBOX", text);
  const inbox = await opened(store);
  assert(inbox.pop3Facts);
  const file = /^1 :(.*)$/m.exec(await fileText(fs, `${ROOT}/dovecot-uidlist`))?.[1] ?? "";
  assertEquals(inbox.pop3Facts(1), { id: null, order: null, file, guid: file });
  assertEquals([inbox.pop3Facts(4), await inbox.pop3Order?.()], [null, null]);
  const list = await fileText(fs, `${ROOT}/dovecot-uidlist`);
  await fs.remove(`${ROOT}/dovecot-uidlist`);
  const noted = list.replace("\n1 :", "\n1 P :").replace("\n2 :", "\n2 Pold O5 Gorigin :");
  await fs.createWith(`${ROOT}/dovecot-uidlist`, [new TextEncoder().encode(noted)]);
  await inbox.refresh();
  assertEquals([inbox.pop3Facts(1)?.id, inbox.pop3Facts(2)?.id, inbox.pop3Facts(2)?.order], [file, "old", 5]);
  // Who had a place comes first, as Dovecot has it.
  assertEquals((await inbox.pop3Order?.())?.map((m) => m.uid), [2, 1, 3]);
  inbox.close();
  // Kept when the list is written anew, and read with it.
  assert((await inbox.expunge([3])).length === 1);
  await store.close();
  const again = await opened(storeOn(fs).store);
  const kept = again.pop3Facts?.(2);
  assertEquals([kept?.id, kept?.order, kept?.guid], ["old", 5, "origin"]);
  again.close();
});
