/** Senders that hang up as soon as TLS 1.3 stands, as Microsoft's do at times when they are sent session tickets. */
import { assertEquals } from "../support/assert.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

/** Begins TLS; gives its version. */
async function secured(port: number): Promise<readonly [RawClient, string | undefined]> {
  const client = await RawClient.connect("127.0.0.1", port);
  await client.reply();
  await client.say("EHLO far.test\r\n");
  await client.reply();
  await client.say("STARTTLS\r\n");
  await client.reply();
  await client.conn.startTls(null);
  return [client, client.conn.tls?.protocol];
}

Deno.test("who leaves twice as soon as TLS 1.3 stands is offered TLS 1.2, on port 25 alone", async () => {
  await using roost = await RoostProcess.start();
  for (let i = 0; i < 2; i++) {
    const [client, version] = await secured(roost.ports.smtp);
    assertEquals(version, "TLSv1.3");
    client.close();
    // The next one comes when that has been noticed.
    if (i === 1) await roost.logged('"event":"tls 1.3 given up"');
  }
  const [client, version] = await secured(roost.ports.smtp);
  assertEquals(version, "TLSv1.2");
  await client.say("EHLO far.test\r\n");
  assertEquals((await client.reply()).slice(0, 3), "250");
  client.close();
  const [user, users] = await secured(roost.ports.submission);
  assertEquals(users, "TLSv1.3");
  user.close();
});
