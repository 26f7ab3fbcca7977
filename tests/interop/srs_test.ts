/**
 * SRS with the others: addresses written by Mail::SRS (srs) and libsrs2 (postsrsd) and by us lead back with each; and a forward to a Postfix
 * that checks SPF passes, while its report finds the sender.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { startDnsServer } from "../support/dns_server.ts";
import { freePorts } from "../support/free_ports.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually, must, run } from "../support/programs.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { Srs } from "../../mod/auth/srs.ts";
import { type Address, formatAddress, parseAddress } from "../../mod/mail/address.ts";

const SECRET = "tajny";
const OURS = "ours.test";
const SENDERS = [
  "User@far.example",
  "a=b+c@far.example",
  "x-y_z@sub.far.example",
  "bounces+list=you=home.example@lists.example",
  `${"v".repeat(64)}@far.example`,
  "SRS0=BBBB=JL=far.example=User@first.test",
  "SRS0+BBBB=JL=far.example=User@first.test",
  "SRS0-BBBB=JL=far.example=a=b+c@first.test",
  "SRS1=AAAA=first.test==BBBB=JL=far.example=User@second.test",
  "SRS1+AAAA=first.test=-BBBB=JL=far.example=User@second.test",
];

const srs = new Srs([SECRET]);

function address(text: string): Address {
  const parsed = parseAddress(text);
  assert(parsed.ok, text);
  return parsed.value;
}

const forward = (text: string) => {
  const to = srs.forward(address(text), OURS, Date.now());
  assert(to, text);
  return formatAddress(to);
};

function reverse(text: string): string {
  const back = srs.reverse(address(text), Date.now());
  return back.ok ? formatAddress(back.value) : back.error;
}

/** What a sender leads back to: for what was forwarded before, the first forwarder. */
const origin = (text: string) => reverse(forward(text));

Deno.test("srs: Mail::SRS reads what we write, and we what it writes", async () => {
  const lines = async (...args: string[]) =>
    (await must("srs", [`--secret=${SECRET}`, ...args])).trim().split("\n");
  for (const sign of "=+-") {
    const theirs = await lines("--forward", `--separator=${sign}`, `--alias=x@${OURS}`, ...SENDERS);
    assertEquals(theirs.map(reverse), SENDERS.map(origin), `with ${sign}`);
    if (sign === "=") assertEquals(theirs, SENDERS.map(forward));
  }
  assertEquals(await lines("--reverse", ...SENDERS.map(forward)), SENDERS.map(origin));
  const lower = SENDERS.map((s) => forward(s).toLowerCase());
  assertEquals(
    (await lines("--reverse", ...lower)).map((s) => s.toLowerCase()),
    lower.map((s) => reverse(s).toLowerCase()),
  );
  const forged = forward("User@far.example").replace("User", "Other");
  assertEquals(reverse(forged), "forged");
  assert((await run("srs", [`--secret=${SECRET}`, "--reverse", forged])).code !== 0);
});

Deno.test("srs: postsrsd reads what we write, and we what it writes", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-postsrsd-" });
  const [there, back] = freePorts(2);
  await Deno.writeTextFile(`${dir}/secret`, `${SECRET}\n`);
  const args = ["-4", "-t5", "-l127.0.0.1", `-s${dir}/secret`, `-d${OURS}`, `-f${there}`, `-r${back}`];
  const child = new Deno.Command("/usr/sbin/postsrsd", { args, stdout: "null", stderr: "null" }).spawn();
  try {
    const ask = async (port: number | undefined, key: string) => {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port: port ?? 0 });
      await conn.write(new TextEncoder().encode(`get ${key}\n`));
      const into = new Uint8Array(2000);
      const n = await conn.read(into);
      return new TextDecoder().decode(into.subarray(0, n ?? 0)).trim();
    };
    await eventually("postsrsd answers", () => ask(there, "x@ours.test").catch(() => null));
    for (const sender of SENDERS) {
      const theirs = await ask(there, sender);
      assertMatch(theirs, /^200 /, sender);
      assertEquals(reverse(theirs.slice(4)), origin(sender), sender);
      assertEquals(await ask(back, forward(sender)), `200 ${origin(sender)}`, sender);
    }
    assertMatch(await ask(back, forward("User@far.example").replace("User", "Other")), /^500 /);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(dir, { recursive: true });
  }
});

/** Debian's policyd-spf, which asks our name server instead of the machine's, and again after three seconds if nothing comes back. */
function policyd(dnsPort: number): string {
  return `import sys, DNS, DNS.Base
ours = dict(server=["127.0.0.1"] * 5, port=${dnsPort})
DNS.DiscoverNameServers = lambda: None
for d in (DNS.defaults, DNS.Base.defaults):
    d.update(ours)
sys.modules["dns"] = None
import spf
DNS.DiscoverNameServers()
for d in (DNS.defaults, DNS.Base.defaults):
    d.update(ours)
ask = DNS.DnsRequest
DNS.DnsRequest = lambda *names, **options: ask(*names, **{**options, "timeout": 3})
from spf_engine.policyd_spf import main
main()
`;
}

const loopback = () => `127.${[...randomBytes(3)].map((n) => 2 + n % 250).join(".")}`;

Deno.test("srs: a forward passes SPF at a Postfix that checks it, and the report comes back to the sender", async () => {
  await using all = new AsyncDisposableStack();
  const [here, there] = [loopback(), loopback()];
  const mx = (exchange: string) => ({ MX: [{ preference: 10, exchange }] });
  const dns = await startDnsServer({
    "a.test": { ...mx("mx.b.test"), TXT: ["v=spf1 ip4:192.0.2.1 -all"] },
    "b.test": { ...mx("mx.b.test") },
    "mx.b.test": { A: [there] },
    [OURS]: { ...mx("mail.example.test"), TXT: ["v=spf1 a:out.ours.test -all"] },
    "out.ours.test": { A: ["127.0.0.1", here] },
    "mail.example.test": { A: [here], TXT: ["v=spf1 a ip4:127.0.0.1 -all"] },
  });
  all.defer(() => dns.close());
  const roost = all.use(
    await RoostProcess.start({
      address: here,
      ports: { smtp: 25 },
      domains: { [OURS]: '{ aliases: { carol: ["carol@b.test"], gone: ["nobody@b.test"] } }' },
      users: { [`you@${OURS}`]: "secret-you" },
      config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
    }),
  );
  const folder = await Deno.makeTempDir({ prefix: "roost-spf-" });
  all.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  await Deno.writeTextFile(`${folder}/policyd.py`, policyd(dns.port));
  await Deno.writeTextFile(
    `${folder}/policyd.conf`,
    "debugLevel = 1\nHELO_reject = False\nMail_From_reject = Fail\nskip_addresses = 192.0.2.99/32\nTestOnly = 1\n",
  );
  const postfix = all.use(
    await Postfix.start({
      address: there,
      domain: "b.test",
      users: ["carol"],
      relay: `[${here}]:25`,
      tls: `${roost.dir}/data/tls`,
      services:
        `policy unix - n n - 0 spawn user=nobody argv=/usr/bin/python3 ${folder}/policyd.py ${folder}/policyd.conf\n`,
      settings: `mynetworks = 192.0.2.98
virtual_mailbox_domains = b.test, a.test
virtual_mailbox_maps = inline:{carol@b.test=carol/, alice@a.test=alice/}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unlisted_recipient, check_policy_service unix:private/policy
`,
    }),
  );
  const explain = async (e: unknown) => {
    throw new Error(`${e}\n${await postfix.log()}\n${roost.log}`);
  };
  /** The answer to the first command that is refused, or to the message. */
  const send = async (at: string, from: string, to: string, subject: string) => {
    const client = await RawClient.connect(at, 25);
    try {
      let reply = await client.reply();
      const message = `From: <${from || "x@b.test"}>\r\nSubject: ${subject}\r\n\r\nx\r\n.`;
      for (const line of ["EHLO out.ours.test", `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA", message]) {
        await client.say(`${line}\r\n`);
        reply = await client.reply();
        if (/^[45]/.test(reply)) break;
      }
      return reply;
    } catch (e) {
      return await explain(e);
    } finally {
      client.close();
    }
  };

  // Without SRS: whoever sends on for alice from here is refused.
  const direct = await send(there, "alice@a.test", "carol@b.test", "direct");
  assertMatch(direct, /^550 5\.7\.23 /, await postfix.log());

  assertMatch(await send(here, "alice@a.test", `carol@${OURS}`, "by way of us"), /^250 /);
  const arrived = await postfix.text("carol", "by way of us").catch(explain);
  const path = /^Return-Path: <(SRS0=[^>]+@ours\.test)>$/m.exec(arrived)?.[1];
  assert(path, arrived);
  assertMatch(arrived, /^Received-SPF: Pass \(mailfrom\)[^]*?envelope-from=srs0=/im);
  assertEquals((await roost.verb("srs", "reverse", path)).out.trim(), "alice@a.test");

  // Refused there: our own report goes to the sender.
  assertMatch(await send(here, "alice@a.test", `gone@${OURS}`, "for nobody"), /^250 /);
  const bounce = await eventually("the report", async () => {
    const all = (await postfix.mail("alice")).map((m) => new TextDecoder().decode(m));
    return all.find((m) => m.includes("multipart/report"));
  }).catch(explain);
  assertMatch(bounce ?? "", /^Return-Path: <>$/m);
  assertMatch(bounce ?? "", /^Final-Recipient: rfc822; ?nobody@b\.test$/im);

  // Taken there and returned later: the report finds its way through us. Anything else does not, nor do forgeries.
  const report = Buffer.from("From: MAILER-DAEMON@b.test\nTo: alice@a.test\nSubject: returned later\n\nx\n");
  await postfix.send("", path, report);
  await postfix.text("alice", "returned later").catch(explain);
  assertMatch(await send(here, "spam@b.test", path, "no"), /^550 5\.7\.1 .*only reports/);
  assertMatch(await send(here, "", path.replace("alice", "mallory"), "no"), /^550 5\.1\.1 .*not made here/);
});
