/** SMTP extensions through a real process: what is asked for at reception is what happens at the other end. */
import { Buffer } from "node:buffer";
import { simpleParser } from "mailparser";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient, mailer } from "../support/clients.ts";
import { Outside } from "../support/outside.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

/** All messages of an INBOX, once there are `count`. */
async function inbox(roost: RoostProcess, user: string, count: number): Promise<string[]> {
  const client = await imapClient(roost, user, `secret-${user.split("@")[0]}`);
  try {
    for (let tries = 0; tries < 600; tries++) {
      const box = await client.mailboxOpen("INBOX");
      if (box.exists >= count) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
      await client.mailboxClose();
    }
    const all: string[] = [];
    for await (const m of client.fetch("1:*", { source: true })) {
      all.push(Buffer.from(m.source ?? []).toString("latin1"));
    }
    return all;
  } finally {
    await client.logout();
  }
}

Deno.test("e2e: a sender who asks hears of success, with the names it gave", async () => {
  await using roost = await RoostProcess.start();
  const message = { from: ALICE, to: BOB, subject: "tell me", text: "body\n" };
  const dsn = { id: "e+1", return: "headers", notify: "success", recipient: "Bob@elsewhere.test" };
  await mailer(roost, "submissions").sendMail({ ...message, dsn });
  const [report = ""] = await inbox(roost, ALICE, 1);
  assertMatch(report, /^Return-Path: <>\r\n/);
  assertMatch(report, /multipart\/report; report-type=delivery-status/);
  assertMatch(report, /\r\nOriginal-Envelope-Id: e\+1\r\n/);
  assertMatch(
    report,
    /\r\nOriginal-Recipient: rfc822; Bob@elsewhere\.test\r\nFinal-Recipient: rfc822; bob@example\.test\r\nAction: delivered\r\nStatus: 2\./,
  );
  assertMatch(report, /\r\nSubject: tell me\r\n/);
  assert(!report.includes("body\r\n"), "RET=HDRS brings back the header only");
});

Deno.test("e2e: binary mail in chunks arrives with its octets, for readers that know text only", async () => {
  await using roost = await RoostProcess.start();
  const octets = new Uint8Array(70_000);
  for (let i = 0; i < octets.length; i++) octets[i] = i * 7 & 255;
  const head = 'From: x@far.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n' +
    "Content-Transfer-Encoding: binary\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n" +
    "Content-Transfer-Encoding: binary\r\n\r\n";
  const whole = concat([utf8(head), octets, utf8("\r\n--b--\r\n")]);
  const client = await RawClient.connect(roost.address, roost.ports.smtp);
  await client.reply();
  for (const line of ["EHLO c", "MAIL FROM:<x@far.example> BODY=BINARYMIME", `RCPT TO:<${BOB}>`]) {
    await client.say(`${line}\r\n`);
    assertMatch(await client.reply(), /250/);
  }
  for (const [from, to, last] of [[0, 30_000, ""], [30_000, whole.length, " LAST"]] as const) {
    await client.conn.write(utf8(`BDAT ${to - from}${last}\r\n`));
    await client.conn.write(whole.slice(from, to));
    assertMatch(await client.reply(), /250 2\.0\.0/);
  }
  await client.say("QUIT\r\n");
  client.close();
  const [text = ""] = await inbox(roost, BOB, 1);
  const { attachments } = await simpleParser(Buffer.from(text, "latin1"));
  assertEquals(new Uint8Array(attachments[0]?.content ?? []), octets);
});

/** Sends a mail of Alice's under TLS, with these parameters of MAIL. */
async function submit(roost: RoostProcess, to: string, parameters: string): Promise<void> {
  const plain = await RawClient.connect(roost.address, roost.ports.submissions);
  await plain.conn.startTls(null, { name: "x", required: false });
  const client = new RawClient(plain.conn);
  await client.reply();
  const login = Buffer.from(`\0${ALICE}\0secret-alice`).toString("base64");
  const message = `From: ${ALICE}\r\nSubject: ${parameters}\r\n\r\n.`;
  const mail = `MAIL FROM:<${ALICE}> ${parameters}`;
  for (const line of ["EHLO c", `AUTH PLAIN ${login}`, mail, `RCPT TO:<${to}>`, "DATA", message]) {
    await client.say(`${line}\r\n`);
    assertMatch(await client.reply(), /^[23]/);
  }
  client.close();
}

Deno.test("e2e: what is to be released later comes later", async () => {
  await using roost = await RoostProcess.start();
  const begun = Date.now();
  await submit(roost, BOB, "HOLDFOR=2");
  assertEquals((await inbox(roost, BOB, 1)).length, 1);
  assert(Date.now() - begun >= 2000, "not before its time");
});

Deno.test("e2e: what is to come back in time goes to nobody who does not promise that", async () => {
  // npm's server knows nothing of DELIVERBY.
  await using outside = await Outside.start();
  await using roost = await RoostProcess.start({
    config: `routes: { "*": "smtp://127.0.0.1:${outside.port}" }`,
  });
  await submit(roost, BOB, "BY=60;R");
  assertEquals((await inbox(roost, BOB, 1)).length, 1, "we promise it ourselves");
  await submit(roost, "x@far.test", "BY=120;R");
  const [report = ""] = await inbox(roost, ALICE, 1);
  assertMatch(report, /\r\nFinal-Recipient: rfc822; x@far\.test\r\nAction: failed\r\nStatus: 5\./);
  assertMatch(report, /DELIVERBY/);
  await submit(roost, "y@far.test", "BY=120;N");
  assertEquals((await outside.until(1)).map((a) => a.to), [["y@far.test"]]);
});
