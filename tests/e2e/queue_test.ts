/** The queue of a real process: out over SMTP, what comes back, restarts, and the verbs. */
import { freePort } from "../support/free_ports.ts";
import { simpleParser } from "mailparser";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient, mailer } from "../support/clients.ts";
import { startDnsServer } from "../support/dns_server.ts";
import { Outside } from "../support/outside.ts";
import { RawClient, smtpMessage } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";

/** What `queue list --json` and `queue show --json` print. */
interface Item {
  readonly id: string;
  readonly sender: string;
  readonly attempts: number;
  readonly next: string | null;
  readonly recipients: readonly {
    readonly address: string;
    readonly state: string;
    readonly reply: string | null;
  }[];
}

function routes(to: Readonly<Record<string, number>>): string {
  const all = Object.entries(to).map(([domain, port]) => `"${domain}": "smtp://127.0.0.1:${port}"`);
  return `routes: { ${all.join(", ")} }`;
}

/** Alice sends to the outside. */
async function send(roost: RoostProcess, to: readonly string[], subject = "out"): Promise<void> {
  await mailer(roost, "submission").sendMail({
    from: ALICE,
    to: [...to],
    subject,
    text: `about ${subject}\n`,
  });
}

async function list(roost: RoostProcess): Promise<Item[]> {
  const { code, out, err } = await roost.verb("queue", "list", "--json");
  assertEquals([code, err], [0, ""]);
  return JSON.parse(out);
}

/** Asks until it is so; the queue has no way to call back. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !await isSo();) {
    assert(Date.now() < end, `in vain: ${what}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

/** Messages in the files of the queue. */
function queued(roost: RoostProcess): number {
  return [...Deno.readDirSync(`${roost.dir}/data/queue`)].filter((e) => e.name.endsWith(".mail")).length;
}

async function inbox(roost: RoostProcess): Promise<string[]> {
  const client = await imapClient(roost);
  await client.mailboxOpen("INBOX");
  const all: string[] = [];
  for await (const m of client.fetch("1:*", { source: true })) all.push(new TextDecoder().decode(m.source));
  await client.logout();
  return all;
}

Deno.test("e2e: mail goes out by routes, under TLS where the peer has it", async () => {
  await using secure = await Outside.start();
  await using plain = await Outside.start({ startTls: false });
  await using roost = await RoostProcess.start({
    config: routes({ "secure.test": secure.port, "plain.test": plain.port }),
  });
  await send(roost, ["a@secure.test", "b@plain.test", "c@plain.test"]);
  const [one] = await secure.until(1);
  const [two] = await plain.until(1);
  assertEquals([one?.tls, one?.from, one?.to], [true, ALICE, ["a@secure.test"]]);
  assertEquals([two?.tls, [...two?.to ?? []].sort()], [false, ["b@plain.test", "c@plain.test"]]);
  assertMatch(one?.text ?? "", /^Received: .*\r\n(.*\r\n)*\r\nabout out\r\n$/);
  await until("the queue gets empty", () => Promise.resolve(queued(roost) === 0));
});

Deno.test("e2e: one message, three fates; the bounce names who was refused; a restart goes on with the rest", async () => {
  let later = true;
  await using outside = await Outside.start({
    rcpt: (address) =>
      address === "no@out.test"
        ? [550, "5.1.1 Nobody of that name"]
        : address === "later@out.test" && later
        ? [451, "4.7.1 Greylisted"]
        : null,
  });
  await using roost = await RoostProcess.start({ config: routes({ "*": outside.port }) });
  await send(roost, ["yes@out.test", "no@out.test", "later@out.test"], "fates");
  await roost.logged('"event":"bounced"');
  await until("the bounce is read", async () => (await inbox(roost)).length === 1);
  assertEquals((await outside.until(1)).map((m) => m.to), [["yes@out.test"]]);
  const bounce = await simpleParser((await inbox(roost))[0] ?? "");
  assertEquals(bounce.to && !Array.isArray(bounce.to) ? bounce.to.text : null, ALICE);
  // mailparser shows message/delivery-status as part of the text.
  const text = bounce.text ?? "";
  assert(!/yes@|later@/.test(text), text);
  assertEquals(text.match(/^Final-Recipient: .*$/gm), ["Final-Recipient: rfc822; no@out.test"]);
  assertMatch(text, /^Action: failed$/m);
  assertMatch(text, /^Status: 5\.1\.1$/m);
  assertMatch(text, /^Diagnostic-Code: smtp; 550 5\.1\.1 Nobody of that name$/m);
  assertEquals(bounce.attachments.map((a) => a.contentType), ["text/rfc822-headers"]);
  assertMatch((await inbox(roost))[0] ?? "", /^Return-Path: <>\r\n/);

  const [item] = await list(roost);
  assertEquals(item?.recipients.map((r) => `${r.address} ${r.state}`), [
    "yes@out.test delivered",
    "no@out.test failed",
    "later@out.test pending",
  ]);
  assertEquals(await roost.stop(), 0);
  later = false;
  await roost.launch();
  assertEquals(outside.arrived.length, 1);
  const { code, out } = await roost.verb("queue", "retry", item?.id ?? "");
  assertEquals([code, out.trim()], [0, `${item?.id} to be tried now`]);
  assertEquals((await outside.until(2)).map((m) => m.to), [["yes@out.test"], ["later@out.test"]]);
  await until("the queue gets empty", () => Promise.resolve(queued(roost) === 0));
  assertEquals((await inbox(roost)).length, 1);
});

Deno.test("e2e: queue list, show, retry and drop, with the server and without; a peer that comes back", async () => {
  const port = freePort();
  await using roost = await RoostProcess.start({ config: routes({ "*": port }) });
  await send(roost, ["a@out.test"], "one");
  await send(roost, ["b@other.test"], "two");
  const waits = (i: Item) => i.recipients.every((r) => r.reply !== null);
  await until("both wait for the host", async () => (await list(roost)).every(waits));
  for (const running of [true, false]) {
    if (!running) await roost.stop();
    const items = await list(roost);
    assertEquals(items.map((i) => i.recipients.map((r) => r.address)), [["a@out.test"], ["b@other.test"]]);
    const [one] = items;
    assertEquals([one?.sender, one?.attempts], [ALICE, 1]);
    assertMatch(one?.recipients[0]?.reply ?? "", /^cannot connect to 127\.0\.0\.1/);
    const [table, shown, json] = await Promise.all([
      roost.verb("queue", "list"),
      roost.verb("queue", "show", one?.id ?? ""),
      roost.verb("queue", "show", one?.id ?? "", "--json"),
    ]);
    assertMatch(table.out.split("\n")[1] ?? "", new RegExp(`^${one?.id} .* ${ALICE} .*a@out\\.test`));
    assertMatch(shown.out, /a@out\.test: pending \(cannot connect/);
    assertEquals(JSON.parse(json.out), one);
    for (const action of running ? ["drop", "retry"] : ["show", "drop"]) {
      const { code, err } = await roost.verb("queue", action, "0123456789-01234567");
      assertEquals(code, 1, action);
      assertMatch(err, /0123456789-01234567/);
    }
  }
  const [one, two] = await list(roost);
  assertEquals((await roost.verb("queue", "drop", two?.id ?? "")).code, 0); // while it is stopped
  await roost.launch();
  assertEquals((await list(roost)).map((i) => i.id), [one?.id]);
  await using outside = await Outside.start({ port });
  assertEquals((await roost.verb("queue", "retry", one?.id ?? "")).code, 0);
  assertEquals((await outside.until(1)).map((m) => m.to), [["a@out.test"]]);
  await until("the queue gets empty", () => Promise.resolve(queued(roost) === 0));
  assertEquals((await roost.verb("queue", "list")).out.trim(), "the queue is empty");
});

Deno.test("e2e: queue hold, release and bounce, with the server and without", async () => {
  const port = freePort();
  await using roost = await RoostProcess.start({ config: routes({ "*": port }) });
  for (const name of ["one", "two", "three"]) await send(roost, [`${name}@${name}.test`], name);
  await until(
    "all wait for the host",
    async () => (await list(roost)).every((i) => i.recipients[0]?.reply !== null),
  );
  const [one = "", two = "", three = ""] = (await list(roost)).map((i) => i.id);
  const verb = async (...args: string[]) => {
    const { code, out, err } = await roost.verb("queue", ...args);
    assertEquals([code, err], [0, ""], args.join(" "));
    return out.trim();
  };
  assertEquals(await verb("hold", "--state", "deferred"), "3 messages held");
  assertEquals(await verb("bounce", one), `${one} sent back`);
  await until("the bounce is read", async () => (await inbox(roost)).length === 1);
  assertEquals((await roost.verb("queue", "bounce", one)).code, 1);
  await using outside = await Outside.start({ port });
  assertEquals(await verb("retry", "all"), "2 messages to be tried now");
  assertEquals(await roost.stop(), 0);
  assertEquals(await verb("bounce", "--domain", "two.test"), "1 message sent back");
  await roost.launch();
  await until("the second bounce is read", async () => (await inbox(roost)).length === 2);
  const texts = await Promise.all((await inbox(roost)).map(async (m) => (await simpleParser(m)).text ?? ""));
  for (const [i, name] of ["one", "two"].entries()) {
    assertMatch(texts[i] ?? "", new RegExp(`^Final-Recipient: rfc822; ${name}@${name}\\.test$`, "m"));
    assertMatch(texts[i] ?? "", /^Status: 5\.7\.1$/m);
    assertMatch((texts[i] ?? "").replaceAll(/\s+/g, " "), /returned by the administrator/);
  }
  assertEquals([outside.arrived.length, (await list(roost)).map((i) => i.id)], [0, [three]]); // still held
  assert(two !== "");
  assertEquals(await verb("release", three), `${three} released`);
  assertEquals((await outside.until(1))[0]?.to, ["three@three.test"]);
  await until("the queue gets empty", () => Promise.resolve(queued(roost) === 0));
});

Deno.test("e2e: what cannot be looked up waits, what has no way out bounces, and a reload mends both", async () => {
  const dns = await startDnsServer({ "broken.test": "SERVFAIL" });
  try {
    await using outside = await Outside.start();
    await using roost = await RoostProcess.start({
      network: "open",
      config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
    });
    await send(roost, ["a@broken.test"], "waits");
    assertMatch(await roost.logged('"event":"deferred"'), /cannot look up MX of broken\.test.*SERVFAIL/);
    const config = await Deno.readTextFile(roost.config);
    await Deno.writeTextFile(roost.config, `${config}${routes({ "broken.test": outside.port })}\n`);
    assertEquals((await roost.verb("reload")).code, 0);
    assertEquals((await outside.until(1))[0]?.to, ["a@broken.test"]);
    await Deno.writeTextFile(
      roost.config,
      config.replace("network: open", "network: closed").replace(/^dns:.*$/m, ""),
    );
    assertEquals((await roost.verb("reload")).code, 0);
    await send(roost, ["b@elsewhere.test"], "bounces");
    await until("the bounce is read", async () => (await inbox(roost)).length === 1);
    const text = (await simpleParser((await inbox(roost))[0] ?? "")).text ?? "";
    assertMatch(text.replaceAll(/\s+/g, " "), /no way to elsewhere\.test: this server's network is closed/);
  } finally {
    await dns.close();
  }
});

Deno.test("e2e: a delivery that was put off is made once, when the Maildir is mended", async () => {
  await using roost = await RoostProcess.start();
  const to = async (subject: string) => {
    const client = await RawClient.connect("127.0.0.1", roost.ports.smtp);
    await client.reply();
    await client.say("EHLO load.test\r\n");
    await client.reply();
    const message = `Subject: ${subject}\r\n\r\n${subject}`;
    assert(await smtpMessage(client, "x@elsewhere.test", ALICE, message), "it is acknowledged");
    client.close();
  };
  await to("before");
  const tmp = `${roost.maildir(ALICE)}/tmp`;
  await Deno.remove(tmp);
  await Deno.writeTextFile(tmp, "in the way");
  await to("put off");
  await roost.logged('"event":"delivery put off"');
  await until("it was tried", async () => ((await list(roost))[0]?.attempts ?? 0) > 0);
  await roost.stop();
  await roost.launch();
  await Deno.remove(tmp);
  await Deno.mkdir(tmp, { mode: 0o700 });
  const [item] = await list(roost);
  assertEquals(item?.recipients.map((r) => `${r.address} ${r.state}`), [`${ALICE} pending`]);
  assertEquals((await roost.verb("queue", "retry", "all")).code, 0);
  await until("the queue gets empty", () => Promise.resolve(queued(roost) === 0));
  const subjects = (await inbox(roost)).map((m) => /^Subject: (.*)\r$/m.exec(m)?.[1]);
  assertEquals(subjects, ["before", "put off"]);
});

Deno.test("e2e: a disk with too little room puts new mail off until a reload asks for less", async () => {
  await using roost = await RoostProcess.start({ config: "limits: { disk_free: 4000TB }" });
  const mail = async () => {
    const client = await RawClient.connect("127.0.0.1", roost.ports.smtp);
    await client.reply();
    await client.say("EHLO load.test\r\n");
    await client.reply();
    await client.say("MAIL FROM:<x@elsewhere.test>\r\n");
    const reply = await client.reply();
    client.close();
    return reply;
  };
  await roost.logged('"event":"disk nearly full: new messages are put off"');
  assertMatch(await mail(), /^452 4\.3\.1 /);
  const config = await Deno.readTextFile(roost.config);
  await Deno.writeTextFile(roost.config, config.replace("4000TB", "1KB"));
  assertEquals((await roost.verb("reload")).code, 0);
  await roost.logged('"event":"disk has room again"');
  assertMatch(await mail(), /^250 /);
});

Deno.test("e2e: mail goes back after the lifetime that the config names", async () => {
  await using roost = await RoostProcess.start({
    config: `${routes({ "*": freePort() })}\nlimits: { queue_lifetime: 2s, retry: 1s }`,
  });
  await send(roost, ["a@out.test"]);
  await until("the bounce is read", async () => (await inbox(roost)).length === 1);
  const text = (await simpleParser((await inbox(roost))[0] ?? "")).text ?? "";
  assertMatch(text.replaceAll(/\s+/g, " "), /could not be delivered in 2 seconds; last: cannot connect/);
  assertMatch(text, /^Status: 4\.4\.7$/m);
});
