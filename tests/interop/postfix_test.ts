/** Roost and Postfix as neighbours: mail goes out by MX from a test name server, comes back, waits for who is down, bounces from who refuses. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient, mailer } from "../support/clients.ts";
import { startDnsServer } from "../support/dns_server.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
// Mail exchangers listen on port 25, so each neighbour has a loopback address of its own.
const POSTFIX = "127.0.25.2";
const ROOST = "127.0.25.3";

async function inbox(roost: RoostProcess): Promise<string[]> {
  const client = await imapClient(roost);
  try {
    await client.mailboxOpen("INBOX");
    const all: string[] = [];
    for await (const m of client.fetch("1:*", { source: true })) all.push(new TextDecoder().decode(m.source));
    return all;
  } finally {
    await client.logout();
  }
}

Deno.test("postfix: Roost sends to it by MX over STARTTLS, and it delivers back", async () => {
  await using dns = disposable(
    await startDnsServer({
      "far.test": { MX: [{ preference: 10, exchange: "mx.far.test" }] },
      "mx.far.test": { A: [POSTFIX] },
    }),
  );
  await using roost = await RoostProcess.start({
    address: ROOST,
    ports: { smtp: 25 },
    config: `dns: { servers: ["127.0.0.1:${dns.server.port}"] }`,
  });
  const dir = await Deno.makeTempDir({ prefix: "roost-postfix-" });
  await Deno.chmod(dir, 0o755);
  const tls = `${roost.dir}/data/tls`;
  for (const f of ["server.pem", "server.key"]) await Deno.copyFile(`${tls}/${f}`, `${dir}/${f}`);
  const options = {
    address: POSTFIX,
    port: 25,
    domain: "far.test",
    users: ["carol", "dora"],
    relay: `[${ROOST}]:25`,
    cert: `${dir}/server.pem`,
    key: `${dir}/server.key`,
  };
  {
    await using postfix = await Postfix.start(dir, options);
    await mailer(roost, "submissions").sendMail({
      from: ALICE,
      to: ["carol@far.test", "dora@far.test"],
      subject: "to far",
      text: ".dot\nä",
    });
    const [carol] = await eventually("mail for carol", async () => {
      const mail = await postfix.mail("carol");
      return mail.length > 0 && mail;
    });
    assertMatch(carol ?? "", /^Received: from mail\.example\.test[^]*using TLSv1\.[23][^]*^Subject: to far/m);
    assert(
      (await eventually("mail for dora", async () => (await postfix.mail("dora"))[0])).includes("to far"),
    );
    assert(dns.server.asked.includes("far.test MX"));
    await postfix.send(
      "carol@far.test",
      ALICE,
      "From: carol@far.test\nTo: alice@example.test\nSubject: back\n\nhello\n.\n..\n",
    );
    const back = await eventually(
      "mail for alice",
      async () => (await inbox(roost)).find((m) => m.includes("Subject: back")),
    );
    assertMatch(back, /with ESMTPS/);
    assert(back.endsWith("hello\r\n.\r\n..\r\n"), "dots are as they were");
    await mailer(roost, "submissions").sendMail({
      from: ALICE,
      to: "nobody@far.test",
      subject: "nobody there",
      text: "x",
    });
    const bounce = await eventually(
      "the bounce",
      async () => (await inbox(roost)).find((m) => m.includes("multipart/report")),
    );
    assertMatch(bounce, /^Return-Path: <>/m);
    assertMatch(bounce, /^Final-Recipient: rfc822; ?nobody@far\.test/im);
    assertMatch(bounce, /^Action: failed/im);
    assertMatch(bounce, /^Status: 5\.1\.1/im);
    const queue = await roost.verb("queue", "list", "--json");
    assertEquals([queue.code, JSON.parse(queue.out).length], [0, 0], queue.out);
  }
  // The neighbour is down: the message waits; it comes up, and a retry by hand delivers.
  await mailer(roost, "submissions").sendMail({
    from: ALICE,
    to: "carol@far.test",
    subject: "waits",
    text: "x",
  });
  const waiting = await eventually("a deferred message", async () => {
    const listed = JSON.parse((await roost.verb("queue", "list", "--json")).out) as {
      id: string;
      attempts: number;
    }[];
    return listed.find((m) => m.attempts > 0);
  });
  await Deno.mkdir(dir, { mode: 0o755 });
  for (const f of ["server.pem", "server.key"]) await Deno.copyFile(`${tls}/${f}`, `${dir}/${f}`);
  await using postfix = await Postfix.start(dir, options);
  await eventually("postfix answers", async () => {
    const conn = await Deno.connect({ hostname: POSTFIX, port: 25 }).catch(() => null);
    conn?.close();
    return conn !== null;
  });
  const retried = await roost.verb("queue", "retry", waiting.id);
  assertEquals(retried.code, 0, retried.err);
  await eventually(
    "the message that waited",
    async () => (await postfix.mail("carol")).find((m) => m.includes("Subject: waits")),
  );
});

function disposable<T extends { close(): Promise<void> }>(server: T): { server: T } & AsyncDisposable {
  return { server, [Symbol.asyncDispose]: () => server.close() };
}
