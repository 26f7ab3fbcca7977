import { utf8 } from "../../mod/base/bytes.ts";
import { SEEN } from "../../mod/store/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { ALICE, ImapClient, type ImapServer, imapServer } from "../support/imap_server.ts";
import type { MemFolder } from "../support/mem_folder.ts";
import { MemStore } from "../support/mem_store.ts";

async function inbox(items: string): Promise<{ server: ImapServer; client: ImapClient; folder: MemFolder }> {
  const store = new MemStore();
  const server = imapServer({ store });
  const client = await ImapClient.loggedIn(server, "INBOX");
  await client.ok(`NOTIFY SET (selected (MessageNew (${items}) MessageExpunge FlagChange))`);
  client.conn.written.length = 0;
  const folder = (await store.account(ALICE)).folder("INBOX");
  assert(folder !== null);
  return { server, client, folder };
}

const message = (text: string) => ({
  bytes: utf8(text),
  flags: { system: 0, keywords: [] },
  internalDate: Date.UTC(2026, 0, 2),
});

async function heard(client: ImapClient): Promise<string> {
  await settle();
  const { output } = client.conn;
  client.conn.written.length = 0;
  return output;
}

Deno.test("what is told of new messages does not make them seen, however large they are", async () => {
  const { client, folder } = await inbox("UID BODY[TEXT] ENVELOPE");
  const body = "x".repeat(400_000);
  await folder.add([message("Subject: small\r\n\r\nbody"), message(`Subject: large\r\n\r\n${body}`)]);
  const told = await heard(client);
  assert(
    told.startsWith(
      '* 2 EXISTS\r\n* 2 RECENT\r\n* 1 FETCH (UID 1 BODY[TEXT] {4}\r\nbody ENVELOPE (NIL "small"',
    ),
  );
  assert(told.includes(`* 2 FETCH (UID 2 BODY[TEXT] {400000}\r\n${body} ENVELOPE (NIL "large"`));
  assertEquals(folder.messages.map((m) => m.flags & SEEN), [0, 0]);
});

Deno.test("a message that is gone again is not told of, nor is one of an encoding nobody knows", async () => {
  const { client, folder } = await inbox("BINARY.PEEK[1]");
  const odd = "Content-Transfer-Encoding: x-odd\r\n\r\nbody";
  await folder.add([message("a\r\n\r\nbody"), message(odd), message("b\r\n\r\nbody")]);
  assertEquals((await heard(client)).match(/\* \d+ FETCH/g), ["* 1 FETCH", "* 3 FETCH"]);
  await folder.add([message("c")]);
  await folder.expunge([4]);
  const told = await heard(client);
  assert(!told.includes("* 4 FETCH (BINARY"), told);
  assertEquals((await client.ok("NOOP")).filter((l) => / (EXISTS|EXPUNGE)$/.test(l)), []);
  assertEquals((await client.ok("FETCH 1:* UID")).length, 4);
});

Deno.test("commands that come while new messages are told wait for their turn", async () => {
  const { client, folder } = await inbox("UID BODY.PEEK[]");
  const large = "Subject: x\r\n\r\n" + "y".repeat(300_000);
  await folder.add([message(large), message(large)]);
  client.conn.feed("z NOOP\r\n");
  await client.conn.until("z OK");
  const output = client.conn.output;
  assert(output.indexOf("z OK") > output.indexOf("* 2 FETCH (UID 2 BODY[]"));
  assert(output.endsWith("z OK Completed\r\n"));
});

Deno.test("a disk that fails while something is told is no end of the session", async () => {
  const { server, client, folder } = await inbox("UID BODY.PEEK[]");
  folder.contentNow = () => {
    throw new TypeError("Cannot read");
  };
  await folder.add([message("x")]);
  const told = await heard(client);
  assert(told.startsWith("* 1 EXISTS\r\n"), told);
  assert(server.log.lines.some((l) => l.level === "error"));
  assertEquals(await client.ok("NOOP"), ["OK Completed"]);
});

Deno.test("of very many changes a client is told in pieces, by the numbers that are true after the removals", async () => {
  const store = new MemStore();
  const server = imapServer({ store });
  const client = await ImapClient.loggedIn(server, "INBOX");
  const folder = (await store.account(ALICE)).folder("INBOX");
  assert(folder !== null);
  await folder.add(Array.from({ length: 3000 }, () => message("Subject: x\r\n\r\n")));
  await client.ok("NOOP");
  for (const idle of [false, true]) {
    const uids = folder.messages.map((m) => m.uid);
    if (idle) client.conn.feed("i IDLE\r\n");
    await settle();
    client.conn.written.length = 0;
    await folder.setFlags(uids, idle ? SEEN : 0, idle ? 0 : SEEN, null);
    await folder.expunge(uids.filter((uid) => uid % 4 === 0));
    const lines = idle ? [] : await client.ok("NOOP");
    if (idle) lines.push(...(await heard(client)).split("\r\n"));
    // What the client makes of it, from what it knew.
    const known = [...uids];
    const seen = new Map<number, boolean>();
    for (const line of lines) {
      const [, n = "", what] = /^\* (\d+) (EXPUNGE|FETCH)/.exec(line) ?? [];
      if (what === "EXPUNGE") known.splice(Number(n) - 1, 1);
      if (what === "FETCH") seen.set(known[Number(n) - 1] ?? 0, line.includes("\\Seen"));
    }
    assertEquals(known, folder.messages.map((m) => m.uid));
    assertEquals([seen.size, [...seen.values()].every((is) => is !== idle)], [known.length, true]);
    assertEquals([...seen.keys()].sort((a, b) => a - b), known);
  }
});
