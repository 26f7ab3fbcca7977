import fc from "fast-check";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import type { Client } from "../../mod/smtp/ports.ts";
import { readXclient, xclientKeyword, type XclientRights } from "../../mod/smtp/xclient.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Rig } from "./rig.ts";

const CLIENT: Client = {
  listener: "smtp",
  remote: { address: "127.0.0.1", port: 1 },
  local: { address: "127.0.0.1", port: 25 },
  tls: null,
  helo: "front.test",
  extended: true,
  account: "front@example.test",
};
const FRESH: Client = { ...CLIENT, helo: null, extended: false, account: null };
const VOUCHING: XclientRights = { account: (login) => login === "alice" ? "alice@example.test" : null };

function read(line: string, rights: XclientRights = {}) {
  return readXclient(utf8(line), rights, CLIENT);
}

Deno.test("readXclient() takes every attribute, in any case, with xtext and the words for unknown", () => {
  const remote = (address: string, port = 1) => ({ ...FRESH, remote: { address, port } });
  const table: [string, Client][] = [
    ["XCLIENT ADDR=192.0.2.7", remote("192.0.2.7")],
    ["xclient addr=192.0.2.7 port=99", remote("192.0.2.7", 99)],
    ["XCLIENT  ADDR=IPV6:2001:DB8:0::1", remote("2001:db8::1")],
    ["XCLIENT ADDR=IPv6:::ffff:192.0.2.7", remote("192.0.2.7")],
    ["XCLIENT ADDR=[UNAVAILABLE] PORT=[TEMPUNAVAIL]", remote("unknown", 0)],
    ["XCLIENT NAME=host.test", FRESH],
    ["XCLIENT NAME=[TEMPUNAVAIL]", FRESH],
    ["XCLIENT DESTADDR=198.51.100.1 DESTPORT=465", {
      ...FRESH,
      local: { address: "198.51.100.1", port: 465 },
    }],
    ["XCLIENT HELO=far+2Etest PROTO=ESMTP", { ...FRESH, helo: "far.test", extended: true }],
    ["XCLIENT PROTO=smtp HELO=far.test", { ...FRESH, helo: "far.test" }],
    ["XCLIENT LOGIN=[UNAVAILABLE]", FRESH],
  ];
  for (const [line, client] of table) assertEquals(read(line), { client }, line);
  assertEquals(read("XCLIENT LOGIN=alice", VOUCHING), {
    client: { ...FRESH, account: "alice@example.test" },
  });
});

Deno.test("readXclient() refuses what is broken, and logins it may not tell of", () => {
  const broken = [
    "XCLIENT",
    "XCLIENT ",
    "XCLIENT ADDR",
    "XCLIENT =x",
    "XCLIENT ADDR=",
    "XCLIENT ADDR=300.0.0.1",
    "XCLIENT ADDR=2001:db8::1",
    "XCLIENT ADDR=IPV6:192.0.2.1",
    "XCLIENT ADDR=IPV6:fe80::1%eth0",
    "XCLIENT ADDR=192.0.2.1 ADDR=192.0.2.2",
    "XCLIENT ADDR=192.0.2.1 addr=192.0.2.2",
    "XCLIENT PORT=65536",
    "XCLIENT PORT=01",
    "XCLIENT HELO=a+20b",
    "XCLIENT HELO=a+0D+0Ab",
    "XCLIENT HELO=a+zz",
    `XCLIENT HELO=${"a".repeat(256)}`,
    "XCLIENT PROTO=LMTP",
    "XCLIENT COLOUR=red",
  ];
  for (const line of broken) {
    const outcome = read(line);
    assert(outcome && "refused" in outcome && outcome.refused.code === 501, line);
  }
  for (const rights of [{}, VOUCHING]) {
    const outcome = read("XCLIENT LOGIN=mallory", rights);
    assert(outcome && "refused" in outcome && outcome.refused.code === 550);
  }
  for (const line of ["EHLO x", "XCLIENTS ADDR=1", "", "NOOP XCLIENT"]) assertEquals(read(line), null, line);
});

Deno.test("readXclient() never throws, and leaves no client with a broken address", () => {
  const word = fc.constantFrom(
    "ADDR=",
    "HELO=",
    "PORT=",
    "IPV6:",
    "::",
    "1.2.3.4",
    " ",
    "+",
    "[UNAVAILABLE]",
    "\0",
    "ä",
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 12 }), (words) => {
    const outcome = read(`XCLIENT ${words.join("")}`);
    assert(outcome);
    if ("client" in outcome) assert(/^[0-9a-f.:]+$|^unknown$/.test(outcome.client.remote.address));
  }));
});

Deno.test("xclientKeyword() lists LOGIN where the front may vouch", () => {
  assert(!xclientKeyword({}).includes("LOGIN"));
  assert(xclientKeyword(VOUCHING).includes(" LOGIN "));
});

/** What the server said to these lines, one string a line of its. */
async function talk(rig: Rig, ...lines: string[]): Promise<string[]> {
  const done = rig.serve();
  rig.conn.feed(lines.map((l) => `${l}\r\n`).join("")).end();
  await done;
  return fromUtf8(utf8(rig.conn.output)).split("\r\n");
}

Deno.test("smtp: XCLIENT begins anew with the client it names; strangers do not have the command", async () => {
  const trusted = new Rig({ settings: { xclient: {} } });
  const said = await talk(
    trusted,
    "EHLO front.test",
    "XCLIENT ADDR=192.0.2.99 HELO=ignored.test PROTO=SMTP",
    "EHLO far.test",
    "MAIL FROM:<a@far.test>",
    "XCLIENT ADDR=192.0.2.98",
    "RCPT TO:<bob@example.test>",
    "DATA",
    "Subject: x\r\n\r\n.",
    "XCLIENT ADDR=203.0.113.9",
  );
  assertEquals(said.filter((l) => l.includes("XCLIENT NAME ADDR")).length, 2);
  assertEquals(said.filter((l) => l.startsWith("220 ")).length, 2);
  assertEquals(said.filter((l) => l.startsWith("503 ")).length, 1, "not within a transaction");
  assert(said.at(-2)?.startsWith("421 "), "the policy is asked about the new client");
  const [received] = trusted.received;
  assertEquals(received?.transaction.client.remote.address, "192.0.2.99");
  assertEquals(received?.transaction.client.helo, "far.test");
  const stranger = await talk(new Rig(), "EHLO c.test", "XCLIENT ADDR=192.0.2.99");
  assert(!stranger.some((l) => l.includes("XCLIENT")));
  assert(stranger.at(-2)?.startsWith("500 "));
});

Deno.test("smtp: XCLIENT ends a login, and vouches for one only where it may", async () => {
  const plain = btoa("\0alice@example.test\0secret");
  const over = { listener: "submission", tls: true } as const;
  const ended = await talk(
    new Rig({ ...over, settings: { xclient: {} } }),
    "EHLO front.test",
    `AUTH PLAIN ${plain}`,
    "XCLIENT ADDR=192.0.2.99",
    "EHLO far.test",
    "MAIL FROM:<alice@example.test>",
    "XCLIENT LOGIN=alice",
  );
  assert(ended.at(-3)?.startsWith("530 "), ended.join("\n"));
  assert(ended.at(-2)?.startsWith("550 5.7.0 "), ended.join("\n"));
  const vouched = await talk(
    new Rig({ ...over, settings: { xclient: VOUCHING } }),
    "XCLIENT ADDR=192.0.2.99 LOGIN=alice",
    "EHLO far.test",
    "MAIL FROM:<alice@example.test>",
  );
  assert(vouched.at(-2)?.startsWith("250 2.1.0 "), vouched.join("\n"));
});
