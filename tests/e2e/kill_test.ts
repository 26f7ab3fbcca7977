/** kill -9 under load, ten times: what was acknowledged is there, once; UIDs told once are for ever. */
import { assert, assertEquals } from "../support/assert.ts";
import { imapClient } from "../support/clients.ts";
import { RawClient, smtpMessage } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ROUNDS = 10;
const SENDERS = 6;
const APPENDERS = 3;

interface Acknowledged {
  /** Subjects that got 250, and those whose answer never came: these may be there or not, but not twice after their one sending. */
  readonly sent: Set<string>;
  readonly unsure: Set<string>;
  /** UID -> subject, from APPENDUID. */
  readonly appended: Map<number, string>;
  /** Told of every message that got 250. */
  told: () => void;
}

async function send(roost: RoostProcess, round: number, n: number, all: Acknowledged): Promise<void> {
  let subject = "";
  try {
    const client = await RawClient.connect("127.0.0.1", roost.ports.smtp);
    await client.reply();
    await client.say("EHLO load.test\r\n");
    await client.reply();
    for (let i = 0;; i++) {
      subject = `s-${round}-${n}-${i}`;
      all.unsure.add(subject);
      const acknowledged = await smtpMessage(
        client,
        "load@elsewhere.test",
        "alice@example.test",
        `Subject: ${subject}\r\n\r\n${"x".repeat(2000)}`,
      );
      assert(acknowledged, subject);
      all.unsure.delete(subject);
      all.sent.add(subject);
      all.told();
    }
  } catch (e) {
    if ((e as Error).name === "AssertionError") throw e;
    // The kill ends every connection: that is the point.
  }
}

async function append(roost: RoostProcess, round: number, n: number, all: Acknowledged): Promise<void> {
  try {
    const client = await RawClient.connect("127.0.0.1", roost.ports.imap);
    await client.line();
    await client.say("a LOGIN alice@example.test secret-alice\r\n");
    await client.tagged("a");
    for (let i = 0;; i++) {
      const subject = `a-${round}-${n}-${i}`;
      const message = `Subject: ${subject}\r\n\r\n${"y".repeat(1000)}\r\n`;
      all.unsure.add(subject);
      await client.say(`b${i} APPEND INBOX (\\Seen $Kept) {${message.length}+}\r\n${message}\r\n`);
      const done = (await client.tagged(`b${i}`)).at(-1) ?? "";
      const uid = /\[APPENDUID \d+ (\d+)\]/.exec(done)?.[1];
      assert(uid, done);
      all.unsure.delete(subject);
      all.appended.set(Number(uid), subject);
    }
  } catch (e) {
    if ((e as Error).name === "AssertionError") throw e;
  }
}

/** Resolves when `count` messages got 250; rejects when the load ends before, or after a minute. */
async function sentSoFar(all: Acknowledged, count: number, load: readonly Promise<void>[]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise<string>((resolve) => {
    all.told = () => all.sent.size >= count && resolve("");
    Promise.all(load).then(() => resolve("the load ended"), (e) => resolve(`the load failed: ${e}`));
    timer = setTimeout(() => resolve("time was up"), 60_000);
  });
  const why = await enough;
  clearTimeout(timer);
  all.told = () => {};
  if (why !== "") throw new Error(`${why} at ${all.sent.size} of ${count} messages`);
}

/** Subject of each UID. */
async function read(roost: RoostProcess): Promise<Map<number, string>> {
  const client = await imapClient(roost);
  await client.mailboxOpen("INBOX");
  const found = new Map<number, string>();
  for await (const m of client.fetch("1:*", { envelope: true, uid: true, flags: true })) {
    const subject = m.envelope?.subject ?? "";
    found.set(m.uid, subject);
    if (subject.startsWith("a-")) {
      assertEquals([...(m.flags ?? [])].filter((f) => f !== "\\Recent").sort(), ["$Kept", "\\Seen"]);
    }
  }
  await client.logout();
  return found;
}

Deno.test("e2e: kill -9 under load, ten times: nothing acknowledged is lost, nothing is doubled, no UID changes", async () => {
  await using roost = await RoostProcess.start();
  const all: Acknowledged = { sent: new Set(), unsure: new Set(), appended: new Map(), told: () => {} };
  let known = new Map<number, string>();
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) await roost.launch();
    const load = [
      ...Array.from({ length: SENDERS }, (_, n) => send(roost, round, n, all)),
      ...Array.from({ length: APPENDERS }, (_, n) => append(roost, round, n, all)),
    ];
    // Let some of the load through, then cut anywhere in it.
    const enough = all.sent.size + 100 + 37 * round;
    await sentSoFar(all, enough, load);
    await roost.kill();
    await Promise.all(load);
    await roost.launch();
    const found = await read(roost);
    const subjects = [...found.values()];
    const once = new Set(subjects);
    assertEquals(subjects.length, once.size, "nothing is doubled");
    for (const s of all.sent) assert(once.has(s), `${s} was acknowledged and is lost`);
    for (const [uid, subject] of all.appended) {
      assertEquals(found.get(uid), subject, `UID ${uid} was told to a client`);
    }
    for (const [uid, subject] of known) assertEquals(found.get(uid), subject, `UID ${uid} was seen before`);
    for (const s of once) {
      assert(all.sent.has(s) || all.unsure.has(s) || [...all.appended.values()].includes(s), s);
    }
    known = found;
    await roost.kill();
  }
  console.log(
    `${all.sent.size} messages and ${all.appended.size} appends acknowledged over ${ROUNDS} kills, ${all.unsure.size} unanswered`,
  );
});
