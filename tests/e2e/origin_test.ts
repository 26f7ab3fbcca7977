/** A real server judges mail from strangers, by a name server of ours; they come through a proxy since all of a test is on loopback. */
import { memoryBody } from "../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { signMessage } from "../../mod/auth/dkim/sign.ts";
import { makePair } from "../auth/dkim/crafted.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { type DnsServer, startDnsServer, type ZoneData } from "../support/dns_server.ts";
import { proxyRelay } from "../support/proxy_relay.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const PAIR = await makePair("rsa");
const KEY = { TXT: [`v=DKIM1; k=rsa; p=${PAIR.p}`] };
const ZONE: ZoneData = {
  "far.test": { TXT: ["v=spf1 ip4:192.0.2.77 -all"] },
  "s._domainkey.far.test": KEY,
  "_dmarc.far.test": { TXT: ["v=DMARC1; p=reject"] },
  "_dmarc.bank.test": { TXT: ["v=DMARC1; p=reject"] },
  "_dmarc.shop.test": { TXT: ["v=DMARC1; p=quarantine"] },
  "77.2.0.192.in-addr.arpa": { PTR: ["mx.far.test"] },
  "mx.far.test": { A: ["192.0.2.77"] },
  "example.test": { TXT: ["v=spf1 ip4:192.0.2.50 -all"] },
  "s._domainkey.example.test": KEY,
};

/** Sends one message as the host 192.0.2.77; the reply to its end. */
async function send(roost: RoostProcess, message: string, to = "bob@example.test"): Promise<string> {
  await using relay = await proxyRelay(roost.ports.smtp, "PROXY TCP4 192.0.2.77 198.51.100.2 40000 25\r\n");
  const client = await RawClient.connect("127.0.0.1", relay.port);
  try {
    await client.reply();
    for (const line of ["EHLO mx.far.test", "MAIL FROM:<a@far.test>", `RCPT TO:<${to}>`]) {
      await client.say(`${line}\r\n`);
      assertMatch(await client.reply(), /^250/);
    }
    await client.say("DATA\r\n");
    await client.reply();
    await client.say(`${message.replace(/^\./gm, "..")}\r\n.\r\n`);
    return await client.reply();
  } finally {
    client.close();
  }
}

/** The texts in a folder of a mailbox, unread. */
async function unread(roost: RoostProcess, account: string, folder = ""): Promise<string[]> {
  const path = `${roost.maildir(account)}/${folder}new`;
  const texts: string[] = [];
  for await (const { name } of Deno.readDir(path)) texts.push(await Deno.readTextFile(`${path}/${name}`));
  return texts;
}

function config(dns: DnsServer, more = ""): string {
  return `proxy_protocol: [127.0.0.1]\ndns: { servers: ["127.0.0.1:${dns.port}"] }\n${more}`;
}

Deno.test("e2e: mail from outside is checked while it comes, told of, and judged", async () => {
  const dns = await startDnsServer(ZONE);
  try {
    await using roost = await RoostProcess.start({ config: config(dns) });
    const signing = { domain: "far.test", selector: "s", key: PAIR.key };
    for (const size of [1, 4_000_000]) {
      const plain = `From: a@far.test\r\nSubject: ${size}\r\n\r\n${"x y  z\r\n".repeat(size / 8)}end\r\n`;
      const signature = await signMessage(memoryBody(utf8(plain)), [signing], { time: null });
      const forged = "Authentication-Results: MAIL.example.test;\r\n dkim=pass header.d=bank.test\r\n";
      assertMatch(
        await send(roost, forged + fromUtf8(signature ?? new Uint8Array()) + plain.slice(0, -2)),
        /^250 /,
      );
    }
    const texts = await unread(roost, "bob@example.test");
    assertEquals(texts.length, 2);
    for (const text of texts) {
      const header = text.slice(0, text.indexOf("\r\n\r\n"));
      assertMatch(
        header,
        /^Authentication-Results: mail\.example\.test;\r\n\tspf=pass smtp\.mailfrom=a@far\.test;\r\n[^]*\tdkim=pass \(1024-bit key\) header\.d=far\.test/m,
      );
      assertMatch(
        header,
        /dmarc=pass header\.from=far\.test policy\.dmarc=reject;\r\n\tiprev=pass \(mx\.far\.test\)/,
      );
      assert(!header.includes("bank.test"));
    }
    assertMatch(await send(roost, "From: a@bank.test\r\n\r\nx"), /^550 5\.7\.1 /);
    assertMatch(
      await roost.logged('"mail refused"'),
      /"dmarc":"fail bank\.test p=reject \([^"]*\)"[^]*"verdict":"reject"/,
    );
    assertMatch(await send(roost, "From: a@shop.test\r\n\r\nx"), /^250 /);
    const [junk] = await unread(roost, "bob@example.test", ".Junk/");
    assertMatch(junk ?? "", /dmarc=fail/);
    assertEquals((await unread(roost, "bob@example.test")).length, 2);
    // DNS that is gone keeps nobody out, but where a forgery could come in.
    dns.zone = { ...ZONE, "far.test": "SERVFAIL", "_dmarc.new.test": "SERVFAIL" };
    assertMatch(await send(roost, "From: a@new.test\r\n\r\nx"), /^250 /);
    assertEquals(await roost.stop(), 0);
  } finally {
    await dns.close();
  }
});

Deno.test("e2e: what is forwarded is sealed, and who trusts the seal takes what SPF alone vouched for", async () => {
  const dns = await startDnsServer(ZONE);
  try {
    await using last = await RoostProcess.start({
      domains: { "last.test": "{}" },
      users: { "carol@last.test": "secret-carol" },
      config: config(dns, "arc: { trusted_sealers: [example.test] }"),
    });
    await using relay = await proxyRelay(last.ports.smtp, "PROXY TCP4 192.0.2.50 198.51.100.2 40000 25\r\n");
    await using roost = await RoostProcess.start({
      domains: { "example.test": "{ aliases: { away: [carol@last.test] } }" },
      config: config(dns, `routes: { last.test: "smtp://127.0.0.1:${relay.port}" }`),
    });
    const keys = `${roost.dir}/data/keys/dkim/example.test`;
    await Deno.mkdir(keys, { recursive: true });
    await Deno.writeTextFile(`${keys}/s.pem`, PAIR.pem);
    assertMatch(await send(roost, "From: a@far.test\r\nSubject: s\r\n\r\nx", "away@example.test"), /^250 /);
    const line = await last.logged('"mail accepted"');
    assertMatch(line, /"dmarc":"fail far\.test p=reject \([^"]*\)","arc":"pass example\.test"/);
    assertMatch(line, /"verdict":"deliver","why":"[^"]*example\.test found it in order before \(ARC\)"/);
    const [text = ""] = await unread(last, "carol@last.test");
    assertMatch(text, /^Return-Path: <SRS0=[^>]*@example\.test>\r\n/);
    assertMatch(text, /^ARC-Seal: i=1; a=rsa-sha256; t=\d+; cv=none;\r\n\td=example\.test; s=s;\r\n/m);
    assertMatch(
      text,
      /^ARC-Authentication-Results: i=1; mail\.example\.test;\r\n\tspf=pass smtp\.mailfrom=a@far\.test;/m,
    );
  } finally {
    await dns.close();
  }
});
