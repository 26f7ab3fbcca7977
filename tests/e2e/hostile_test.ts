/** Bad input to a real server over real sockets, one threat after the other; after each, others are served and nothing is left behind. */
import { assert, assertEquals } from "../support/assert.ts";
import {
  connectTo,
  nothingLeft,
  openConnections,
  residentMb,
  servedQuickly,
  toTheEnd,
  until,
} from "../support/hostile.ts";
import type { RawClient } from "../support/raw_client.ts";
import { type Ports, RoostProcess, SERVICES } from "../support/roost_process.ts";
import { SeededRandom } from "../support/seeded_random.ts";

/** MB. The configured ceiling is 256; a burst may pass it before the server looks, and garbage waits for its collection. */
const MEMORY = 400;
const KB = "x".repeat(1022) + "\r\n";
const CLIENT_HELLO = new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);

async function memoryIsBounded(roost: RoostProcess, after: string): Promise<void> {
  const resident = await residentMb(roost);
  assert(resident < MEMORY, `${resident} MB after ${after}`);
}

async function garbage(roost: RoostProcess): Promise<void> {
  const random = new SeededRandom(7);
  const junk: readonly (Uint8Array | string)[] = [
    "",
    random.bytes(5000),
    new Uint8Array(5000),
    "\n".repeat(5000),
    "\r".repeat(5000),
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    CLIENT_HELLO,
    "A".repeat(1_000_000),
    `${"A".repeat(1_000_000)}\r\nNOOP\r\n`,
    `a {1000000+}\r\n${"y".repeat(1_000_000)}\r\n`,
    "a {99999999999999999999}\r\n",
  ];
  for (const service of SERVICES) {
    for (const octets of junk) {
      const client = await connectTo(roost, service);
      // A server that has hung up already makes these fail, as it may.
      if (octets.length > 0) {
        await (typeof octets === "string" ? client.say(octets) : client.conn.write(octets)).catch(() => {});
      }
      client.close();
    }
  }
}

async function millionOctetLine(roost: RoostProcess): Promise<void> {
  for (
    const [service, command, want] of [
      ["smtp", "NOOP", "500 5.5.2"],
      ["lmtp", "NOOP", "500 5.5.2"],
      ["submission", "NOOP", "500 5.5.2"],
      ["imap", "a NOOP", "a BAD"],
      ["pop3", "CAPA", "-ERR Line too long"],
    ] as const
  ) {
    const client = await connectTo(roost, service);
    await client.line();
    await client.say(`${command} ${"x".repeat(1_000_000)}\r\n`);
    const answer = await client.line();
    assert(answer.startsWith(want), `${service}: ${answer}`);
    client.close();
  }
}

async function manyAtOnce(roost: RoostProcess): Promise<void> {
  for (const service of SERVICES) {
    const clients = await Promise.all(Array.from({ length: 1000 }, () => connectTo(roost, service)));
    if (["smtp", "submission", "imap", "pop3", "lmtp"].includes(service)) {
      await Promise.all(clients.map(async (c) => assert(/^(220|\* OK|\+OK) /.test(await c.line()))));
    }
    await servedQuickly(roost, `1,000 connections to ${service} that stay`);
    for (const c of clients) c.close();
    // The next thousand would be too many together with these.
    await until(async () => Object.keys(await openConnections(roost)).length === 0, "connections left");
  }
}

async function halfOpenHandshakes(roost: RoostProcess): Promise<void> {
  const services = ["submissions", "imaps", "pop3s"] as const;
  const clients = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => {
      const client = await connectTo(roost, services[i % 3] ?? "imaps");
      if (i % 2) await client.conn.write(CLIENT_HELLO);
      return client;
    }),
  );
  await servedQuickly(roost, "300 half-open handshakes that stay");
  for (const c of clients) c.close();
}

/** STARTTLS, then nothing, half a ClientHello, or an end: in each case the server lets go. */
async function vanishedInStartTls(roost: RoostProcess): Promise<void> {
  for (
    const [service, command] of [["smtp", "STARTTLS"], ["imap", "a STARTTLS"], ["pop3", "STLS"]] as const
  ) {
    for (let i = 0; i < 30; i++) {
      const client = await connectTo(roost, service);
      await client.line();
      await client.say(`${command}\r\n`);
      if (i % 3 > 0) await client.line();
      if (i % 3 > 1) await client.conn.write(CLIENT_HELLO);
      client.close();
    }
  }
}

/** What was pipelined after STARTTLS in the clear is never acted upon, in one segment with it or in the next. */
async function startTlsInjection(roost: RoostProcess): Promise<void> {
  const cases: readonly [keyof Ports, string, string, string][] = [
    ["smtp", "EHLO x\r\n", "STARTTLS\r\n", "MAIL FROM:<evil@x.test>\r\n"],
    ["submission", "EHLO x\r\n", "STARTTLS\r\n", "MAIL FROM:<evil@x.test>\r\n"],
    ["imap", "", "a STARTTLS\r\n", "b CAPABILITY\r\n"],
    ["pop3", "", "STLS\r\n", "CAPA\r\n"],
  ];
  for (const [service, hello, start, injected] of cases) {
    for (const apart of [false, true]) {
      const client = await connectTo(roost, service);
      await client.line();
      await client.say(hello);
      if (hello) await client.reply();
      await client.say(apart ? start : start + injected);
      if (apart) {
        await client.line();
        await client.say(injected);
      }
      const rest = await toTheEnd(client);
      assert(!/250 2\.1\.0|b OK|Capabilities follow/.test(rest), `${service}: ${rest}`);
      client.close();
    }
  }
}

/** Commands without end from clients that never read what is said to them, and from those that do. */
async function floods(roost: RoostProcess): Promise<void> {
  const cases: readonly [keyof Ports, string, string][] = [
    ["pop3", "", "CAPA\r\n"],
    ["pop3", "", "NOOP\r\n"],
    ["pop3", "USER bob@example.test\r\nPASS secret-bob\r\n", "UIDL\r\n"],
    ["smtp", "EHLO x\r\nMAIL FROM:<a@b.test>\r\n", "RCPT TO:<bob@example.test>\r\n"],
    ["smtp", "EHLO x\r\n", "MAIL FROM:<a@b.test> SIZE=99999999999\r\n"],
    ["lmtp", "LHLO x\r\n", "MAIL FROM:<a@b.test>\r\nRSET\r\n"],
    ["imap", "", "a CAPABILITY\r\n"],
    ["imap", "a LOGIN bob@example.test secret-bob\r\n", 'a LIST "" *\r\n'],
  ];
  for (const [service, before, command] of cases) {
    const client = await connectTo(roost, service);
    await client.line();
    await client.say(before);
    const block = command.repeat(Math.floor(65536 / command.length));
    let sent = 0;
    const flood = (async () => {
      while (sent < 20_000_000) {
        await client.say(block);
        sent += block.length;
      }
    })().catch(() => {});
    await new Promise((r) => setTimeout(r, 300));
    await servedQuickly(roost, `a flood of ${command.trim()} to ${service}`);
    client.close();
    await flood;
    await memoryIsBounded(roost, `${command.trim()} to ${service}`);
  }
}

async function inData(roost: RoostProcess): Promise<RawClient> {
  const client = await connectTo(roost, "smtp");
  await client.reply();
  await client.say("EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n");
  for (let i = 0; i < 4; i++) await client.reply();
  return client;
}

async function loggedIn(roost: RoostProcess): Promise<RawClient> {
  const client = await connectTo(roost, "imap");
  await client.line();
  await client.say("a LOGIN bob@example.test secret-bob\r\n");
  await client.tagged("a");
  return client;
}

/** Clients that vanish in DATA and in literals of any size leave neither a message nor a file. */
async function vanishedInTheMiddle(roost: RoostProcess): Promise<void> {
  for (const kilobytes of [0, 1, 3000]) {
    const smtp = await inData(roost);
    await smtp.say(`Subject: never\r\n\r\n${KB.repeat(kilobytes)}`);
    smtp.close();
    const imap = await loggedIn(roost);
    await imap.say(`b APPEND INBOX {4000000+}\r\n${KB.repeat(kilobytes)}`);
    imap.close();
    const search = await loggedIn(roost);
    await search.say(`b LOGIN {4000+}\r\n${"x".repeat(kilobytes)}`);
    search.close();
  }
  const left = () =>
    [`${roost.dir}/data/queue/tmp`, `${roost.maildir("bob@example.test")}/tmp`].flatMap((dir) => {
      try {
        return [...Deno.readDirSync(dir)].map((e) => `${dir}/${e.name}`);
      } catch {
        return []; // Nothing was ever spooled.
      }
    });
  await until(() => left().length === 0, `files left over: ${left()}`);
}

/** Large messages in many sessions at once: memory holds what is configured, spools take the rest. */
async function muchAtOnce(roost: RoostProcess): Promise<void> {
  const before = await servedQuickly(roost, "nothing");
  for (const [sessions, kilobytes] of [[50, 1000], [4, 30_000]] as const) {
    const clients = await Promise.all(Array.from({ length: sessions }, () => inData(roost)));
    await Promise.all(clients.map(async (c) => {
      for (let i = 0; i < kilobytes; i += 500) await c.say(KB.repeat(500));
      await c.say(".\r\n");
      assertEquals((await c.reply()).slice(0, 3), "250");
      c.close();
    }));
    await memoryIsBounded(roost, "large messages at once");
  }
  assertEquals(await servedQuickly(roost, "50 MB in many messages"), before + 55);
}

/** Clients that ask for much and never read. */
async function stalledReaders(roost: RoostProcess): Promise<void> {
  const clients: RawClient[] = [];
  for (let i = 0; i < 5; i++) {
    const imap = await loggedIn(roost);
    await imap.say("b SELECT INBOX\r\nc FETCH 1:* BODY.PEEK[]\r\n");
    clients.push(imap);
  }
  const pop3 = await connectTo(roost, "pop3");
  await pop3.line();
  await pop3.say(
    `USER bob@example.test\r\nPASS secret-bob\r\n${
      Array.from({ length: 60 }, (_, i) => `RETR ${i + 1}\r\n`).join("")
    }`,
  );
  clients.push(pop3);
  await new Promise((r) => setTimeout(r, 500));
  await servedQuickly(roost, "clients that do not read");
  await memoryIsBounded(roost, "clients that do not read");
  for (const c of clients) c.close();
}

/** Every pair of line ends around a dot but the true one: the data goes on, and nothing in it is a command. */
async function smuggling(roost: RoostProcess): Promise<void> {
  const ends = ["\r\n", "\n", "\r", "\n\r", "\r\0\n"];
  const before = await servedQuickly(roost, "nothing");
  for (const first of ends) {
    for (const second of ends) {
      if (first === "\r\n" && second === "\r\n") continue;
      const client = await inData(roost);
      await client.say(
        `Subject: outer\r\n\r\nbody${first}.${second}MAIL FROM:<evil@x.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n` +
          `Subject: smuggled\r\n\r\n\r\n.\r\nNOOP\r\n`,
      );
      const answer = await client.reply();
      assert(/^550 5\.6\.(0|11)/.test(answer), `${JSON.stringify(first + "." + second)}: ${answer}`);
      assertEquals((await client.reply()).slice(0, 9), "250 2.0.0");
      client.close();
    }
  }
  assertEquals(await servedQuickly(roost, "smuggling"), before + 1);
}

const THREATS: readonly { readonly name: string; run(roost: RoostProcess): Promise<void> }[] = [
  { name: "garbage to every listener", run: garbage },
  { name: "a line of a million octets", run: millionOctetLine },
  { name: "1,000 connections to each listener", run: manyAtOnce },
  { name: "300 half-open handshakes", run: halfOpenHandshakes },
  { name: "peers that vanish in STARTTLS", run: vanishedInStartTls },
  { name: "commands injected before TLS", run: startTlsInjection },
  { name: "smuggled ends of data", run: smuggling },
  { name: "commands without end", run: floods },
  { name: "clients that vanish in DATA and in literals", run: vanishedInTheMiddle },
  { name: "large messages at once", run: muchAtOnce },
  { name: "clients that never read", run: stalledReaders },
];

Deno.test("e2e: a server outlives hostile clients, and serves others meanwhile", async (t) => {
  await using roost = await RoostProcess.start();
  for (const { name, run } of THREATS) {
    await t.step(name, async () => {
      await run(roost);
      await servedQuickly(roost, name);
      await nothingLeft(roost, name);
      await memoryIsBounded(roost, name);
    });
  }
  assertEquals(await roost.stop(), 0);
});
