/** A real server behind a proxy: PROXY headers on every kind of listener. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { proxyRelay } from "../support/proxy_relay.ts";
import { RawClient, smtpMessage } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const HEADER = "PROXY TCP4 192.0.2.77 198.51.100.2 40000 25\r\n";
const MESSAGE = "Subject: through\r\n\r\nx";

async function inbox(roost: RoostProcess): Promise<string[]> {
  const texts: string[] = [];
  const folder = `${roost.maildir("bob@example.test")}/new`;
  for await (const file of Deno.readDir(folder)) {
    texts.push(await Deno.readTextFile(`${folder}/${file.name}`));
  }
  return texts;
}

Deno.test("behind a proxy, the client's address is what counts: in Received, in logs, for logins in the clear", async () => {
  await using roost = await RoostProcess.start({ config: "proxy_protocol: [127.0.0.1]" });
  {
    await using relay = await proxyRelay(roost.ports.smtp, HEADER);
    const client = await RawClient.connect("127.0.0.1", relay.port);
    await client.reply();
    await client.say("EHLO far.test\r\n");
    await client.reply();
    assert(await smtpMessage(client, "a@far.test", "bob@example.test", MESSAGE));
    client.close();
  }
  assertMatch((await inbox(roost)).join(""), /^Received: from far\.test \(\[192\.0\.2\.77\]\)/m);
  {
    await using relay = await proxyRelay(roost.ports.imap, HEADER);
    const client = await RawClient.connect("127.0.0.1", relay.port);
    assertMatch(await client.line(), /LOGINDISABLED/, "the client is not on loopback, though the proxy is");
    client.close();
  }
  for (const service of ["submissions", "imaps", "pop3s"] as const) {
    await using relay = await proxyRelay(roost.ports[service], HEADER, true);
    const client = await RawClient.connect("127.0.0.1", relay.port);
    await client.conn.startTls(null);
    assertMatch(await client.line(), /^(220|\* OK|\+OK)/, service);
    client.close();
  }
  const direct = await RawClient.connect("127.0.0.1", roost.ports.smtp);
  await direct.say("EHLO c.test\r\n");
  await direct.line().then((l) => assertEquals(l, "no line"), () => {});
  direct.close();
  assertMatch(await roost.logged('"event":"proxy failed"'), /"remote":"127\.0\.0\.1"/);
});
