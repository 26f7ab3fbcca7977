import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { FsError } from "../../mod/base/fs.ts";
import { servePop3 } from "../../mod/pop3/serve.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { MemStore } from "../support/mem_store.ts";
import { filled, ports, TLS } from "../support/pop3.ts";
import { ScriptConn } from "../support/script_conn.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("pop3: a fault of the disk is temporary and the session goes on", async () => {
  const store = await filled();
  const account = await store.account("alice@example.test");
  const lock = account.lockForPop.bind(account);
  let broken = true;
  account.lockForPop = () => broken ? Promise.reject(new FsError("io", "open", "/secret/path")) : lock();
  const log = new MemoryLog();
  const conn = new ScriptConn({ address: "192.0.2.1", port: 1 }, TLS);
  const done = servePop3(conn, ports(store, { log }), new AbortController().signal);
  conn.feed("USER alice@example.test\r\nPASS secret\r\n");
  const text = await conn.until("[SYS/TEMP]");
  assert(!text.includes("secret/path"), text);
  broken = false;
  conn.feed("USER alice@example.test\r\nPASS secret\r\n");
  await conn.until("+OK 3 messages");
  conn.end();
  await done;
  assertEquals(log.lines.filter((l) => l.level === "error").length, 1);
});

Deno.test("pop3: a stop tells a waiting session and ends it", async () => {
  const stop = new AbortController();
  const conn = new ScriptConn();
  const done = servePop3(conn, ports(new MemStore()), stop.signal);
  await conn.until("ready");
  await settle();
  stop.abort();
  await done;
  assert(conn.output.endsWith("-ERR [SYS/TEMP] The server is stopping\r\n"), conn.output);
});

Deno.test("pop3: garbage of any kind ends in a bounded number of replies", async () => {
  const random = new SeededRandom(5);
  for (let round = 0; round < 20; round++) {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < 200; i++) {
      parts.push(random.bytes(random.int(300)), utf8(random.int(3) ? "\r\n" : "\n"));
    }
    const conn = new ScriptConn().feed(concat(parts), 1 + random.int(500)).end();
    const log = new MemoryLog();
    await servePop3(conn, ports(new MemStore(), { log }), new AbortController().signal);
    assert(conn.output.split("\r\n").length < 40);
    assertEquals(log.lines.filter((l) => l.level === "error"), []);
  }
});

Deno.test("pop3: a line of a million octets is one error", async () => {
  const conn = new ScriptConn().feed("x".repeat(1_000_000), 65536).feed("\r\nCAPA\r\n").end();
  await servePop3(conn, ports(new MemStore()), new AbortController().signal);
  assertEquals(fromUtf8(concat(conn.written)).split("\r\n").filter((l) => l.startsWith("-ERR")), [
    "-ERR Line too long",
  ]);
});

Deno.test("pop3: replies to commands that never end go out in bounded pieces", async () => {
  const conn = new ScriptConn().feed("CAPA\r\n".repeat(20_000)).end();
  await servePop3(conn, ports(new MemStore()), new AbortController().signal);
  assert(conn.written.length > 10, `${conn.written.length} writes`);
  for (const piece of conn.written) assert(piece.length < 70_000, `${piece.length} octets in one write`);
});

Deno.test("pop3: a client that drips octets and finishes no line is told and cut off, sooner before it has logged in", async () => {
  for (const { login, limit } of [{ login: false, limit: 60_000 }, { login: true, limit: 600_000 }]) {
    const clock = new FakeClock();
    const conn = new ScriptConn({ address: "192.0.2.1", port: 1 }, TLS);
    const done = servePop3(conn, ports(await filled(), { clock }), new AbortController().signal);
    if (login) conn.feed("USER alice@example.test\r\nPASS secret\r\n");
    await settle();
    const from = clock.monotonic();
    while (!conn.closed && clock.monotonic() - from < 3 * limit) {
      conn.feed("x");
      await clock.advance(20_000);
    }
    assert(conn.output.endsWith("-ERR [SYS/TEMP] Idle for too long\r\n"), conn.output);
    const waited = clock.monotonic() - from;
    assert(waited >= limit && waited <= limit + 80_000, `${waited}`);
    conn.end();
    await done;
    assertEquals(clock.waiting, 0);
  }
});

Deno.test("pop3: messages that are just being read are waited for where more commands are there, else not", async () => {
  const store = await filled();
  const account = await store.account("alice@example.test");
  const folder = account.folder("INBOX");
  assert(folder);
  const waited: number[] = [];
  Object.assign(folder, {
    comes(uid: number) {
      waited.push(uid);
      return uid === 2 ? null : Promise.resolve();
    },
  });
  const conn = new ScriptConn({ address: "192.0.2.1", port: 1 }, TLS);
  const done = servePop3(conn, ports(store), new AbortController().signal);
  conn.feed("USER alice@example.test\r\nPASS secret\r\n");
  await conn.until("+OK 3 messages");
  conn.feed("RETR 1\r\n");
  await conn.until("first\r\n.\r\n");
  assertEquals(waited, []);
  conn.feed("RETR 1\r\nRETR 2\r\nRETR 3\r\n");
  await conn.until("at the end\r\n.\r\n");
  assertEquals(waited, [1, 2]);
  conn.end();
  await done;
});
