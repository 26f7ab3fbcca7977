/** The work that holds.ts measures: see there. */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { passTurn } from "../../mod/base/clock.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import { serveImap } from "../../mod/imap/serve.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import { servePop3 } from "../../mod/pop3/serve.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { withTurns } from "../../mod/sys/loop_turns.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { openSqlite } from "../../mod/sys/sqlite.ts";
import { BufferPool } from "../../mod/wire/buffer_pool.ts";
import { FakeAuthenticator } from "../support/imap_server.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { fill, fillFolders, oddMessages } from "./hold_mail.ts";
import { BenchConn, measure } from "./hold_watch.ts";

const PARTS = ["imap", "pop3", "odd", "folders"];
const FOLDERS = 10_000;
const LARGE = 50_000_000; // octets of a message
const LISTED = /\r\n\.\r\n$/;
const DELIVERED = 50; // milliseconds between two deliveries meanwhile

const [count = "100000", ...chosen] = Deno.args;
const messages = Number(count);
const parts = chosen.length > 0 ? chosen : PARTS;
const dir = await Deno.makeTempDir({ prefix: "roost-holds-" });
const root = `${dir}/mail`;
const log = new MemoryLog();
const clock = withTurns(systemClock);
const random = systemRandom;
const fs = new DenoFs(log);
const buffers = new BufferPool();

function newStore(): MaildirStore {
  return new MaildirStore({ fs, clock, random, log, root, hostname: "bench", pid: 1 });
}

/** A server of its own, with one client that has logged in. */
async function withImap(work: (conn: BenchConn, store: MaildirStore) => Promise<void>): Promise<void> {
  const store = newStore();
  const index = new Indexes((account) => `${dir}/${account}.sqlite`, {
    openDatabase: openSqlite,
    fs,
    clock,
    random,
    log,
  });
  const stop = new AbortController();
  const conn = new BenchConn({ address: "127.0.0.1", port: 1 }, null);
  const done = serveImap(conn, {
    config: { hostname: "bench", cleartext: "loopback", tls: false, version: "0", messageSize: 2 * LARGE },
    store,
    authenticator: new FakeAuthenticator(),
    clock,
    random,
    log,
    pause: () => passTurn(clock),
    stopping: stop.signal,
    index,
    buffers,
  });
  await conn.ok("LOGIN alice@example.test secret");
  await work(conn, store);
  stop.abort();
  conn.end();
  await done;
  await index.close();
  await store.close();
}

/** Delivers a message to the inbox now and then until it is stopped. */
function delivering(store: MaildirStore): () => Promise<void> {
  let on = true;
  const body = memoryBody(utf8(`Subject: delivered\r\n\r\n${"text ".repeat(700)}\r\n`));
  const done = (async () => {
    while (on) {
      await store.deliver([{ account: "alice@example.test", mailbox: "INBOX", flags: NO_FLAGS }], body);
      await clock.sleep(DELIVERED);
    }
  })();
  return async () => {
    on = false;
    await done;
  };
}

/** Each command, its own words in front where they say more. */
async function all(conn: BenchConn, commands: readonly string[], note = ""): Promise<void> {
  for (const command of commands) await measure(`${note}${command}`, () => conn.ok(command));
}

const fifth = Math.floor(messages / 5);
const READING = [
  "SELECT INBOX",
  "FETCH 1:* (FLAGS)",
  "FETCH 1:* (UID FLAGS)",
  `FETCH 1:${fifth} (BODY.PEEK[])`,
  "SEARCH UNSEEN",
  "SEARCH UNSEEN SUBJECT 77",
  "SEARCH SUBJECT 77",
  "SORT (SUBJECT DATE) UTF-8 ALL",
  "SORT (ARRIVAL) UTF-8 ALL",
  "THREAD REFERENCES UTF-8 ALL",
  "THREAD ORDEREDSUBJECT UTF-8 ALL",
  "SEARCH TEXT number",
  "SEARCH BODY 77",
  "SEARCH OR LARGER 100 SENTSINCE 1-Jan-2020",
  "SEARCH RETURN (COUNT) ALL",
  "FETCH 1:* ENVELOPE",
  "FETCH 1:* (ENVELOPE BODYSTRUCTURE)",
  "FETCH 1:* (RFC822.SIZE INTERNALDATE)",
  "FETCH 1:* (EMAILID THREADID)",
];
const CHANGING = [
  "STORE 1:* +FLAGS (\\Flagged)",
  "SELECT INBOX",
  "ENABLE QRESYNC",
  "SELECT INBOX (QRESYNC (1 1))",
  "STORE 1:* +FLAGS.SILENT ($Work)",
  `STORE 1:* (UNCHANGEDSINCE 1) +FLAGS.SILENT ($Not)`,
  "FETCH 1:* (FLAGS) (CHANGEDSINCE 1)",
  "SEARCH MODSEQ 1 ALL",
  "UID COPY 1:2000 Trash",
  "UID MOVE 1:2000 Archive",
  `COPY 1:${fifth} Trash`,
  `MOVE 1:${fifth} Archive`,
  `STORE 1:${fifth} +FLAGS.SILENT (\\Deleted)`,
  "EXPUNGE",
  "STATUS Archive (MESSAGES UNSEEN SIZE)",
  "UNSELECT",
  "SELECT INBOX (QRESYNC (1 1))",
];

async function imapPart(): Promise<void> {
  fill(`${root}/example.test/alice`, messages);
  // As after a start: nothing is in memory, but the list of UIDs is there from the second time on.
  await withImap((conn) => all(conn, ["SELECT INBOX"], "first of all: "));
  await withImap(async (conn, store) => {
    await all(conn, READING);
    const stop = delivering(store);
    await all(
      conn,
      ["SELECT INBOX", "FETCH 1:* (UID FLAGS)", "SEARCH SUBJECT 77", "FETCH 1:* ENVELOPE"],
      "beside deliveries: ",
    );
    await stop();
    await all(conn, CHANGING);
  });
  await withImap(async (conn, store) => {
    await all(conn, ["SELECT INBOX"], "after a start: ");
    const stop = delivering(store);
    await all(conn, ["STORE 1:* -FLAGS.SILENT (\\Flagged)"], "beside deliveries: ");
    await stop();
  });
  await Deno.remove(root, { recursive: true });
}

async function popPart(): Promise<void> {
  fill(`${root}/example.test/alice`, messages);
  const store = newStore();
  const stop = new AbortController();
  const served: Promise<void>[] = [];
  const connect = async () => {
    const conn = new BenchConn({ address: "127.0.0.1", port: 1 }, null);
    served.push(servePop3(conn, {
      store,
      authenticator: new FakeAuthenticator(),
      clock,
      random,
      log,
      hostname: "bench",
      version: "0",
      tlsAvailable: false,
      cleartextAllowed: true,
      buffers,
    }, stop.signal));
    await conn.pop("USER alice@example.test");
    return conn;
  };
  const conn = await connect();
  await measure("POP3 login, first of all", () => conn.pop("PASS secret"));
  await measure("POP3 STAT", () => conn.pop("STAT"));
  await measure("POP3 UIDL", () => conn.pop("UIDL", LISTED));
  await measure("POP3 LIST", () => conn.pop("LIST", LISTED));
  await measure("POP3 QUIT", () => conn.pop("QUIT"));
  const other = await connect();
  await measure("POP3 login again", () => other.pop("PASS secret"));
  const some = Array.from({ length: fifth }, (_, i) => i + 1);
  await measure(`POP3 RETR of ${fifth}, pipelined`, () => many(other, some.map((n) => `RETR ${n}\r\n`)));
  await measure(`POP3 DELE of ${fifth}, pipelined`, () => many(other, some.map((n) => `DELE ${n}\r\n`)));
  await measure("POP3 QUIT after these", () => other.pop("QUIT"));
  stop.abort();
  await Promise.all(served);
  await store.close();
  await Deno.remove(root, { recursive: true });
}

/** Commands in one go. */
async function many(conn: BenchConn, commands: readonly string[]): Promise<void> {
  const bytes = utf8(commands.join(""));
  for (let at = 0; at < bytes.length; at += 16 * 1024) conn.feed(bytes.subarray(at, at + 16 * 1024));
  await conn.pop("STAT", /\+OK \d+ \d+\r\n$/);
}

async function oddPart(): Promise<void> {
  fill(`${root}/example.test/alice`, 30_000);
  await withImap(async (conn) => {
    await conn.ok("SELECT INBOX");
    const every = (least: number) => {
      let set = "1";
      for (let n = least; set.length < 60_000 && n < 30_000; n += 2) set += `,${n}`;
      return set;
    };
    await measure("FETCH of a set of 60,000 octets (FLAGS)", () => conn.ok(`FETCH ${every(3)} (FLAGS)`));
    await measure(
      "UID FETCH of a set of 60,000 octets (FLAGS)",
      () => conn.ok(`UID FETCH ${every(3)} (FLAGS)`),
    );
    await measure("STORE of a set of 60,000 octets", () => conn.ok(`STORE ${every(3)} +FLAGS ($Odd)`));
    await measure(
      "SEARCH UID of a set of 60,000 octets",
      () => conn.ok(`SEARCH UID ${every(3)} NOT ${every(5).slice(0, 1000)}1`),
    );
    for (const [name, text] of oddMessages(LARGE)) {
      const folder = name.replaceAll(/\W/g, "_");
      await conn.ok(`CREATE ${folder}`);
      const append = () => conn.ok(`APPEND ${folder} {${text.length}+}`, [text, utf8("\r\n")]);
      await measure(`${name}: APPEND`, append);
      await conn.ok(`SELECT ${folder}`);
      for (
        const command of [
          "FETCH 1 ENVELOPE",
          "FETCH 1 BODYSTRUCTURE",
          "FETCH 1 BODY.PEEK[]",
          "FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
          "FETCH 1 (PREVIEW)",
          "SEARCH SUBJECT nothing",
          "SEARCH TEXT nothing",
          "SORT (SUBJECT FROM) UTF-8 ALL",
          "THREAD REFERENCES UTF-8 ALL",
          "FETCH 1 BODY.PEEK[1]",
        ]
      ) await measure(`${name}: ${command}`, () => conn.ok(command));
      await conn.ok("STORE 1 +FLAGS (\\Deleted)");
      await conn.ok("EXPUNGE");
    }
  });
  await Deno.remove(root, { recursive: true });
}

async function folderPart(): Promise<void> {
  fillFolders(`${root}/example.test/alice`, FOLDERS);
  await withImap((conn) =>
    all(conn, [
      'LIST "" "*"',
      'LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT))',
      'LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT SIZE))',
      'LSUB "" "*"',
      "CREATE another",
      "SUBSCRIBE another",
      "RENAME another more",
      "DELETE more",
    ], `${FOLDERS} folders: `)
  );
}

try {
  for (const part of parts) {
    if (part === "imap") await imapPart();
    if (part === "pop3") await popPart();
    if (part === "odd") await oddPart();
    if (part === "folders") await folderPart();
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}
