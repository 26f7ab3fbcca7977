import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { servePop3 } from "../../mod/pop3/serve.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { loadDialogs, playDialog } from "../support/dialog.ts";
import { filled, MAIL, ports, talk, TLS } from "../support/pop3.ts";
import { ScriptConn } from "../support/script_conn.ts";

for (const dialog of loadDialogs("pop3")) {
  for (const chunk of [1, 3, undefined]) {
    Deno.test(`pop3 dialog ${dialog.name} in pieces of ${chunk ?? "all"}`, async () => {
      const tls = dialog.settings.has("tls") ? TLS : null;
      const conn = new ScriptConn({ address: "192.0.2.1", port: 40000 }, tls);
      const store = await filled();
      const stop = new AbortController();
      const done = servePop3(
        conn,
        ports(store, { cleartextAllowed: dialog.settings.has("cleartext") }),
        stop.signal,
      );
      await playDialog(dialog, conn, chunk === undefined ? {} : { chunk });
      conn.end();
      await done;
    });
  }
}

Deno.test("pop3: RETR gives every octet, stuffed; deletes happen at QUIT and only there", async () => {
  const store = await filled();
  const got = await talk(store, "RETR 2\r\nDELE 1\r\n");
  assert(
    got.startsWith(
      `+OK ${MAIL[1]?.length} octets\r\nSubject: two\r\n\r\n..starts with a dot\r\n...two\r\nend\r\n.\r\n`,
    ),
    got,
  );
  assert(
    (await talk(store, "STAT\r\nQUIT\r\n")).startsWith("+OK 3 "),
    "a session without QUIT deletes nothing",
  );
  assert((await talk(store, "DELE 1\r\nQUIT\r\n")).endsWith("+OK Goodbye\r\n"));
  assert((await talk(store, "STAT\r\n")).startsWith("+OK 2 "));
});

Deno.test("pop3: a message without a line end at its end gets one before the dot", async () => {
  assert((await talk(await filled(), "RETR 3\r\n")).includes("no line end at the end\r\n.\r\n"));
});

Deno.test("pop3: what arrives during a session is not in it", async () => {
  const store = await filled();
  const conn = new ScriptConn({ address: "192.0.2.1", port: 1 }, TLS);
  const done = servePop3(conn, ports(store), new AbortController().signal);
  conn.feed("USER alice@example.test\r\nPASS secret\r\n");
  await conn.until("+OK 3 messages");
  const target = { account: "alice@example.test", mailbox: "INBOX", flags: NO_FLAGS };
  await store.deliver([target], memoryBody(utf8("Subject: late\r\n\r\n")));
  const before = conn.output.length;
  conn.feed("STAT\r\nLIST 4\r\nUIDL 4\r\nRETR 4\r\n").end();
  await done;
  const codes = conn.output.slice(before).split("\r\n").map((line) => line.slice(0, 6).trim());
  assertEquals(codes, ["+OK 3", "-ERR N", "-ERR N", "-ERR N", ""]);
});

Deno.test("pop3: one session at a time; the lock goes with the connection", async () => {
  const store = await filled();
  const first = new ScriptConn({ address: "192.0.2.1", port: 1 }, TLS);
  const done = servePop3(first, ports(store), new AbortController().signal);
  first.feed("USER alice@example.test\r\nPASS secret\r\n");
  await first.until("+OK 3 messages");
  const second = new ScriptConn({ address: "192.0.2.1", port: 2 }, TLS);
  const other = servePop3(second, ports(store), new AbortController().signal);
  second.feed("USER alice@example.test\r\nPASS secret\r\n");
  await second.until("-ERR [IN-USE]");
  first.destroy();
  await done;
  second.feed("USER alice@example.test\r\nPASS secret\r\n");
  await second.until("+OK 3 messages");
  second.end();
  await other;
});

Deno.test("pop3: messages have the names and places that another server gave them", async () => {
  const store = await filled();
  const box = (await store.account("alice@example.test")).folder("INBOX");
  assert(box);
  const facts = new Map([[1, { id: null, order: 9 }], [3, { id: "old id\r\n", order: 2 }]]);
  Object.assign(box, {
    pop3Facts: (uid: number) => ({
      id: null,
      order: null,
      file: `f${uid}`,
      guid: `g${uid}`,
      ...facts.get(uid),
    }),
    pop3Order: () => Promise.resolve([3, 1, 2].map((uid) => box.messages[uid - 1])),
  });
  const said = async (uidl: string) => (await talk(store, "UIDL\r\nTOP 1 0\r\n", { uidl })).split("\r\n");
  assertEquals((await said("%f-%u")).slice(0, 7), [
    "+OK",
    "1 old_id__",
    "2 f1-1",
    "3 f2-2",
    ".",
    "+OK 40 octets",
    "Subject: three",
  ]);
  assertEquals((await said("%g"))[2], "2 g1");
});

Deno.test("pop3: EXPIRE tells how long mail stays", async () => {
  const store = await filled();
  assert((await talk(store, "CAPA\r\n")).includes("\r\nEXPIRE NEVER\r\nIMPLEMENTATION Roost\r\n"));
  assert((await talk(store, "CAPA\r\n", { expire: 30 })).includes("\r\nEXPIRE 30\r\n"));
});

Deno.test("pop3: listings of very many messages come whole, made as they are taken", async () => {
  const store = await filled();
  const target = { account: "alice@example.test", mailbox: "INBOX", flags: NO_FLAGS };
  for (let i = 4; i <= 3000; i++) await store.deliver([target], memoryBody(utf8(`Subject: ${i}\r\n\r\n`)));
  const lines = (await talk(store, "DELE 7\r\nUIDL\r\nLIST\r\nNOOP\r\n")).split("\r\n");
  const numbers = Array.from({ length: 3000 }, (_, i) => `${i + 1}`).filter((n) => n !== "7");
  const [uidl, list] = [lines.indexOf("."), lines.lastIndexOf(".")];
  assertEquals(lines.slice(2, uidl).map((line) => line.split(" ")[0]), numbers);
  assertEquals(lines.slice(uidl + 2, list).map((line) => line.split(" ")[0]), numbers);
  assertEquals([lines[uidl + 1]?.slice(0, 18), lines.slice(list)], ["+OK 2999 messages ", [".", "+OK", ""]]);
});
