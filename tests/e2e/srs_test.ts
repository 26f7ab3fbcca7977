/** Forwards of a real process get a return address that leads back: after a change of secrets and a restart, too, and never for strangers. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { Outside } from "../support/outside.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

/** The answer to the message, or to the first command that is refused. */
async function send(roost: RoostProcess, from: string, to: string): Promise<string> {
  const client = await RawClient.connect("127.0.0.1", roost.ports.smtp);
  try {
    let reply = await client.reply();
    const message = "From: <x@far.test>\r\nSubject: s\r\n\r\nx\r\n.";
    for (const line of ["EHLO far.test", `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA", message]) {
      await client.say(`${line}\r\n`);
      reply = await client.reply();
      if (/^[45]/.test(reply)) break;
    }
    return reply;
  } finally {
    client.close();
  }
}

Deno.test("srs: forwards leave with an address of ours, and reports to it go to the sender", async () => {
  await using outside = await Outside.start();
  await using roost = await RoostProcess.start({
    domains: { "example.test": '{ catch_all: alice, aliases: { away: ["friend@out.test"] } }' },
    config: `routes: { "*": "smtp://127.0.0.1:${outside.port}" }`,
  });
  let n = 0;
  const arrived = async () => {
    const last = (await outside.until(++n)).at(-1);
    return [last?.from ?? "?", last?.to.join() ?? "?"] as const;
  };
  const forwarded = async () => {
    assertMatch(await send(roost, "Bob@far.test", "away@example.test"), /^250 /);
    const [from, to] = await arrived();
    assertEquals(to, "friend@out.test");
    assertMatch(from, /^SRS0=[^=]{4}=[A-Z2-7]{2}=far\.test=Bob@example\.test$/);
    return from;
  };
  const first = await forwarded();
  assertMatch(await send(roost, "", first), /^250 /);
  assertEquals(await arrived(), ["", "Bob@far.test"]);

  assertEquals((await roost.verb("srs", "rotate")).code, 0);
  const second = await forwarded();
  assert(second !== first, "another secret signs");
  await roost.stop();
  await roost.launch();
  assertEquals(await forwarded(), second);
  for (const address of [first, second, second.toLowerCase()]) {
    assertMatch(await send(roost, "", address), /^250 /);
    assertEquals((await arrived())[1].toLowerCase(), "bob@far.test");
  }
  const forged = second.replace("far.test", "victim.test");
  assertMatch(await send(roost, "", forged), /^550 5\.1\.1 /);
  assertMatch(await send(roost, "spam@far.test", second), /^550 5\.7\.1 /);
  assertEquals(outside.arrived.length, n);
});
