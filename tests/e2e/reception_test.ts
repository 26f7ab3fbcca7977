/** A real server and strangers, who come through a proxy since all of a test is on loopback. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { startDnsServer } from "../support/dns_server.ts";
import { proxyRelay } from "../support/proxy_relay.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const HEADER = "PROXY TCP4 192.0.2.77 198.51.100.2 40000 25\r\n";

/** A stranger's try to write to bob: the reply to RCPT, or to the end of the message where that was taken. */
async function tryMail(roost: RoostProcess, sender: string): Promise<string> {
  await using relay = await proxyRelay(roost.ports.smtp, HEADER);
  const client = await RawClient.connect("127.0.0.1", relay.port);
  try {
    await client.reply();
    for (const line of ["EHLO mx.far.test", `MAIL FROM:<${sender}>`]) {
      await client.say(`${line}\r\n`);
      assertMatch(await client.reply(), /^250/);
    }
    await client.say("RCPT TO:<bob@example.test>\r\n");
    const reply = await client.reply();
    if (!reply.startsWith("250")) return reply;
    await client.say("DATA\r\n");
    await client.reply();
    await client.say("From: a@far.test\r\nSubject: x\r\n\r\ny\r\n.\r\n");
    return await client.reply();
  } finally {
    client.close();
  }
}

Deno.test("e2e: strangers are looked up, asked to come again, and known after a restart; lists refuse them", async () => {
  const dns = await startDnsServer({
    "77.2.0.192.in-addr.arpa": { PTR: ["mx.far.test"] },
    "mx.far.test": { A: ["192.0.2.77"] },
  });
  try {
    await using roost = await RoostProcess.start({
      config: `proxy_protocol: [127.0.0.1]
dns: { servers: ["127.0.0.1:${dns.port}"] }
reception: { greylist: 1s, blocklists: [bl.test] }`,
    });
    assertMatch(await tryMail(roost, "a@far.test"), /^451 4\.7\.1 /);
    assertMatch(await roost.logged("greylist: first try"), /"name":"mx\.far\.test"/);
    await roost.stop();
    await new Promise((r) => setTimeout(r, 1000)); // the wait of the greylist, which goes by the wall clock
    await roost.launch();
    assertMatch(await tryMail(roost, "a@far.test"), /^250 /);
    const folder = `${roost.maildir("bob@example.test")}/new`;
    for await (const { name } of Deno.readDir(folder)) {
      const text = await Deno.readTextFile(`${folder}/${name}`);
      assertMatch(text, /^Received: from mx\.far\.test \(mx\.far\.test \[192\.0\.2\.77\]\)/m);
    }
    assert(dns.asked.includes("77.2.0.192.bl.test A"));
    await roost.stop();
    dns.zone = { ...dns.zone, "77.2.0.192.bl.test": { A: ["127.0.0.2"] } };
    await roost.launch();
    assertMatch(await tryMail(roost, "a@far.test"), /^554 5\.7\.1 Client host is listed by bl\.test/);
    assertEquals(await roost.stop(), 0);
  } finally {
    await dns.close();
  }
});
