import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { METADATA_ENTRIES } from "../../mod/base/limits.ts";
import { formatMetadata, parseMetadata } from "../../mod/maildir/metadata_file.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { ALICE, machine, storeOn } from "./support.ts";

Deno.test("parseMetadata() undoes formatMetadata(), whatever the values", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const entries = new Map([["/private/a", all], ["/shared/b", utf8("")], ["/shared/c", utf8("\\n\\\n\r\n")]]);
  assertEquals(parseMetadata(formatMetadata(entries)), entries);
  assertEquals(parseMetadata(utf8("no tab\n\tno name\n/a\t1\n/torn\t2")), new Map([["/a", utf8("1")]]));
});

Deno.test("annotations lie with their mailbox, and go where it goes", async () => {
  const fs = machine();
  const { store } = storeOn(fs);
  const account = await store.account(ALICE);
  const value = async (mailbox: string, name = "/private/c") => {
    const known = await account.annotations(mailbox);
    return known.ok ? known.value.has(name) ? fromUtf8(known.value.get(name) ?? utf8("")) : null : "none";
  };
  const set = (mailbox: string, text: string | null) =>
    account.annotate(mailbox, new Map([["/private/C", text === null ? null : utf8(text)]]));
  for (const mailbox of ["", "INBOX", "Sent"]) assert((await set(mailbox, `of ${mailbox}`)).ok);
  assertEquals([await value(""), await value("INBOX"), await value("Sent")], ["of ", "of INBOX", "of Sent"]);
  await account.rename("Sent", "Old");
  assertEquals([await value("Old"), await value("Sent")], ["of Sent", "none"]);
  assert((await set("Old", null)).ok);
  assertEquals([await value("Old"), (await set("Sent", "x")).ok], [null, false]);
  const many = new Map(
    Array.from({ length: METADATA_ENTRIES }, (_, i) => [`/private/${i}`, utf8("x")] as const),
  );
  assertEquals(await account.annotate("INBOX", many), { ok: false, error: "too-many" });
  assertEquals([await value("INBOX", "/private/0"), (await account.annotate("Old", many)).ok], [null, true]);
  await store.close();
  const again = storeOn(fs.afterCrash("synced-only"));
  const known = await (await again.store.account(ALICE)).annotations("Old");
  assertEquals(known.ok && known.value.size, METADATA_ENTRIES);
  await again.store.close();
});
