/** Daily reports of a whole server: what it counted is sent to who asks for it, by mail and HTTPS. */
import { Buffer } from "node:buffer";
import https from "node:https";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import * as v from "valibot";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { DAY } from "../../mod/report/daily_ledger.ts";
import { DmarcLedger } from "../../mod/report/dmarc_ledger.ts";
import { gzip, unpack } from "../../mod/report/gzip.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { issueAuthority, issueServer } from "../../mod/tls/own_ca.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { mailer } from "../support/clients.ts";
import { startDnsServer } from "../support/dns_server.ts";
import { judged } from "../support/judged.ts";
import { proxyRelay } from "../support/proxy_relay.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { TLS_REPORT } from "../support/tls_report_schema.ts";

/** What a server of ours has got, and how to wait for it. */
class Inbox {
  readonly #all: Uint8Array[] = [];
  #wake: () => void = () => {};

  add(octets: Uint8Array): void {
    this.#all.push(octets);
    this.#wake();
  }

  async next(): Promise<Uint8Array> {
    for (;;) {
      const first = this.#all.shift();
      if (first) return first;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks.map((c) => new Uint8Array(c))).arrayBuffer());
}

/** A mail server on a free port. */
async function startSink(inbox: Inbox) {
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS", "AUTH"],
    onData(stream, _, done) {
      void collect(stream).then((octets) => {
        inbox.add(octets);
        done();
      });
    },
  });
  const listener = server.listen(0, "127.0.0.1");
  await new Promise<void>((resolve) => listener.once("listening", () => resolve()));
  const at = listener.address();
  assert(at !== null && typeof at === "object");
  return {
    port: at.port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** The web server r.a.test on a free port; `authority` is who vouches for it. */
async function startWeb(inbox: Inbox) {
  const ca = await issueAuthority("test", systemClock, systemRandom);
  const { certificate, key } = await issueServer(
    ca,
    { dns: ["r.a.test"], ip: [] },
    systemClock,
    systemRandom,
  );
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    assertEquals([request.method, request.headers["content-type"]], ["POST", "application/tlsrpt+gzip"]);
    void collect(request).then((octets) => {
      inbox.add(octets);
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const at = server.address();
  assert(at !== null && typeof at === "object");
  return {
    port: at.port,
    authority: ca.certificate,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function readReport(packed: Uint8Array) {
  const json = await unpack(packed, "gzip", 100_000);
  assert(json.ok);
  const checked = v.safeParse(TLS_REPORT, JSON.parse(fromUtf8(json.value)));
  assert(checked.success, JSON.stringify(checked.issues));
  return checked.output;
}

async function sendNow(roost: RoostProcess): Promise<number> {
  const token = (await Deno.readTextFile(`${roost.dir}/data/control.token`)).trim();
  const response = await fetch(`http://127.0.0.1:${roost.ports.http}/api/reports/send`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  assertEquals(response.status, 200);
  return (await response.json()).sent;
}

/** What a server wrote down yesterday. */
function counted(domain: string, day: number): string {
  return JSON.stringify([day, domain, [{
    policy: { "policy-type": "no-policy-found", "policy-domain": domain },
    summary: { "total-successful-session-count": 7, "total-failure-session-count": 1 },
    "failure-details": [{
      "result-type": "starttls-not-supported",
      "sending-mta-ip": "192.0.2.9",
      "receiving-mx-hostname": `mx.${domain}`,
      "receiving-ip": "192.0.2.1",
      "failed-session-count": 1,
    }],
  }]]);
}

Deno.test("a day's TLS sessions are reported to who asks, once", async () => {
  const mail = new Inbox();
  const posts = new Inbox();
  await using all = new AsyncDisposableStack();
  const sink = all.use(await startSink(mail));
  const web = all.use(await startWeb(posts));
  const dns = await startDnsServer({
    "_smtp._tls.a.test": { TXT: [`v=TLSRPTv1; rua=mailto:tls@a.test,https://r.a.test:${web.port}/v1`] },
    "r.a.test": { A: ["127.0.0.1"] },
  });
  all.defer(() => dns.close());
  const ca = await Deno.makeTempFile({ suffix: ".pem" });
  all.defer(() => Deno.remove(ca));
  await Deno.writeTextFile(ca, web.authority);
  const roost = all.use(
    await RoostProcess.start({
      network: "open",
      config:
        `dns: { servers: ["127.0.0.1:${dns.port}"] }\nroutes: { a.test: "smtp://127.0.0.1:${sink.port}" }`,
      env: { NODE_EXTRA_CA_CERTS: ca },
    }),
  );
  await roost.stop();
  const today = Math.floor(Date.now() / DAY);
  const file = `${roost.dir}/data/reports/tls.jsonl`;
  await Deno.mkdir(`${roost.dir}/data/reports`);
  const lines = [counted("a.test", today - 1), counted("silent.test", today - 1), counted("a.test", today)];
  await Deno.writeTextFile(file, `${lines.join("\n")}\n`);
  await roost.launch();
  assertEquals(await sendNow(roost), 1);
  const octets = await mail.next();
  const parsed = await simpleParser(fromUtf8(octets));
  const date = new Date((today - 1) * DAY).toISOString().slice(0, 10);
  assertEquals(
    parsed.subject,
    `Report Domain: a.test Submitter: example.test Report-ID: <${date}_a.test@mail.example.test>`,
  );
  assertMatch(fromUtf8(octets), /^Content-Type: multipart\/report; report-type=tlsrpt;/m);
  assertEquals(parsed.from?.value[0]?.address, "postmaster@example.test");
  const attached = new Uint8Array(parsed.attachments[0]?.content ?? []);
  const report = await readReport(attached);
  assertEquals(report["date-range"], {
    "start-datetime": `${date}T00:00:00Z`,
    "end-datetime": `${date}T23:59:59Z`,
  });
  assertEquals(report.policies[0]?.summary, {
    "total-successful-session-count": 7,
    "total-failure-session-count": 1,
  });
  assertEquals(await posts.next(), attached);
  assertEquals(await sendNow(roost), 0);
  await roost.stop();
  assertEquals((await Deno.readTextFile(file)).trim(), counted("a.test", today));
});

Deno.test("a day's judged mail is reported to who asks", async () => {
  const mail = new Inbox();
  await using all = new AsyncDisposableStack();
  const sink = all.use(await startSink(mail));
  const dns = await startDnsServer({});
  all.defer(() => dns.close());
  const roost = all.use(
    await RoostProcess.start({
      network: "open",
      config:
        `dns: { servers: ["127.0.0.1:${dns.port}"] }\nroutes: { a.example: "smtp://127.0.0.1:${sink.port}" }`,
    }),
  );
  await roost.stop();
  const yesterday = Math.floor(Date.now() / DAY) - 1;
  const ledger = new DmarcLedger();
  ledger.observe(judged({ at: yesterday * DAY }));
  await Deno.mkdir(`${roost.dir}/data/reports`);
  await Deno.writeTextFile(`${roost.dir}/data/reports/dmarc.jsonl`, [...ledger.days.pieces()].join(""));
  await roost.launch();
  assertEquals(await sendNow(roost), 1);
  const parsed = await simpleParser(fromUtf8(await mail.next()));
  const [attached] = parsed.attachments;
  const name = `example.test!a.example!${yesterday * 86400}!${yesterday * 86400 + 86399}.xml.gz`;
  assertEquals([attached?.contentType, attached?.filename], ["application/gzip", name]);
  const xml = await unpack(new Uint8Array(attached?.content ?? []), "gzip", 100_000);
  assert(xml.ok && fromUtf8(xml.value).includes("<source_ip>192.0.2.1</source_ip>"));
  assertEquals(await sendNow(roost), 0);
});

/** Sends a message as the host 192.0.2.77; the reply to its end. */
async function sendAsFar(roost: RoostProcess, message: string): Promise<string> {
  await using relay = await proxyRelay(roost.ports.smtp, "PROXY TCP4 192.0.2.77 198.51.100.2 40000 25\r\n");
  const client = await RawClient.connect("127.0.0.1", relay.port);
  try {
    await client.reply();
    let reply = "";
    for (
      const line of [
        "EHLO mx.far.test",
        "MAIL FROM:<a@far.test>",
        "RCPT TO:<bob@example.test>",
        "DATA",
        message,
      ]
    ) {
      await client.say(`${line}\r\n`);
      reply = await client.reply();
    }
    return reply;
  } finally {
    client.close();
  }
}

Deno.test("mail in a domain's name is counted for its report, refused or not", async () => {
  const dns = await startDnsServer({
    "far.test": { TXT: ["v=spf1 ip4:192.0.2.77 -all"] },
    "_dmarc.far.test": { TXT: ["v=DMARC1; p=reject; rua=mailto:dmarc@far.test"] },
    "_dmarc.bank.test": { TXT: ["v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@bank.test"] },
    "_dmarc.silent.test": { TXT: ["v=DMARC1; p=none"] },
  });
  try {
    await using roost = await RoostProcess.start({
      network: "open",
      config: `proxy_protocol: [127.0.0.1]\ndns: { servers: ["127.0.0.1:${dns.port}"] }`,
    });
    assertMatch(await sendAsFar(roost, "From: a@far.test\r\n\r\nx\r\n."), /^250 /);
    for (let i = 0; i < 2; i++) {
      assertMatch(await sendAsFar(roost, "From: a@bank.test\r\n\r\nx\r\n."), /^550 /);
    }
    assertMatch(await sendAsFar(roost, "From: a@www.bank.test\r\n\r\nx\r\n."), /^250 /);
    assertMatch(await sendAsFar(roost, "From: a@silent.test\r\n\r\nx\r\n."), /^250 /);
    await roost.stop();
    const ledger = new DmarcLedger();
    ledger.days.restore(await Deno.readTextFile(`${roost.dir}/data/reports/dmarc.jsonl`));
    const keys = ledger.days.finished(Date.now() + 2 * DAY);
    const told = keys.flatMap((key) =>
      ledger.report(key)?.rows.map((r) =>
        [key.domain, r.headerFrom, r.sourceIp, r.count, r.disposition, r.dkim, r.spf].join(" ")
      ) ?? []
    );
    assertEquals(told, [
      "far.test far.test 192.0.2.77 1 pass fail pass",
      "bank.test bank.test 192.0.2.77 2 reject fail fail",
      "bank.test www.bank.test 192.0.2.77 1 none fail fail",
    ]);
  } finally {
    await dns.close();
  }
});

Deno.test("reports that come by mail are delivered, shown by the API and on the page, and kept", async () => {
  await using roost = await RoostProcess.start({ users: { "postmaster@example.test": "secret" } });
  const json = JSON.stringify({
    "organization-name": "Far Away",
    "date-range": { "start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z" },
    "contact-info": "x@far.test",
    "report-id": "r1",
    policies: JSON.parse(counted("example.test", 0))[2],
  });
  await mailer(roost, "smtp").sendMail({
    from: "reports@far.test",
    to: "postmaster@example.test",
    subject: "Report Domain: example.test Submitter: far.test Report-ID: <r1@far.test>",
    text: "A report.",
    attachments: [{
      filename: "r.json.gz",
      contentType: "application/tlsrpt+gzip",
      content: Buffer.from(await gzip(utf8(json))),
    }],
  });
  await roost.logged('"report taken in"');
  const url = `http://127.0.0.1:${roost.ports.http}`;
  const listed = async () => await (await fetch(`${url}/api/reports/tls`)).json();
  const [summary] = await listed();
  assertEquals([summary.organization, summary.domain, summary.successes, summary.failures], [
    "Far Away",
    "example.test",
    7,
    1,
  ]);
  assertMatch(await (await fetch(`${url}/reports`)).text(), /Reported by others[^]*example\.test/);
  const delivered = [...Deno.readDirSync(`${roost.maildir("postmaster@example.test")}/new`)];
  assertEquals(delivered.length, 1);
  await roost.stop();
  await roost.launch();
  assertEquals(await listed(), [summary]);
});

Deno.test("a closed network reports nothing", async () => {
  await using roost = await RoostProcess.start();
  await roost.stop();
  await Deno.mkdir(`${roost.dir}/data/reports`);
  const line = counted("a.test", Math.floor(Date.now() / DAY) - 1);
  await Deno.writeTextFile(`${roost.dir}/data/reports/tls.jsonl`, `${line}\n`);
  await roost.launch();
  assertEquals(await sendNow(roost), 0);
});
