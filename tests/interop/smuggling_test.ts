/**
 * SMTP smuggling: whatever stands around a dot, one message stays one. Each pair of line ends goes into Roost by every door, through Roost to
 * other mail servers by every way out, and from them to Roost.
 */
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { Exim } from "../support/exim.ts";
import type { FarOptions, FarServer } from "../support/far_server.ts";
import { ALICE, CAROL, decode, inbox, mail, Neighbours, PASSWORDS } from "../support/neighbours.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually } from "../support/programs.ts";
import { RawClient } from "../support/raw_client.ts";
import { runRoost } from "../support/roost_process.ts";

const ENDS = ["\r\n", "\r", "\n", "\n\r", "\r\r\n", "\r\n\n", "\r\0\n", "\0\r\n", "\0", "\v", "\u0085"];
/** All that is not CRLF . CRLF, though somebody may take it for that. */
const PAIRS = ENDS.flatMap((before) => ENDS.map((after) => `${before}.${after}`))
  .filter((pair) => !pair.includes("\r\n.\r\n"));
/** What a message within the message would do. */
const EVIL =
  `MAIL FROM:<${ALICE}>\r\nRCPT TO:<${ALICE}>\r\nRCPT TO:<dora@far.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx`;
const EVERY_PAIR = PAIRS.map((pair) => `text${pair}${EVIL}`).join("\r\n");

/** A session that is ready for MAIL: on port 25 as a stranger, or by submission as Alice. */
async function session(
  all: Neighbours<FarServer>,
  door: "smtp" | "submissions" | "lmtp",
): Promise<RawClient> {
  const { roost } = all;
  let client = await RawClient.connect(roost.address, roost.ports[door]);
  if (door === "submissions") {
    await client.conn.startTls(null, { name: "x", required: false });
    client = new RawClient(client.conn);
  }
  await client.reply();
  await ask(client, door === "lmtp" ? "LHLO c" : "EHLO c", /^250/);
  const login = btoa(`\0${ALICE}\0${PASSWORDS[ALICE]}`);
  if (door === "submissions") await ask(client, `AUTH PLAIN ${login}`, /^235/);
  return client;
}

async function ask(client: RawClient, command: string, want: RegExp): Promise<void> {
  await client.say(`${command}\r\n`);
  assertMatch(await client.reply(), want, command);
}

async function envelope(client: RawClient, to: string, parameters = ""): Promise<void> {
  await ask(client, `MAIL FROM:<${ALICE}>${parameters}`, /^250/);
  await ask(client, `RCPT TO:<${to}>`, /^250/);
}

/** One message by BDAT in two chunks, cut where it is worst; its answer. */
async function byChunks(client: RawClient, message: Uint8Array, cut: number): Promise<string> {
  const parts = [message.subarray(0, cut), message.subarray(cut)];
  const write = (part: Uint8Array, last: string) =>
    client.conn.write(concat([utf8(`BDAT ${part.length}${last}\r\n`), part]));
  await write(parts[0] ?? message, "");
  const first = await client.reply();
  await write(parts[1] ?? message, " LAST");
  const second = await client.reply();
  return first.startsWith("250") ? second : first;
}

/** Every pair by DATA and by BDAT: refused or one message, and the session in step. */
async function everyDoor(all: Neighbours<FarServer>): Promise<void> {
  for (const door of ["smtp", "submissions", "lmtp"] as const) {
    let client = await session(all, door);
    for (const [n, pair] of PAIRS.entries()) {
      // Who asks so much and sends nothing is shown the door.
      if (n % 10 === 9) {
        client.close();
        client = await session(all, door);
      }
      const where = `${door} ${JSON.stringify(pair)}`;
      const text = `From: ${ALICE}\r\nTo: ${ALICE}\r\nSubject: outer\r\n\r\ntext${pair}${EVIL}\r\n`;
      await envelope(client, ALICE);
      await ask(client, "DATA", /^354/);
      await client.say(`${text}.\r\n`);
      const byData = await client.reply();
      // No other reply gives this code: nothing of the message was taken for a command.
      await ask(client, "VRFY x", /^252/);
      await envelope(client, ALICE);
      const chunked = await byChunks(client, utf8(text), text.indexOf(pair) + 2);
      await ask(client, "VRFY x", /^252/);
      await ask(client, "RSET", /^250/);
      const harmless = !/\r(?!\n)|(?<!\r)\n|\0/.test(pair);
      for (const reply of [byData, chunked]) assertMatch(reply, harmless ? /^250/ : /^5/, where);
    }
    client.close();
  }
  const harmless = PAIRS.filter((pair) => !/\r(?!\n)|(?<!\r)\n|\0/.test(pair)).length;
  const messages = await eventually("all that was taken", async () => {
    const found = await inbox(all.roost, ALICE);
    return found.length >= 6 * harmless && found;
  });
  assertEquals(messages.length, 6 * harmless);
  for (const m of messages) assertMatch(decode(m), /^(?:[^\r]+\r\n)*Subject: outer\r\n/);
}

/** What was accepted in any way goes on as exactly one message. */
async function everyWayOut(all: Neighbours<FarServer>): Promise<void> {
  const client = await session(all, "submissions");
  const head = (subject: string, more = "") =>
    `From: ${ALICE}\r\nTo: ${CAROL}\r\nSubject: ${subject}\r\n${more}\r\n`;
  await envelope(client, CAROL);
  const dots = utf8(`${head("dots")}text\r\n.\r\n${EVIL}\r\n.\r\n..\r\n.`);
  assertMatch(await byChunks(client, dots, dots.length - 4), /^250/);
  await envelope(client, CAROL, " BODY=BINARYMIME");
  const type = "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n" +
    "Content-Transfer-Encoding: binary\r\n";
  assertMatch(await byChunks(client, utf8(head("binary", type) + EVERY_PAIR), 500), /^250/);
  client.close();
  const stdin = head("local").replaceAll("\r\n", "\n") + EVERY_PAIR.replaceAll("\0", "");
  const args = ["sendmail", "-i", "-f", ALICE, "--config", all.roost.config, CAROL];
  const ran = await runRoost(args, { stdin });
  assertEquals(ran.code, 0, ran.err);
  await all.submit(ALICE, [CAROL], mail(ALICE, CAROL, "last"));
  for (const subject of ["dots", "binary", "local", "last"]) await all.far.text("carol", subject);
  await eventually("an empty queue", async () => (await all.queued()).length === 0, 10);
  assertEquals([(await all.far.mail("carol")).length, (await all.far.mail("dora")).length], [4, 0]);
  const there = await all.far.text("carol", "dots");
  assert(there.includes(`text\n.\n${EVIL.replaceAll("\r\n", "\n")}\n.\n..\n.`), there);
}

/** What the other server sends with odd line ends arrives once, or comes back once. */
async function everyWayIn(all: Neighbours<FarServer>): Promise<void> {
  const before = (await inbox(all.roost, ALICE)).length;
  const text = (subject: string, body: string) =>
    utf8(`From: ${CAROL}\nTo: ${ALICE}\nSubject: ${subject}\n\n${body}\n`);
  await all.far.send(CAROL, ALICE, text("odd", EVERY_PAIR.replaceAll("\0", "")));
  await all.far.send(CAROL, ALICE, text("dots", `x\n.\n${EVIL.replaceAll("\r\n", "\n")}\n.\n`));
  await all.received(ALICE, "Subject: dots");
  const failed = async () => (await all.far.mail("carol")).some((m) => /^Action: failed$/m.test(decode(m)));
  const arrived = async () => (await inbox(all.roost, ALICE)).some((m) => decode(m).includes("Subject: odd"));
  await eventually("the odd one is here or back", async () => await failed() || await arrived(), 20);
  const count = (await inbox(all.roost, ALICE)).length - before;
  assertEquals(count, await arrived() ? 2 : 1);
  assertEquals((await all.far.mail("dora")).length, 0);
}

const KINDS: readonly (readonly [string, (options: FarOptions) => Promise<FarServer>])[] = [
  ["postfix", Postfix.start],
  [
    "postfix without CHUNKING",
    (options) => Postfix.start({ ...options, settings: "smtpd_discard_ehlo_keywords = chunking\n" }),
  ],
  ["exim", Exim.start],
];

for (const [n, [name, start]] of KINDS.entries()) {
  Deno.test(`smuggling: one message stays one, beside ${name}`, async (t) => {
    await using all = await Neighbours.start(start);
    const step = async (what: string, run: () => Promise<void>) => {
      await t.step(what, () => run().catch((e) => all.explain(e)));
    };
    if (n === 0) await step("by every door", () => everyDoor(all));
    await step("by every way out", () => everyWayOut(all));
    await step("by every way in", () => everyWayIn(all));
  });
}
