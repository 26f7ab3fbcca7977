/**
 * How long the event loop is held by one thing at a time, at 100,000 messages: `deno run -A tests/bench/holds.ts [MESSAGES]`. Each line: a command, its
 * wall time, and the longest stretch between two turns of a timer, in processor time of the process where that is less (others may have had
 * the processor meanwhile).
 */
import process from "node:process";
import { Indexes } from "../../mod/index/indexes.ts";
import { serveImap } from "../../mod/imap/serve.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { FakeAuthenticator } from "../support/imap_server.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { ScriptConn } from "../support/script_conn.ts";

const FILES = 40_000; // links a file may have on common file systems, and some to spare

/** Fills cur/ with mail of a thousand kinds. */
function fill(cur: string, messages: number): void {
  const kinds: string[] = [];
  for (let i = 0; i < messages; i++) {
    const kind = i % 1000 + 1000 * Math.floor(i / (FILES * 1000));
    const name = `${cur}/${1_700_000_000 + i}.M${i}P1.bench`;
    const known = kinds[kind];
    const text =
      `From: a${kind}@example.test\r\nTo: b@example.test\r\nSubject: about ${kind * 7919 % 1000}\r\n` +
      `Date: Mon, 1 Jun 2026 10:${`${kind % 60}`.padStart(2, "0")}:00 +0000\r\nMessage-ID: <${kind}@x>\r\n` +
      `References: <${kind % 50}@x>\r\n\r\n${`words of number ${kind} `.repeat(60)}\r\n`;
    const path = `${name},S=${text.length},W=${text.length}:2,${i % 3 ? "S" : ""}`;
    if (known === undefined) Deno.writeTextFileSync(path, text);
    else Deno.linkSync(known, path);
    kinds[kind] = path;
  }
}

/** Watches the loop until it is stopped; gives the longest hold in milliseconds. */
function watch(): () => number {
  let longest = 0;
  let on = true;
  let at = performance.now();
  let cpu = process.cpuUsage();
  const turn = () => {
    const now = performance.now();
    if (now - at > longest) {
      const used = process.cpuUsage(cpu);
      longest = Math.max(longest, Math.min(now - at, (used.user + used.system) / 1000));
    }
    cpu = process.cpuUsage();
    at = performance.now();
    if (on) setTimeout(turn, 0);
  };
  setTimeout(turn, 0);
  return () => {
    on = false;
    return longest;
  };
}

/** A client that looks at the end of what it is told only: 50 MB of answers would hold the loop longer than whoever writes them. */
class BenchConn extends ScriptConn {
  #commands = 0;
  #wake = () => {};

  override write(bytes: Uint8Array): Promise<void> {
    const done = super.write(bytes);
    this.written.splice(0, this.written.length - 2);
    this.#wake();
    return done;
  }

  async ok(command: string): Promise<void> {
    const tag = `b${++this.#commands}`;
    this.feed(`${tag} ${command}\r\n`);
    for (let reply = ""; !reply.startsWith("OK");) {
      await new Promise<void>((resolve) => this.#wake = resolve);
      const told = `\r\n${this.written.map((bytes) => fromUtf8(bytes.subarray(-2000))).join("")}`;
      reply = told.split(`\r\n${tag} `)[1] ?? "";
      if (/^(NO|BAD)/.test(reply)) throw new Error(`${command}: ${reply}`);
    }
  }
}

const messages = Number(Deno.args[0] ?? 100_000);
const dir = await Deno.makeTempDir({ prefix: "roost-holds-" });
try {
  const root = `${dir}/mail`;
  const account = `${root}/example.test/alice`;
  for (const part of ["new", "cur", "tmp"]) await Deno.mkdir(`${account}/${part}`, { recursive: true });
  fill(`${account}/cur`, messages);
  const log = new MemoryLog();
  const clock = systemClock;
  const random = systemRandom;
  const fs = new DenoFs(log);
  const store = new MaildirStore({ fs, clock, random, log, root, hostname: "bench", pid: 1 });
  const index = new Indexes(() => `${dir}/alice.sqlite`, {
    openDatabase: openSqlite,
    fs,
    clock,
    random,
    log,
  });
  const stop = new AbortController();
  const conn = new BenchConn({ address: "127.0.0.1", port: 1 }, null);
  const done = serveImap(conn, {
    config: { hostname: "bench", cleartext: "loopback", tls: false, version: "0", messageSize: 1_000_000 },
    store,
    authenticator: new FakeAuthenticator(),
    clock,
    random,
    log,
    pause: () => clock.sleep(0),
    stopping: stop.signal,
    index,
  });
  const commands = [
    "LOGIN alice@example.test secret",
    "ENABLE QRESYNC",
    "SELECT INBOX",
    "FETCH 1:* (UID FLAGS)",
    "SEARCH UNSEEN SUBJECT 77",
    "SORT (SUBJECT DATE) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL",
    "SEARCH TEXT number",
    "FETCH 1:* ENVELOPE",
    "STORE 1:* +FLAGS.SILENT (\\Flagged)",
    "SELECT INBOX (QRESYNC (1 1))",
    "FETCH 1:* (FLAGS) (CHANGEDSINCE 1)",
    "UID COPY 1:2000 Trash",
    "UID MOVE 1:2000 Archive",
    `STORE 1:${Math.floor(messages / 5)} +FLAGS.SILENT (\\Deleted)`,
    "EXPUNGE",
    "STATUS INBOX (MESSAGES UNSEEN SIZE)",
  ];
  for (const command of commands) {
    const began = performance.now();
    const held = watch();
    await conn.ok(command);
    await new Promise((r) => setTimeout(r, 5));
    const wall = performance.now() - began;
    console.log(
      `${command.padEnd(40)} ${wall.toFixed(0).padStart(7)} ms, longest hold ${
        held().toFixed(1).padStart(6)
      } ms`,
    );
  }
  stop.abort();
  conn.end();
  await done;
  await index.close();
  await store.close();
} finally {
  await Deno.remove(dir, { recursive: true });
}
