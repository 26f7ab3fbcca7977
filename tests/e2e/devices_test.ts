/** Old devices at a real process: mail without a password, from where the config says, and from nowhere else. */
import { freePort } from "../support/free_ports.ts";
import nodemailer from "nodemailer";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient } from "../support/clients.ts";
import { Outside } from "../support/outside.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !await isSo();) {
    assert(Date.now() < end, `in vain: ${what}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

async function inbox(roost: RoostProcess): Promise<string[]> {
  const client = await imapClient(roost);
  await client.mailboxOpen("INBOX");
  const all: string[] = [];
  for await (const m of client.fetch("1:*", { source: true })) all.push(new TextDecoder().decode(m.source));
  await client.logout();
  return all;
}

/** A dialog as a printer has it: each line sent, and the code of the answer. */
async function dialog(port: number, lines: readonly string[]): Promise<string[]> {
  const client = await RawClient.connect("127.0.0.1", port);
  const codes = [(await client.reply()).slice(0, 3)];
  for (const line of lines) {
    await client.say(`${line}\r\n`);
    codes.push((await client.reply()).slice(0, 3));
  }
  client.close();
  return codes;
}

Deno.test("e2e: a printer sends without a password: HELO, no Date, no Message-ID, and no further than it may", async () => {
  await using outside = await Outside.start();
  const port = freePort();
  const config = (devices: string) =>
    `routes: { "*": "smtp://127.0.0.1:${outside.port}" }\ndevices: { ${devices} }`;
  const alice = "alice@example.test";
  await using roost = await RoostProcess.start({
    devices: port,
    config: config('"127.0.0.1": { as: alice@example.test, per_hour: 9, message_size: 100KB }'),
  });
  const scan = ["HELO printer", `MAIL FROM:<${alice}>`, `RCPT TO:<${alice}>`, "DATA"];
  const mail = `Subject: scan\r\n\r\npage\r\n.`;
  assertEquals(await dialog(port, [...scan, mail, "QUIT"]), [
    "220",
    "250",
    "250",
    "250",
    "354",
    "250",
    "221",
  ]);
  await until("the scan is there", async () => (await inbox(roost)).length === 1);
  const [text = ""] = await inbox(roost);
  for (const field of [/^Date: /m, /^Message-ID: </m, /^From: alice@example\.test\r$/m]) {
    assertMatch(text, field);
  }
  const refusals: readonly (readonly [readonly string[], string])[] = [
    [["HELO p", "MAIL FROM:<bob@example.test>"], "553"],
    [["HELO p", "MAIL FROM:<x@far.test>"], "553"],
    [["HELO p", `MAIL FROM:<${alice}>`, "RCPT TO:<x@far.test>"], "550"],
    [["HELO p", `MAIL FROM:<${alice}>`, "RCPT TO:<x%far.test@[127.0.0.1]>"], "550"],
    [["EHLO p", `MAIL FROM:<${alice}> SIZE=200000`], "552"],
    [[...scan, "From: bob@example.test\r\n\r\nx\r\n."], "550"],
    [[...scan, "Subject: bare\n\r\nx\r\n."], "550"],
    [[...scan, "Subject: smuggled\r\n\r\nx\n.\nMAIL FROM:<x@y.test>\r\n."], "550"],
  ];
  for (const [lines, code] of refusals) {
    assertEquals((await dialog(port, lines)).at(-1), code, lines.join(" | "));
  }
  await roost.logged('"why":"may not write to x@far.test');
  await roost.logged('"why":"bare"');
  // STARTTLS is there for those who know it, and it stays the same device.
  const tls = nodemailer.createTransport({
    host: "127.0.0.1",
    port,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
  await tls.sendMail({ from: alice, to: "bob@example.test", subject: "by TLS", text: "x" });
  const last = await dialog(port, [...scan.slice(0, 2), ...Array<string>(9).fill(`RCPT TO:<${alice}>`)]);
  assertEquals(last.at(-1), "450");
  // Who is moved out of the list is out.
  const file = await Deno.readTextFile(roost.config);
  await Deno.writeTextFile(roost.config, file.replace('"127.0.0.1": {', '"192.168.7.7": {'));
  assertEquals((await roost.verb("reload")).code, 0);
  assertEquals(await dialog(port, []), ["554"]);
  await Deno.writeTextFile(roost.config, file.replace('"127.0.0.1": {', '"127.0.0.0/24": { outside: true,'));
  assertEquals((await roost.verb("reload")).code, 0);
  await tls.sendMail({ from: alice, to: "x@far.test", subject: "out", text: "x" });
  assertEquals((await outside.until(1))[0]?.to, ["x@far.test"]);
  await Deno.writeTextFile(roost.config, file.replace('"127.0.0.1": {', '"0.0.0.0/0": {'));
  const wide = await roost.verb("reload");
  assertEquals(wide.code, 1);
  assertMatch(
    wide.err,
    /"0\.0\.0\.0\/0" is not an address such as 192\.168\.1\.20, or a network no larger than/,
  );
});
