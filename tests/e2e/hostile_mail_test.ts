/** Bad mail and bad next hosts, at a real server: header bombs, deep nesting, octets beyond ASCII in commands, peers that stall. */
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { connectTo, nothingLeft, residentMb, servedQuickly, until } from "../support/hostile.ts";
import { RawClient } from "../support/raw_client.ts";
import { type Ports, RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";
const SERVICES = ["smtp", "submission", "lmtp"] as const;
type Service = typeof SERVICES[number];

/** A session that may send to Bob. */
async function session(roost: RoostProcess, service: Service): Promise<RawClient> {
  const client = await connectTo(roost, service satisfies keyof Ports);
  await client.reply();
  await ask(client, service === "lmtp" ? "LHLO c" : "EHLO c", /^250/);
  if (service === "submission") await ask(client, `AUTH PLAIN ${btoa(`\0${ALICE}\0secret-alice`)}`, /^235/);
  return client;
}

async function ask(client: RawClient, command: string, want: RegExp): Promise<void> {
  await client.say(`${command}\r\n`);
  const reply = await client.reply();
  assertMatch(reply, want, command.slice(0, 60));
}

/** Sends a message by DATA, then by BDAT; both answers. The session must be in step after each. */
async function answers(client: RawClient, message: Uint8Array): Promise<string[]> {
  const said: string[] = [];
  for (const data of [true, false]) {
    await ask(client, `MAIL FROM:<${ALICE}>`, /^250/);
    await ask(client, `RCPT TO:<${BOB}>`, /^250/);
    if (data) {
      await ask(client, "DATA", /^354/);
      await client.conn.write(concat([message, utf8(".\r\n")]));
    } else await client.conn.write(concat([utf8(`BDAT ${message.length} LAST\r\n`), message]));
    said.push(await client.reply());
    await ask(client, "VRFY x", /^252/);
  }
  return said;
}

const HEAD = `From: ${ALICE}\r\nTo: ${BOB}\r\nSubject: bomb\r\nMIME-Version: 1.0\r\n`;

/** Parts within parts, `depth` of them. */
function nested(depth: number): string {
  let text = "Content-Type: text/plain\r\n\r\ninnermost\r\n";
  for (let i = depth; i > 0; i--) {
    text = `Content-Type: multipart/mixed; boundary="b${i}"\r\n\r\n--b${i}\r\n${text}--b${i}--\r\n`;
  }
  return HEAD + text;
}

const BOMBS: readonly (readonly [string, () => string, RegExp])[] = [
  ["100,000 headers", () => `${HEAD}${"X: y\r\n".repeat(100_000)}\r\nbody\r\n`, /^5\d\d 5\./],
  [
    "100,000 headers in one field",
    () => `${HEAD}X: y\r\n${" y\r\n".repeat(100_000)}\r\nbody\r\n`,
    /^5\d\d 5\./,
  ],
  ["a header of 10 MB", () => `${HEAD}X: ${"y".repeat(10_000_000)}\r\n\r\nbody\r\n`, /^5\d\d 5\./],
  ["no header that ends", () => `${HEAD}${"y".repeat(3_000_000)}\r\n`, /^5\d\d 5\./],
  ["9,000 headers", () => `${HEAD}${"X: y\r\n".repeat(9000)}\r\nbody\r\n`, /^250/],
  [
    "9,000 recipients in the header",
    () => `${HEAD}Cc: ${"a@b.test,\r\n ".repeat(9000)}c@d.test\r\n\r\nx\r\n`,
    /^250/,
  ],
  ["a header of 900 KB", () => `${HEAD}X: ${"y".repeat(900_000)}\r\n\r\nbody\r\n`, /^250/],
  ["1,000 nested parts", () => nested(1000), /^250/],
  [
    "1,000 nested messages",
    () => `${HEAD}${"Content-Type: message/rfc822\r\n\r\n".repeat(1000)}x\r\n`,
    /^250/,
  ],
  [
    "50,000 parts",
    () =>
      `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\nx\r\n".repeat(50_000)}--b--\r\n`,
    /^250/,
  ],
  ["nothing but dots", () => "\r\n" + "..\r\n".repeat(200_000), /^250/],
];

async function bombs(roost: RoostProcess): Promise<void> {
  for (const service of SERVICES) {
    for (const [name, make, want] of BOMBS) {
      const client = await session(roost, service);
      const begin = performance.now();
      for (const said of await answers(client, utf8(make()))) assertMatch(said, want, `${service}: ${name}`);
      const took = performance.now() - begin;
      assert(took < 10_000, `${name} to ${service} took ${Math.round(took)} ms`);
      client.close();
    }
    await servedQuickly(roost, `header bombs to ${service}`);
  }
}

/** What was taken is read by IMAP in bounded time, each way that needs it parsed. */
async function readBombs(roost: RoostProcess): Promise<void> {
  const client = await connectTo(roost, "imap");
  await client.line();
  await client.say(`a LOGIN ${BOB} secret-bob\r\nb SELECT INBOX\r\n`);
  await client.tagged("b");
  const items = [
    "ENVELOPE",
    "BODYSTRUCTURE",
    "BODY.PEEK[HEADER.FIELDS (X)]",
    "BODY.PEEK[1.1.1.1.TEXT]",
    "RFC822.SIZE",
  ];
  for (const item of items) {
    const begin = performance.now();
    await client.say(`c FETCH 1:* (${item})\r\n`);
    const last = (await client.tagged("c")).at(-1) ?? "";
    assertMatch(last, /^c OK/, item);
    const took = performance.now() - begin;
    assert(took < 10_000, `${item} took ${Math.round(took)} ms`);
  }
  client.close();
}

/** Octets that no command may hold; UTF-8 that is none, or not to its end. */
async function beyondAscii(roost: RoostProcess): Promise<void> {
  const parts: readonly number[][] = [
    [0xff],
    [0xe4],
    [0x80],
    [0xc3],
    [0xc0, 0xaf],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xf5, 0x80, 0x80, 0x80],
    [0x00],
    [0x1b],
    [0x7f],
  ];
  const forms = [
    "MAIL FROM:<\0@x.test> SMTPUTF8",
    "MAIL FROM:<a@\0.test> SMTPUTF8",
    "MAIL FROM:<a\0",
    "NOOP \0",
    "\0\0",
  ];
  for (const service of SERVICES) {
    for (const octets of parts) {
      const client = await session(roost, service);
      for (const form of forms) {
        const pieces = form.split("\0").flatMap((text, i) =>
          i === 0 ? [utf8(text)] : [Uint8Array.from(octets), utf8(text)]
        );
        await client.conn.write(concat([...pieces, utf8("\r\n")]));
        assertMatch(await client.reply(), /^5\d\d 5\./, `${service}: ${form} with ${octets}`);
      }
      await ask(client, "VRFY x", /^252/);
      client.close();
    }
  }
}

Deno.test("e2e: header bombs, deep nesting and octets beyond ASCII are answered, in step, and disturb nobody", async (t) => {
  await using roost = await RoostProcess.start();
  const threats = {
    "header bombs": bombs,
    "bombs that are read": readBombs,
    "octets beyond ASCII": beyondAscii,
  };
  for (const [name, run] of Object.entries(threats)) {
    await t.step(name, async () => {
      await run(roost);
      await servedQuickly(roost, name);
      await nothingLeft(roost, name);
      const resident = await residentMb(roost);
      assert(resident < 400, `${resident} MB after ${name}`);
    });
  }
  assertEquals(await roost.stop(), 0);
});

/** Stands for the moment at which a client has connected. */
const HELLO = "\0";
/** A next host: what it says to each line it gets, or null for silence. It never closes. */
type Say = (line: string) => string | null;

const GOOD: Say = (line) => {
  if (line === HELLO) return "220 peer ESMTP\r\n";
  if (/^EHLO/.test(line)) return "250-peer\r\n250-PIPELINING\r\n250 SIZE\r\n";
  if (/^DATA/.test(line)) return "354 go\r\n";
  return /^(MAIL|RCPT|RSET|QUIT|\.$)/.test(line) ? "250 fine\r\n" : "";
};
const silentAt = (stop: RegExp, otherwise: Say = GOOD): Say => (line) =>
  stop.test(line) ? null : otherwise(line);
const offers = (keywords: string, next: Say): Say => (line) =>
  /^EHLO/.test(line) ? `250-peer\r\n250-PIPELINING\r\n250 ${keywords}\r\n` : next(line);

const GO = "220 go\r\n";

const STALLS: Readonly<Record<string, Say>> = {
  "no greeting": () => null,
  "half a greeting": (line) => line === HELLO ? "220-peer" : null,
  "a greeting without end": (line) => line === HELLO ? "220-peer\r\n".repeat(100_000) : null,
  "a greeting of one long line": (line) => line === HELLO ? `220 ${"x".repeat(3_000_000)}` : null,
  "no answer to EHLO": silentAt(/^EHLO/),
  "no TLS after STARTTLS": offers(
    "STARTTLS",
    silentAt(/^MAIL/, (line) => /^STARTTLS/.test(line) ? GO : GOOD(line)),
  ),
  // Mail may go on in the clear then; here it does not get far.
  "half a handshake": offers(
    "STARTTLS",
    silentAt(/^MAIL/, (line) => /^STARTTLS/.test(line) ? `${GO}\x16\x03\x03` : GOOD(line)),
  ),
  "no answer to MAIL": silentAt(/^MAIL/),
  "no answer to DATA": silentAt(/^DATA/),
  "no answer to the message": silentAt(/^\.$/),
  "no answer to BDAT": offers("CHUNKING", (line) => /^(MAIL|RCPT|BDAT)/.test(line) ? null : GOOD(line)),
  "replies without end": (line) => line === HELLO ? GOOD(line) : "250-more\r\n".repeat(1000),
};

/** Listens as such a host; `taken` counts the messages of a good one. */
function host(say: Say): Disposable & { readonly port: number; readonly taken: () => number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns: Deno.Conn[] = [];
  let taken = 0;
  const serve = async (conn: Deno.Conn) => {
    conns.push(conn);
    let rest = "";
    const tell = async (line: string) => {
      if (line === ".") taken++;
      const text = say(line);
      if (text) await conn.write(utf8(text));
    };
    await tell(HELLO);
    for await (const chunk of conn.readable.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) await tell(line);
    }
  };
  (async () => {
    for await (const conn of listener) serve(conn).catch(() => {}); // the other side hung up
  })();
  return {
    port: listener.addr.port,
    taken: () => taken,
    [Symbol.dispose]() {
      listener.close();
      for (const conn of conns) {
        try {
          conn.close();
        } catch {
          // Its stream has closed it.
        }
      }
    },
  };
}

Deno.test("e2e: next hosts that stall hold up nobody else's mail, cost no memory, and the server stops in time", async () => {
  using all = new DisposableStack();
  const hosts = Object.values(STALLS).map((say) => all.use(host(say)));
  const good = all.use(host(GOOD));
  const routes = [...hosts, good].map((h, i) => `  host${i}.test: "smtp://127.0.0.1:${h.port}"`);
  await using roost = await RoostProcess.start({ config: ["routes:", ...routes].join("\n") });
  const client = await session(roost, "submission");
  const send = async (domain: string) => {
    await ask(client, `MAIL FROM:<${ALICE}>`, /^250/);
    for (let i = 0; i < 5; i++) await ask(client, `RCPT TO:<u${i}@${domain}>`, /^250/);
    await ask(client, "DATA", /^354/);
    await ask(client, `${HEAD}\r\n${"x".repeat(900)}\r\n.`, /^250/);
  };
  for (let n = 0; n < 3; n++) for (const i of hosts.keys()) await send(`host${i}.test`);
  await new Promise((r) => setTimeout(r, 1000));
  for (let n = 0; n < 5; n++) await send(`host${hosts.length}.test`);
  client.close();
  await until(() => good.taken() === 5, "mail to a host that answers");
  await servedQuickly(roost, "hosts that stall");
  const resident = await residentMb(roost);
  assert(resident < 200, `${resident} MB`);
  const listed = await roost.verb("queue", "list", "--json");
  const waiting =
    (JSON.parse(listed.out) as { readonly recipients: readonly { readonly address: string }[] }[])
      .map((m) => m.recipients[0]?.address.split("@")[1]).sort();
  assertEquals(
    waiting,
    [...hosts.keys(), ...hosts.keys(), ...hosts.keys()].map((i) => `host${i}.test`).sort(),
  );
  const begin = performance.now();
  assertEquals(await roost.stop(), 0);
  assert(performance.now() - begin < 25_000);
});
