import { utf8 } from "../../mod/base/bytes.ts";
import { Output } from "../../mod/imap/output.ts";
import { Progress } from "../../mod/imap/progress.ts";
import { serveImap } from "../../mod/imap/serve.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { ALICE, ImapClient, imapServer } from "../support/imap_server.ts";
import { MemStore } from "../support/mem_store.ts";
import { ScriptConn } from "../support/script_conn.ts";
import { assert, assertEquals } from "../support/assert.ts";

function bench(verb: "SEARCH" | "SELECT" | "FETCH") {
  const clock = new FakeClock();
  const sent: string[] = [];
  let release: () => void = () => {};
  let slow = false;
  const out = new Output((bytes) => {
    sent.push(new TextDecoder().decode(bytes));
    return slow ? new Promise<void>((r) => release = r) : Promise.resolve();
  });
  const progress = new Progress(clock, out);
  progress.begin({ tag: "A]1", verb });
  return { clock, sent, out, progress, clog: () => slow = true, release: () => release() };
}

Deno.test("Progress tells after ten seconds, and each ten seconds, until the end (RFC 9585 4)", async () => {
  const { clock, sent, progress } = bench("SEARCH");
  await clock.advance(9_999);
  assertEquals(sent, []);
  progress.count(454, 1000);
  await clock.advance(1);
  assertEquals(sent, ['* OK [INPROGRESS ("A]1" 454 1000)] Still at it\r\n']);
  progress.count(999, 1000);
  await clock.advance(9_999);
  assertEquals(sent.length, 1);
  await clock.advance(1);
  assertEquals(sent[1], '* OK [INPROGRESS ("A]1" 999 1000)] Still at it\r\n');
  progress.hold();
  await clock.advance(100_000);
  assertEquals([sent.length, clock.waiting], [2, 0]);
});

Deno.test("Progress says NIL where it does not know, and never more than the goal", async () => {
  for (
    const [verb, done, goal, told] of [
      ["SELECT", null, 0, "NIL NIL"],
      ["SELECT", 5, 10, "NIL NIL"], // not what the command is about
      ["SEARCH", 11, 10, "10 10"],
      ["SEARCH", 0, 0, "0 NIL"],
    ] as const
  ) {
    const { clock, sent, progress } = bench(verb);
    if (done !== null) progress.count(done, goal);
    await clock.advance(10_000);
    assertEquals(sent, [`* OK [INPROGRESS ("A]1" ${told})] Still at it\r\n`]);
    progress.hold();
  }
  assertEquals([Progress.isLong("NOOP"), Progress.isLong("SEARCH")], [false, true]);
});

Deno.test("Progress counts from the beginning of each command, with one timer for all of them", async () => {
  const { clock, sent, progress } = bench("SEARCH");
  progress.count(1, 2);
  for (let n = 0; n < 25; n++) {
    await clock.advance(1_000);
    progress.hold();
    progress.begin({ tag: `B${n}`, verb: "SEARCH" });
    assertEquals(clock.waiting, 1);
  }
  assertEquals(sent, []);
  await clock.advance(9_999);
  assertEquals(sent, []);
  await clock.advance(1);
  assertEquals(sent, ['* OK [INPROGRESS ("B24" NIL NIL)] Still at it\r\n']);
  progress.close();
  assertEquals(clock.waiting, 0);
});

Deno.test("Progress keeps out of responses that are written in pieces, and away from who does not read", async () => {
  const held = bench("FETCH");
  held.progress.hold();
  await held.clock.advance(60_000);
  assertEquals(held.sent, []);

  const { clock, sent, out, progress, clog, release } = bench("SEARCH");
  clog();
  out.line("* 1 EXISTS");
  const flushed = out.flush();
  await clock.advance(60_000);
  assertEquals(sent, ["* 1 EXISTS\r\n"]);
  release();
  await flushed;
  await clock.advance(10_000);
  assertEquals(sent.length, 2);
  // What the command sends meanwhile waits for its turn.
  out.line("* 2 EXISTS");
  const second = out.flush();
  await settle();
  assertEquals(sent.length, 2);
  release();
  await settle();
  release();
  await second;
  assertEquals(sent[2], "* 2 EXISTS\r\n");
  progress.hold();
});

Deno.test("a long SELECT, COPY and SEARCH tell that they are under way, before their reply", async () => {
  const server = imapServer({ store: new MemStore() });
  const mail = await (server.store as MemStore).account(ALICE);
  const client = await ImapClient.loggedIn(server, "INBOX");
  await client.append("INBOX", "Subject: x\r\n\r\n");
  const inbox = mail.folder("INBOX");
  assert(inbox !== null);
  let go: () => void = () => {};
  const slow = <A extends unknown[], R>(fn: (...args: A) => Promise<R>) => async (...args: A) => {
    await new Promise<void>((r) => go = r);
    return await fn(...args);
  };
  mail.open = slow(mail.open.bind(mail));
  inbox.copy = slow(inbox.copy.bind(inbox));
  for (const command of ["COPY 1 Sent", "EXAMINE Sent"]) {
    const answer = client.run(command);
    await server.clock.advance(20_500);
    go();
    const lines = await answer;
    const told = lines.filter((l) => l.includes("INPROGRESS"));
    assertEquals(told.map((l) => l.replace(/"t\d+"/, "T")), [
      "* OK [INPROGRESS (T NIL NIL)] Still at it",
      "* OK [INPROGRESS (T NIL NIL)] Still at it",
    ]);
    assert(lines.at(-1)?.startsWith("OK"));
  }
  client.conn.end();
  await server.clock.advance(30_000);
});

Deno.test("SEARCH counts the messages it looked at", async () => {
  const store = new MemStore();
  const server = imapServer({ store });
  const folder = (await store.account(ALICE)).folder("INBOX");
  const text = utf8(`Subject: x\r\n\r\n${"x".repeat(70_000)}`);
  await folder?.add(Array.from({ length: 8 }, () => ({
    bytes: text,
    flags: { system: 0, keywords: [] },
    internalDate: 0,
  })));
  const own = new ScriptConn({ address: "127.0.0.1", port: 1 }, null);
  const pause = () => server.clock.advance(4_000);
  void serveImap(own, { ...server.ports, pause, clock: ticking(server.clock) });
  const client = new ImapClient(own);
  await client.ok(`LOGIN ${ALICE} secret`);
  await client.ok("SELECT INBOX");
  const lines = await client.ok("SEARCH BODY y");
  const counts = lines.flatMap((l) => /\("t\d+" (\d+) 8\)/.exec(l)?.[1] ?? []).map(Number);
  assert(counts.length >= 2, lines.join("\n"));
  assertEquals(counts, [...counts].sort((a, b) => a - b));
  own.end();
});

Deno.test("no INPROGRESS stands within a message that NOTIFY tells of", async () => {
  const store = new MemStore();
  const server = imapServer({ store });
  const folder = (await store.account(ALICE)).folder("INBOX");
  const own = new ScriptConn({ address: "127.0.0.1", port: 1 }, null);
  const pause = () => server.clock.advance(11_000);
  void serveImap(own, { ...server.ports, pause, clock: ticking(server.clock) });
  const client = new ImapClient(own);
  await client.ok(`LOGIN ${ALICE} secret`);
  await client.ok("SELECT INBOX");
  await client.ok("UID SEARCH RETURN (UPDATE (BODY.PEEK[])) ALL");
  assert(folder !== null);
  const text = `Subject: x\r\n\r\n${"x".repeat(1_000_000)}`;
  // As it comes from a disk: piece by piece.
  folder.contentNow = () => null;
  folder.content = () =>
    Promise.resolve({
      size: text.length,
      read: (start, end) => Promise.resolve(utf8(text.slice(start, end))),
      close: () => {},
    });
  await folder.add([{ bytes: utf8(text), flags: { system: 0, keywords: [] }, internalDate: 0 }]);
  const lines = await client.ok("NOTIFY SET (selected (MessageNew MessageExpunge))");
  assert(lines.join("\r\n").includes(`* 1 FETCH (BODY[] {${text.length}}\r\n${text})`), "in one piece");
  own.end();
});

/** Each look at the clock finds that much time has gone: every slice of work is over at once. */
function ticking(clock: FakeClock): FakeClock {
  let more = 0;
  return Object.assign(Object.create(clock) as FakeClock, {
    monotonic: () => clock.monotonic() + (more += 100),
    now: () => clock.now(),
    after: (ms: number, fn: () => void) => clock.after(ms, fn),
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
  });
}
