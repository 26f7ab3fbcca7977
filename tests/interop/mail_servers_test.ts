/** Roost beside each other mail server, each sending to the other by MX over STARTTLS: octets, chunks, UTF-8 addresses, reports of success. */
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { mailer } from "../support/clients.ts";
import { Exim } from "../support/exim.ts";
import type { FarOptions, FarServer } from "../support/far_server.ts";
import {
  ALICE,
  bodyOf,
  CAROL,
  decode,
  DELTA,
  inbox,
  mail,
  Neighbours,
  oddLines,
  PASSWORDS,
  toLf,
} from "../support/neighbours.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually } from "../support/programs.ts";
import { RawClient } from "../support/raw_client.ts";

interface Kind {
  readonly name: string;
  readonly start: (options: FarOptions) => Promise<FarServer>;
  /** Its `Received:` of mail that came from us over TLS. */
  readonly received: RegExp;
  /** Its log of a message that came by BDAT, and of one that it sent so; null: it never does. */
  readonly tookChunks: RegExp;
  readonly sentChunks: RegExp | null;
}

const KINDS: readonly Kind[] = [
  {
    name: "postfix",
    start: Postfix.start,
    received: /^Received: from mail\.example\.test[^]*?using TLSv1\.3/m,
    tookChunks: /disconnect from .* starttls=1 .*bdat=/,
    sentChunks: null,
  },
  {
    name: "exim",
    start: Exim.start,
    received: /^Received: from \[127[^]*?helo=mail\.example\.test[^]*?with esmtps {2}\(TLS1\.3/m,
    // "K": by BDAT.
    tookChunks: / <= alice@example\.test .* X=TLS1\.3\S* .*\bK /,
    sentChunks: / => alice@example\.test .* X=TLS1\.3\S* .*\bK /,
  },
];

/** A message through the other server's own SMTP, with these parameters of MAIL and RCPT. */
async function inject(all: Neighbours<FarServer>, message: string, to: string, mail: string, rcpt: string) {
  const client = await RawClient.connect(all.there, 25);
  await client.reply();
  const lines = [
    "EHLO client.test",
    `MAIL FROM:<${CAROL}>${mail}`,
    `RCPT TO:<${to}>${rcpt}`,
    "DATA",
    `${message}.`,
  ];
  for (const line of lines) {
    await client.say(`${line}\r\n`);
    assertMatch(await client.reply(), /^[23]/, line);
  }
  client.close();
}

async function octetsBothWays(all: Neighbours<FarServer>, kind: Kind): Promise<void> {
  for (const [subject, body] of [["small", oddLines(5000)], ["large", oddLines(3_000_000)]] as const) {
    await all.submit(ALICE, [CAROL, "dora@far.test"], mail(ALICE, CAROL, subject, body));
    for (const user of ["carol", "dora"]) {
      const there = await all.far.octets(user, subject);
      assertMatch(decode(there), kind.received);
      assertEquals(bodyOf(there), toLf(body), `${subject} at ${user}`);
    }
    await all.far.send(CAROL, ALICE, toLf(mail(CAROL, ALICE, `${subject} again`, body)));
    const back = await all.received(ALICE, `Subject: ${subject} again`);
    assertMatch(decode(back), /^Received: from mail\.far\.test [^]*?with ESMTPS/m);
    assertEquals(bodyOf(back), toLf(body), `${subject} on its way back`);
  }
  assert(all.dns.asked.includes("far.test MX"));
  assertEquals(await all.queued(), [], all.roost.log);
  for (const sign of [kind.tookChunks, kind.sentChunks]) {
    if (sign) await eventually(`${sign} in the log`, async () => sign.test(await all.far.log()), 10);
  }
}

async function utf8BothWays(all: Neighbours<FarServer>): Promise<void> {
  const helen = "ελένη@far.test";
  await all.submit(DELTA, [helen], mail(DELTA, helen, "ναι"));
  assertMatch(await all.far.text("ελένη", "ναι"), /^Received: [^]*?with utf8(smtp|esmtp)s/im);
  await all.far.send(helen, DELTA, toLf(mail(helen, DELTA, "όχι")));
  const back = decode(await all.received(DELTA, "Subject: όχι"));
  assertMatch(back, /^Return-Path: <ελένη@far\.test>/m);
  assertMatch(back, /^Received: [^]*?with UTF8SMTPS/m);
}

/** Success is told once, by whoever delivers, with the names the sender gave; who wants to hear of nothing does not. */
async function successBothWays(all: Neighbours<FarServer>): Promise<void> {
  const { roost, far } = all;
  const transport = mailer(roost, "submissions", ALICE, PASSWORDS[ALICE]);
  const told = async () => (await inbox(roost, ALICE)).filter((m) => decode(m).includes("multipart/report"));
  for (const [subject, notify] of [["unheard", "never"], ["outwards", "success,delay"]] as const) {
    await transport.sendMail({
      envelope: { from: ALICE, to: [CAROL] },
      dsn: { id: `${subject}+1`, return: "headers", notify: notify.split(","), recipient: "Carol@old.test" },
      raw: Buffer.from(mail(ALICE, CAROL, subject)),
    });
    await far.octets("carol", subject);
  }
  // Exim gives the ID back as it came over the wire, in xtext.
  const report = decode(await all.received(ALICE, /^Original-Envelope-Id: outwards\+(2B)?1\r$/im));
  assertMatch(report, /^Reporting-MTA: dns; ?\S*far\.test\r$/m);
  assertMatch(report, /^Original-Recipient: rfc822; ?Carol@old\.test\r$/m);
  assertMatch(report, /^Action: delivered\r$/m);
  assertEquals((await told()).length, 1);

  const inwards = decode(mail(CAROL, ALICE, "inwards"));
  await inject(all, inwards, ALICE, " RET=HDRS ENVID=in+2B1", " NOTIFY=SUCCESS ORCPT=rfc822;Alice@old.test");
  await all.received(ALICE, "Subject: inwards");
  const back = await far.text("carol", "Your message was delivered: inwards");
  assertMatch(back, /^Original-Envelope-Id: in\+1$/m);
  assertMatch(back, /^Original-Recipient: rfc822; Alice@old\.test$/m);
  assertMatch(back, /^Action: delivered$/m);
}

/** Failure is told with what of the message was asked for. */
async function failureBothWays(all: Neighbours<FarServer>): Promise<void> {
  const transport = mailer(all.roost, "submissions", ALICE, PASSWORDS[ALICE]);
  await transport.sendMail({
    envelope: { from: ALICE, to: ["nobody@far.test"] },
    dsn: { id: "lost+1", return: "headers", notify: ["failure"], recipient: "Nobody@old.test" },
    raw: Buffer.from(mail(ALICE, "nobody@far.test", "lost")),
  });
  const report = decode(await all.received(ALICE, "Original-Envelope-Id: lost+1"));
  assertMatch(report, /^Original-Recipient: rfc822; Nobody@old\.test\r$/m);
  assertMatch(report, /^Action: failed\r$/m);
  assertMatch(report, /^Content-Type: text\/rfc822-headers/m);

  const inwards = decode(mail(CAROL, "nobody@example.test", "lost inwards"));
  await inject(all, inwards, "nobody@example.test", " ENVID=lost2", " ORCPT=rfc822;Nobody@old.test");
  const back = decode(await all.far.octetsWith("carol", "Action: failed"));
  assertMatch(back, /^Final-Recipient: rfc822; ?nobody@example\.test$/m);
  assertMatch(back, /^Status: 5\.[01]\.[01]/m);
}

for (const kind of KINDS) {
  Deno.test(`${kind.name}: beside Roost, each sending to the other over STARTTLS`, async (t) => {
    await using all = await Neighbours.start(kind.start);
    const step = async (name: string, run: () => Promise<void>) => {
      await t.step(name, () => run().catch((e) => all.explain(e)));
    };
    await step("every octet as it was, in chunks where both can", () => octetsBothWays(all, kind));
    await step("UTF-8 addresses", () => utf8BothWays(all));
    await step("success is told", () => successBothWays(all));
    await step("failure is told", () => failureBothWays(all));
  });
}
