/** Roost and Postfix as neighbours: mail goes out by MX from a test name server, comes back, waits for who is down, bounces from who refuses. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient, mailer } from "../support/clients.ts";
import { type DnsServer, startDnsServer } from "../support/dns_server.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually } from "../support/programs.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const DELTA = "δέλτα@example.test";
const PASSWORDS: Readonly<Record<string, string>> = { [ALICE]: "secret-alice", [DELTA]: "secret-delta" };
const CAROL = "carol@far.test";

/** The two and their name server. */
class Neighbours implements AsyncDisposable {
  readonly roost: RoostProcess;
  readonly postfix: Postfix;
  readonly dns: DnsServer;
  /** Where Postfix listens. */
  readonly there: string;
  readonly #all: AsyncDisposableStack;

  private constructor(
    roost: RoostProcess,
    postfix: Postfix,
    dns: DnsServer,
    there: string,
    all: AsyncDisposableStack,
  ) {
    this.roost = roost;
    this.postfix = postfix;
    this.dns = dns;
    this.there = there;
    this.#all = all;
  }

  static async start(): Promise<Neighbours> {
    await using all = new AsyncDisposableStack();
    // Mail exchangers listen on port 25, so each neighbour has a loopback address of its own; any, so that runs do not meet.
    const [here, there] = [loopback(), loopback()];
    const dns = await startDnsServer({
      "far.test": { MX: [{ preference: 10, exchange: "mx.far.test" }] },
      "mx.far.test": { A: [there] },
    });
    all.defer(() => dns.close());
    const roost = all.use(
      await RoostProcess.start({
        address: here,
        ports: { smtp: 25 },
        users: PASSWORDS,
        config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
      }),
    );
    const postfix = all.use(
      await Postfix.start({
        address: there,
        domain: "far.test",
        users: ["carol", "dora", "ελένη"],
        relay: `[${here}]:25`,
        tls: `${roost.dir}/data/tls`,
      }),
    );
    return new Neighbours(roost, postfix, dns, there, all.move());
  }

  /** Somebody of ours sends a whole message by submission. */
  async submit(from: string, to: readonly string[], raw: Uint8Array): Promise<void> {
    const transport = mailer(this.roost, "submissions", from, PASSWORDS[from]);
    await transport.sendMail({ envelope: { from, to: [...to] }, raw: Buffer.from(raw) });
  }

  /** The message with `text` in a mailbox of Roost, once it is there. */
  async received(user: string, text: string): Promise<Uint8Array> {
    const probe = async () => (await inbox(this.roost, user)).find((m) => decode(m).includes(text));
    return await eventually(`a message with "${text}"`, probe).catch((e) => this.explain(e));
  }

  /** Throws again, with what both logged. */
  async explain(e: unknown): Promise<never> {
    throw new Error(`${e}\n${await this.postfix.log()}\n${this.roost.log}`);
  }

  /** Messages in Roost's queue. */
  async queued(): Promise<{ readonly id: string; readonly attempts: number }[]> {
    const listed = await this.roost.verb("queue", "list", "--json");
    assertEquals(listed.code, 0, listed.err);
    return JSON.parse(listed.out);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#all.disposeAsync();
  }
}

function loopback(): string {
  return `127.${[...randomBytes(3)].map((n) => 2 + n % 250).join(".")}`;
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function inbox(roost: RoostProcess, user: string): Promise<Uint8Array[]> {
  const client = await imapClient(roost, user, PASSWORDS[user]);
  try {
    const box = await client.mailboxOpen("INBOX");
    const all: Uint8Array[] = [];
    if (box.exists === 0) return all;
    for await (const m of client.fetch("1:*", { source: true })) all.push(new Uint8Array(m.source ?? []));
    return all;
  } finally {
    await client.logout();
  }
}

function mail(from: string, to: string, subject: string, body: Uint8Array = utf8("x\r\n")): Uint8Array {
  return concat([utf8(`From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n`), body]);
}

/** Octets with LF for CRLF, and the other way round, as Postfix keeps messages. */
function toLf(bytes: Uint8Array): Uint8Array {
  return bytes.filter((c, i) => c !== 13 || bytes[i + 1] !== 10);
}

/** What follows the header, with LF line ends. */
function bodyOf(message: Uint8Array): Uint8Array {
  const lf = toLf(message);
  return lf.subarray(lf.findIndex((c, i) => c === 10 && lf[i + 1] === 10) + 2);
}

/** Lines of any octets but NUL, CR and LF, many with dots in front. */
function oddLines(size: number): Uint8Array {
  const lines: Uint8Array[] = [utf8(".\r\n..\r\n.x\r\n\r\n")];
  for (let at = 0; at < size; at += 500) {
    const line = randomBytes(500).map((c) => c === 0 || c === 10 || c === 13 ? 0xff : c);
    line.fill(0x2e, 0, at % 3);
    lines.push(line, utf8("\r\n"));
  }
  return concat(lines);
}

Deno.test("postfix: mail both ways by MX over STARTTLS, every octet as it was", async () => {
  await using all = await Neighbours.start();
  const { roost, postfix, dns } = all;
  for (const [subject, body] of [["small", oddLines(5000)], ["large", oddLines(3_000_000)]] as const) {
    await all.submit(ALICE, [CAROL, "dora@far.test"], mail(ALICE, CAROL, subject, body));
    for (const user of ["carol", "dora"]) {
      const there = await postfix.octets(user, subject);
      assertMatch(decode(there), /^Received: from mail\.example\.test[^]*?using TLSv1\.3/m);
      assertEquals(bodyOf(there), toLf(body), `${subject} at ${user}`);
    }
    await postfix.send(CAROL, ALICE, toLf(mail(CAROL, ALICE, `${subject} again`, body)));
    const back = await all.received(ALICE, `Subject: ${subject} again`);
    assertMatch(decode(back), /^Received: from mail\.far\.test [^]*?with ESMTPS/m);
    assertEquals(bodyOf(back), toLf(body), `${subject} on its way back`);
  }
  assert(dns.asked.includes("far.test MX"));
  assertEquals(await all.queued(), [], roost.log);
});

Deno.test("postfix: UTF-8 addresses both ways", async () => {
  await using all = await Neighbours.start();
  const helen = "ελένη@far.test";
  await all.submit(DELTA, [helen], mail(DELTA, helen, "ναι"));
  assertMatch(await all.postfix.text("ελένη", "ναι"), /^Received: [^]*?with UTF8SMTPS/m);
  await all.postfix.send(helen, DELTA, toLf(mail(helen, DELTA, "όχι")));
  const back = decode(await all.received(DELTA, "Subject: όχι"));
  assertMatch(back, /^Return-Path: <ελένη@far\.test>/m);
  assertMatch(back, /^Received: [^]*?with UTF8SMTPS/m);
});

Deno.test("postfix: who is not there is told of, both ways", async () => {
  await using all = await Neighbours.start();
  await all.submit(ALICE, ["nobody@far.test", CAROL], mail(ALICE, CAROL, "to two"));
  await all.postfix.text("carol", "to two");
  const bounce = decode(await all.received(ALICE, "multipart/report"));
  assertMatch(bounce, /^Return-Path: <>/m);
  assertMatch(bounce, /^Final-Recipient: rfc822; ?nobody@far\.test/im);
  assertEquals(bounce.match(/^Final-Recipient:/gim)?.length, 1);
  assertMatch(bounce, /^Action: failed/im);
  assertMatch(bounce, /^Status: 5\.1\.1/im);
  assertMatch(bounce, /^Diagnostic-Code: smtp; 550 5\.1\.1/im);
  await all.postfix.send(CAROL, "nobody@example.test", toLf(mail(CAROL, "nobody@example.test", "to none")));
  const theirs = await all.postfix.text("carol", "Undelivered Mail Returned to Sender");
  assertMatch(theirs, /^Final-Recipient: rfc822; nobody@example\.test/m);
  assertMatch(theirs, /^Status: 5\.1\.1/m);
  assertEquals(await all.queued(), []);
});

Deno.test("postfix: who is down gets mail later, by schedule, by hand, and the other way", async () => {
  await using all = await Neighbours.start();
  const { roost, postfix } = all;
  const put = async (subject: string) => {
    await postfix.stop();
    await all.submit(ALICE, [CAROL], mail(ALICE, CAROL, subject));
    const probe = async () => (await all.queued()).find((m) => m.attempts > 0);
    return await eventually("a first attempt", probe).catch((e) => all.explain(e));
  };
  const due = await put("by schedule");
  // Roost sleeps past the time of its next attempt: instead of waiting, that time is brought forward.
  await roost.stop();
  const journal = `${roost.dir}/data/queue/${due.id}.state`;
  const text = await Deno.readTextFile(journal);
  const early = text.replace(/"next":\d+/g, `"next":${Date.now()}`);
  assert(early !== text, text);
  await Deno.writeTextFile(journal, early);
  await postfix.launch();
  await roost.launch();
  await postfix.text("carol", "by schedule");

  const waiting = await put("by hand");
  await postfix.launch();
  const retried = await roost.verb("queue", "retry", waiting.id);
  assertEquals(retried.code, 0, retried.err);
  await postfix.text("carol", "by hand");
  await eventually("an empty queue", async () => (await all.queued()).length === 0);

  await roost.stop();
  await postfix.send(CAROL, ALICE, toLf(mail(CAROL, ALICE, "while Roost is down")));
  await eventually("Postfix put it off", async () => (await postfix.log()).includes("status=deferred"));
  await roost.launch();
  await postfix.flush();
  await all.received(ALICE, "Subject: while Roost is down");
});

Deno.test("postfix: success is told once, by whoever delivers, both ways, with the names the sender gave", async () => {
  await using all = await Neighbours.start();
  const { roost, postfix } = all;
  const transport = mailer(roost, "submissions", ALICE, PASSWORDS[ALICE]);
  await transport.sendMail({
    envelope: { from: ALICE, to: [CAROL] },
    dsn: { id: "out+1", return: "headers", notify: "success", recipient: "Carol@old.test" },
    raw: Buffer.from(mail(ALICE, CAROL, "outwards")),
  });
  await postfix.octets("carol", "outwards");
  const told = decode(await all.received(ALICE, "Original-Envelope-Id: out+1"));
  assertMatch(told, /^Reporting-MTA: dns; \S*far\.test\r$/m);
  assertMatch(told, /^Original-Recipient: rfc822; ?Carol@old\.test\r$/m);
  assertMatch(told, /^Action: delivered\r$/m);
  assertEquals((await inbox(roost, ALICE)).length, 1);

  const client = await RawClient.connect(all.there, 25);
  await client.reply();
  const message = decode(mail(CAROL, ALICE, "inwards"));
  const lines = [
    "EHLO client.test",
    `MAIL FROM:<${CAROL}> RET=HDRS ENVID=in+2B1`,
    `RCPT TO:<${ALICE}> NOTIFY=SUCCESS ORCPT=rfc822;Alice@old.test`,
    "DATA",
    `${message}.`,
  ];
  for (const line of lines) {
    await client.say(`${line}\r\n`);
    assertMatch(await client.reply(), /^[23]/);
  }
  client.close();
  await all.received(ALICE, "inwards");
  const report = await postfix.text("carol", "Your message was delivered: inwards");
  assertMatch(report, /^Original-Envelope-Id: in\+1$/m);
  assertMatch(report, /^Original-Recipient: rfc822; Alice@old\.test$/m);
  assertMatch(report, /^Action: delivered$/m);
});
