/**
 * `deno task bench [PART ...]`: what a real Roost process does on this machine, as a table. The bench is the client; figures are medians of three.
 * Parts are parsers, smtp, disk, imap, drain, queue; all unless named. `postfix` besides them puts Postfix beside `drain`.
 */
import { utf8 } from "../../mod/base/bytes.ts";
import { RawClient, smtpMessage } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { diskRows } from "./disk.ts";
import { drainRows } from "./drain.ts";
import { dkimRows } from "./dkim.ts";
import { parserRows } from "./parsers.ts";
import { queueStartRows } from "./queue_start.ts";
import { median, type Row, table } from "./table.ts";

const RUNS = 3;
const MESSAGE = `From: a@elsewhere.test\r\nTo: alice@example.test\r\nSubject: bench\r\n\r\n${
  `${"x".repeat(70)}\r\n`.repeat(56)
}`;

/** A message of about so many octets. */
function messageOf(size: number): string {
  return size === 4096 ? MESSAGE : `${MESSAGE}${`${"y".repeat(70)}\r\n`.repeat((size - 4096) / 72)}`;
}

/** Messages a second over so many sessions, each on one connection. */
async function smtpRate(
  roost: RoostProcess,
  sessions: number,
  count: number,
  message: string,
): Promise<number> {
  const clients = await Promise.all(Array.from({ length: sessions }, async () => {
    const client = await RawClient.connect("127.0.0.1", roost.ports.smtp);
    await client.reply();
    await client.say("EHLO bench.test\r\n");
    await client.reply();
    return client;
  }));
  let left = count;
  const start = performance.now();
  await Promise.all(clients.map(async (client, i) => {
    const to = `u${i % 10}@example.test`;
    while (left-- > 0) {
      if (!(await smtpMessage(client, "a@elsewhere.test", to, message))) throw new Error("not accepted");
    }
  }));
  const seconds = (performance.now() - start) / 1000;
  for (const c of clients) c.close();
  return count / seconds;
}

async function smtpRows(roost: RoostProcess): Promise<Row[]> {
  const rows: Row[] = [];
  const cases = [
    ["4 KB", 4096, 1, 1000],
    ["4 KB", 4096, 10, 4000],
    ["4 KB", 4096, 50, 6000],
    ["100 KB", 100_000, 1, 300],
    ["100 KB", 100_000, 10, 1000],
    ["5 MB", 5_000_000, 1, 20],
    ["5 MB", 5_000_000, 10, 60],
  ] as const;
  for (const [name, size, sessions, count] of cases) {
    const message = messageOf(size);
    const rates: number[] = [];
    for (let i = 0; i < RUNS; i++) rates.push(await smtpRate(roost, sessions, count, message));
    rows.push({
      what: `SMTP to Maildir, ${name}, durable, ${sessions} session${sessions > 1 ? "s" : ""}`,
      value: median(rates),
      unit: "messages/s",
    });
  }
  return rows;
}

async function login(roost: RoostProcess): Promise<RawClient> {
  const client = await RawClient.connect("127.0.0.1", roost.ports.imap);
  await client.line();
  await client.say("l LOGIN fetch@example.test secret\r\n");
  await client.tagged("l");
  return client;
}

/** Milliseconds until the tagged answer; the answer's octets are not kept as lines. */
async function timed(client: RawClient, command: string): Promise<number> {
  const start = performance.now();
  await client.conn.write(utf8(`t ${command}\r\n`));
  const end = utf8("\r\nt OK");
  let tail = new Uint8Array(0);
  for (;;) {
    const chunk = await client.conn.read();
    if (!chunk) throw new Error("closed");
    const seen = new Uint8Array(tail.length + chunk.length);
    seen.set(tail);
    seen.set(chunk, tail.length);
    const text = new TextDecoder("latin1").decode(seen.subarray(Math.max(0, seen.length - 4096)));
    if (/(^|\r\n)t (OK|NO|BAD)[^\r\n]*\r\n$/.test(text)) {
      if (!text.includes("t OK")) throw new Error(text);
      return performance.now() - start;
    }
    tail = seen.slice(-256);
    void end;
  }
}

/** A folder of 10,000 messages as another program left it. */
async function fill(roost: RoostProcess): Promise<void> {
  const dir = `${roost.maildir("fetch@example.test")}`;
  for (const d of ["cur", "new", "tmp"]) await Deno.mkdir(`${dir}/${d}`, { recursive: true, mode: 0o700 });
  const bytes = utf8(MESSAGE);
  for (let i = 0; i < 10_000; i++) {
    Deno.writeFileSync(
      `${dir}/cur/${1_700_000_000 + i}.M${i}P1.bench,S=${bytes.length},W=${bytes.length}:2,${
        i % 3 ? "S" : ""
      }`,
      bytes,
    );
  }
}

async function imapRows(roost: RoostProcess): Promise<Row[]> {
  await fill(roost);
  const client = await login(roost);
  const rows: Row[] = [{
    what: "SELECT, 10,000 messages, first ever",
    value: await timed(client, "SELECT INBOX"),
    unit: "ms",
  }];
  const commands = [
    "SELECT INBOX",
    "FETCH 1:* (UID FLAGS)",
    "FETCH 1:* (UID FLAGS RFC822.SIZE INTERNALDATE)",
    "FETCH 1:* ENVELOPE",
    "FETCH 1:* BODYSTRUCTURE",
    "FETCH 1:* BODY.PEEK[]",
    "SEARCH SUBJECT nothing",
    "SEARCH TEXT nothing",
  ];
  for (const command of commands) {
    await timed(client, command);
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) times.push(await timed(client, command));
    rows.push({ what: `${command}, 10,000 messages, warm`, value: median(times), unit: "ms" });
  }
  client.close();
  return rows;
}

function rss(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

const users = Object.fromEntries(
  [...Array.from({ length: 10 }, (_, i) => `u${i}`), "alice", "fetch"].map((
    u,
  ) => [`${u}@example.test`, "secret"]),
);
const PARTS = ["parsers", "smtp", "disk", "imap", "drain", "queue"];
const named = Deno.args.filter((part) => PARTS.includes(part));
const wants = (part: string) => named.length === 0 || named.includes(part);
const rows: Row[] = wants("parsers") ? [...await parserRows(), ...await dkimRows()] : [];
const disk = await Deno.makeTempDir({ prefix: "roost-disk-" });
try {
  await using roost = await RoostProcess.start({ users });
  // The first start issues a certificate, which takes memory that no later start does.
  await roost.stop();
  await roost.launch();
  await new Promise((r) => setTimeout(r, 3000));
  rows.push({ what: "idle memory of serve (RSS)", value: rss(roost.pid), unit: "MB" });
  if (wants("smtp")) rows.push(...await smtpRows(roost));
  if (wants("disk")) rows.push(...await diskRows(disk));
  if (wants("imap")) rows.push(...await imapRows(roost));
  rows.push({ what: "memory after all that (RSS)", value: rss(roost.pid), unit: "MB" });
  if (wants("queue")) rows.push(...await queueStartRows());
  if (wants("drain")) rows.push(...await drainRows(Deno.args.includes("postfix")));
} finally {
  await Deno.remove(disk, { recursive: true });
}
console.log(table(rows));
