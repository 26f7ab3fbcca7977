import { ANSWERED, DELETED, FLAGGED, SEEN } from "../../mod/store/store.ts";
import { MaildirSource } from "../../mod/transfer/maildir_source.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { allOf, disk, tally } from "./support.ts";

Deno.test("a Maildir of Dovecot tells UIDs, flags, keywords and subscriptions", async () => {
  const fs = disk({
    "/m/dovecot-uidlist": "3 V9 N20 Gabc\n3 :1.a\n7 W5 :2.b,S=3\n",
    "/m/dovecot-keywords": "0 $Forwarded\n2 work\n",
    "/m/subscriptions": "V\t2\n\nSent\nA\tB\n",
    "/m/roost-special-use": "Sent\tSent\n",
    "/m/cur/2.b,S=3:2,RSc": "two",
    "/m/cur/1.a:2,FTa": "one\n",
    "/m/new/4.d": "four",
    "/m/new/3.c:2,S": "three",
    "/m/cur/.hidden": "x",
    "/m/.A.B/cur/1.x": "sub",
    "/m/.A.B/dovecot-acl": "anyone lr\n",
    "/m/.Entw&APw-rfe/cur/1.y": "draft",
  });
  const t = tally();
  const source = await MaildirSource.open(fs, "/m", "/", t);
  assert(source);
  const time = (path: string) => fs.statSync(path)?.mtime ?? 0;
  assertEquals(await allOf(source), [
    {
      folder: "INBOX",
      uid: 3,
      flags: FLAGGED | DELETED,
      keywords: ["$Forwarded"],
      time: time("/m/cur/1.a:2,FTa"),
      text: "one\n",
    },
    {
      folder: "INBOX",
      uid: 7,
      flags: ANSWERED | SEEN,
      keywords: ["work"],
      time: time("/m/cur/2.b,S=3:2,RSc"),
      text: "two",
    },
    { folder: "INBOX", uid: null, flags: 0, keywords: [], time: time("/m/new/3.c:2,S"), text: "three" },
    { folder: "INBOX", uid: null, flags: 0, keywords: [], time: time("/m/new/4.d"), text: "four" },
    { folder: "A/B", uid: null, flags: 0, keywords: [], time: time("/m/.A.B/cur/1.x"), text: "sub" },
    {
      folder: "Entwürfe",
      uid: null,
      flags: 0,
      keywords: [],
      time: time("/m/.Entw&APw-rfe/cur/1.y"),
      text: "draft",
    },
  ]);
  assertEquals(source.subscriptions, ["A/B", "Sent"]);
  assertEquals([...source.specialUses], [["Sent", "Sent"]]);
  const shared = "A/B: others have rights in it (dovecot-acl), which are not taken over";
  assertEquals([await source.count(), t.report().notes], [6, [shared]]);
});

Deno.test("a Maildir of Courier tells the same from its own files", async () => {
  const fs = disk({
    "/m/courierimapuiddb": "1 77 30\n5 1.a\n9 2.b\n",
    "/m/courierimapsubscribed": "INBOX\nINBOX.Sent\nINBOX.A.B\n",
    "/m/courierimapkeywords/:list": "work\n$Later\n\n1.a:0 1\n",
    "/m/courierimapkeywords/2.b": "home\n",
    "/m/cur/1.a:2,": "one",
    "/m/cur/2.b:2,S": "two",
  });
  const source = await MaildirSource.open(fs, "/m", ".", tally());
  assert(source);
  const told = await allOf(source);
  assertEquals(told.map((m) => [m.uid, m.keywords]), [[5, ["work", "$Later"]], [9, ["home"]]]);
  assertEquals(source.subscriptions, ["INBOX", "Sent", "A.B"]);
  for await (const folder of source.folders()) {
    assertEquals([folder.uids?.uidValidity, folder.uids?.nextUid], [77, 30]);
  }
});

Deno.test("what cannot be read is told, and costs nothing else", async () => {
  const fs = disk({
    "/m/dovecot-uidlist": "garbage\n",
    "/m/cur/1.empty": "",
    "/m/cur/2.good": "good",
    "/m/cur/3.renamed:2,": "moved",
    "/m/cur/4.gone": "gone",
    "/m/cur/5.bad": "bad",
    "/m/cur/6.odd\ufffd": "odd",
  });
  const t = tally();
  const source = await MaildirSource.open(fs, "/m", ".", t);
  assert(source);
  const texts: string[] = [];
  for await (const folder of source.folders()) {
    await fs.rename("/m/cur/3.renamed:2,", "/m/cur/3.renamed:2,S");
    await fs.remove("/m/cur/4.gone");
    await fs.rename("/m/cur/6.odd\ufffd", "/m/tmp-odd");
    fs.fail((op, path) => op === "open" && path.endsWith("5.bad"), "io");
    for await (const message of folder.messages()) {
      const octets = await message.read();
      if (octets.kind !== "octets") {
        texts.push(octets.kind === "lost" ? octets.why : octets.kind);
        continue;
      }
      try {
        for await (const chunk of octets.chunks) texts.push(new TextDecoder().decode(chunk));
      } catch (e) {
        texts.push(e instanceof Error ? e.name : "?");
      }
    }
  }
  assertEquals(texts.slice(0, 4), ["is empty", "good", "moved", "gone"]);
  assertEquals(texts[4], "SourceFault");
  assertEquals(texts[5], "its file name is not UTF-8; rename the file");
  assertEquals(t.report().notes, ["INBOX: dovecot-uidlist cannot be read; messages get new UIDs"]);
});

Deno.test("what Dovecot packed with gzip is unpacked", async () => {
  const stream = new Blob(["From: x\r\n\r\nhello\r\n"]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const fs = disk({ "/m/cur/1.a,S=18:2,S": packed });
  const source = await MaildirSource.open(fs, "/m", ".", tally());
  assert(source);
  assertEquals((await allOf(source)).map((m) => m.text), ["From: x\r\n\r\nhello\r\n"]);
});

Deno.test("what is no Maildir is none", async () => {
  const fs = disk({ "/m/file": "x" });
  for (const path of ["/m", "/none", "/m/file"]) {
    assertEquals(await MaildirSource.open(fs, path, ".", tally()), null);
  }
});

Deno.test("UIDs that are nearly used up are not taken over", async () => {
  const fs = disk({ "/m/dovecot-uidlist": "3 V9 N4294967295\n1 :1.a\n", "/m/cur/1.a:2,": "one" });
  const source = await MaildirSource.open(fs, "/m", ".", tally());
  assert(source);
  for await (const folder of source.folders()) assertEquals(folder.uids, null);
  assertEquals((await allOf(source)).map((m) => m.uid), [null]);
});

Deno.test("many files that are renamed meanwhile cost one more listing", async () => {
  const names = Array.from({ length: 50 }, (_, i) => `/m/cur/${i}.a:2,`);
  const fs = disk(Object.fromEntries(names.map((n) => [n, "text"])));
  const source = await MaildirSource.open(fs, "/m", ".", tally());
  assert(source);
  for await (const folder of source.folders()) {
    for (const name of names) await fs.rename(name, `${name}S`);
    const before = fs.calls.get("list") ?? 0;
    for await (const message of folder.messages()) assertEquals((await message.read()).kind, "octets");
    assertEquals((fs.calls.get("list") ?? 0) - before, 2); // new/ and cur/
  }
});
