import { SEEN } from "../../mod/store/store.ts";
import { ImapClient } from "../../mod/transfer/imap_client.ts";
import { ImapSource, parseInternalDate, parseList } from "../../mod/transfer/imap_source.ts";
import { assertEquals } from "../support/assert.ts";
import { ScriptConn } from "../support/script_conn.ts";
import { tally } from "./support.ts";

Deno.test("folders, uses, subscriptions, flags and bodies come as the other server has them", async () => {
  const conn = new ScriptConn().feed(
    '* LIST (\\HasChildren) "." INBOX\r\n* LIST (\\Sent) "." "INBOX.Gesendet"\r\n' +
      '* LIST (\\Noselect) "." x\r\n* LIST (\\All) "/" "[Gmail]/All"\r\nr1 OK\r\n* LSUB () "." "INBOX.Gesendet"\r\nr2 OK\r\n' +
      "* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 12] x\r\nr3 OK\r\n" +
      '* 1 FETCH (UID 3 FLAGS (\\Seen \\Recent work) INTERNALDATE "22-Nov-2020 10:00:00 +0100")\r\n' +
      '* 2 FETCH (UID 9 FLAGS () INTERNALDATE "22-Nov-2020 10:00:01 +0100")\r\nr4 OK\r\n' +
      "* 1 FETCH (UID 3 BODY[] {5}\r\nthree)\r\nr5 OK\r\nr6 OK\r\n* 0 EXISTS\r\nr7 OK\r\n",
  ).end();
  const t = tally();
  const source = await ImapSource.open(new ImapClient(conn), "me@host", "/", t);
  assertEquals([source.names, [...source.specialUses], source.subscriptions], [["INBOX", "Gesendet"], [[
    "Gesendet",
    "Sent",
  ]], ["Gesendet"]]);
  const told: unknown[] = [];
  for await (const folder of source.folders()) {
    told.push([folder.name, folder.uids?.uidValidity ?? null, folder.uids?.nextUid ?? null, folder.count]);
    for await (const m of folder.messages()) {
      const octets = await m.read();
      let text = "";
      if (octets.kind === "octets") {
        for await (const c of octets.chunks) text += new TextDecoder().decode(c);
      }
      told.push([m.uid, m.flags.system, m.flags.keywords.join(), octets.kind, text]);
    }
  }
  assertEquals(told, [
    ["INBOX", 5, 12, 2],
    [3, SEEN, "work", "octets", "three"],
    [9, 0, "", "gone", ""],
    ["Gesendet", null, null, 0],
  ]);
  assertEquals(t.report().notes.length, 1);
});

Deno.test("messages that are there already are not asked for", async () => {
  const conn = new ScriptConn().feed(
    '* LIST () "/" INBOX\r\nr1 OK\r\nr2 OK\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\nr3 OK\r\n* 1 FETCH (UID 3 FLAGS ())\r\nr4 OK\r\n',
  ).end();
  const source = await ImapSource.open(new ImapClient(conn), "me@host", "/", tally());
  for await (const folder of source.folders()) {
    assertEquals(folder.without?.((base) => /^0\.U3V5H[0-9a-f]{16}$/.test(base)), 1);
    for await (const _ of folder.messages()) throw new Error("nothing is left");
  }
  assertEquals(conn.output.includes("BODY"), false);
});

Deno.test("parseList() and parseInternalDate() read what servers write", () => {
  for (
    const [line, remote, levels] of [
      ['* LIST () "/" a', "a", ["a"]],
      ['* LIST () NIL "x.y"', "x.y", ["x.y"]],
      ['* LSUB () "\\\\" "a\\\\b"', "a\\b", ["a", "b"]],
      ['* LIST () "." "INBOX.A.B"', "INBOX.A.B", ["A", "B"]],
      ['* LIST () "/" "q\\"q"', 'q"q', ['q"q']],
    ] as const
  ) {
    const listed = parseList(line);
    assertEquals([listed?.remote, listed?.levels], [remote, [...levels]]);
  }
  for (const line of ["* 3 EXISTS", '* LIST () "/" ""', "* LIST"]) assertEquals(parseList(line), null);
  assertEquals(parseInternalDate("22-Nov-2020 10:00:00 +0100"), Date.UTC(2020, 10, 22, 9));
  assertEquals(parseInternalDate(" 2-Nov-2020 10:00:00 -0130"), Date.UTC(2020, 10, 2, 11, 30));
  for (const bad of ["", "22-Foo-2020 10:00:00 +0100", "x"]) assertEquals(parseInternalDate(bad), null);
});
