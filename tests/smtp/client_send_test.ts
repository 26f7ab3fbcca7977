import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import type { PeerManners } from "../support/smtp_peer.ts";
import { envelope, lentBody, send, short, TEXT } from "./client_rig.ts";

const BOTH: readonly PeerManners[] = [{}, { offers: ["PIPELINING"] }];

Deno.test("sendMessage() sends with and without pipelining", async () => {
  for (const manners of BOTH) {
    const { peer, result } = await send(manners, envelope("bob", "carol"));
    assertEquals(short(result), ["delivered", "delivered"]);
    assertEquals(peer.commands.slice(1), [
      "MAIL FROM:<alice@example.org>",
      "RCPT TO:<bob@example.net>",
      "RCPT TO:<carol@example.net>",
      "DATA",
    ]);
    assertEquals(peer.messages, ["Subject: hi\r\n\r\n..dot\r\n.\r\n"]);
    // EHLO, then one write for all commands or one each, then one for the message.
    assertEquals(peer.writes, manners.offers ? 3 : 6);
  }
});

Deno.test("sendMessage() tells each recipient's fate apart, in order", async () => {
  const on = {
    "RCPT TO:<b": "550 5.1.1 No such user",
    "RCPT TO:<c": "450 4.2.1 Greylisted",
    "RCPT TO:<e": "250-a\r\n250 b",
  };
  for (const manners of BOTH) {
    const { peer, result } = await send({ ...manners, on }, envelope("a", "b", "c", "d", "e"));
    assertEquals(short(result), ["delivered", "failed 5.1.1", "deferred 4.2.1", "delivered", "delivered"]);
    assertEquals(peer.messages.length, 1);
  }
});

Deno.test("sendMessage() judges each reply at each stage", async () => {
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ MAIL: "550 5.7.1 Not you" }, "failed 5.7.1"],
    [{ MAIL: "501 Syntax" }, "failed 5.0.0"],
    [{ MAIL: "451 4.7.1 Later" }, "not taken: mail"],
    [{ MAIL: "421 Bye" }, "not taken: mail"],
    [{ MAIL: "354 What" }, "not taken: mail"],
    [{ RCPT: "550 5.1.1 No" }, "failed 5.1.1"],
    [{ RCPT: "550 4.1.1 odd class" }, "failed 5.0.0"],
    [{ RCPT: "450 Later" }, "deferred 4.0.0"],
    [{ RCPT: "452 4.5.3 Too many" }, "deferred 4.5.3"],
    [{ RCPT: "421 Bye" }, "not taken: rcpt"],
    [{ RCPT: "354 What" }, "deferred 4.5.0"],
    [{ DATA: "554 5.6.0 No" }, "failed 5.6.0"],
    [{ DATA: "451 4.3.0 Later" }, "not taken: data"],
    [{ DATA: "250 What" }, "not taken: data"],
    [{ ".": "550 5.7.1 Spam" }, "failed 5.7.1"],
    [{ ".": "451 4.3.0 Disk full" }, "deferred 4.3.0"],
    [{ ".": "421 4.3.2 Bye" }, "deferred 4.3.2"],
    [{ ".": "354 What" }, "deferred 4.5.0"],
    [{ ".": "!close" }, "deferred 4.4.2"],
    [{ ".": "!reset" }, "deferred 4.4.2"],
    [{ ".": "garbage" }, "deferred 4.4.2"],
    [{ MAIL: "!close" }, "not taken: mail"],
    [{ RCPT: "!reset" }, "not taken: rcpt"],
    [{ DATA: "!close" }, "not taken: data"],
    [{ RCPT: "garbage" }, "not taken: rcpt"],
  ];
  for (const manners of BOTH) {
    for (const [on, expected] of cases) {
      const { result } = await send({ ...manners, on });
      const [got = ""] = short(result);
      // Pipelined, a 421 or a reset is met before the replies that came ahead of it.
      const early = expected.startsWith("not taken: rcpt");
      if (early) assertMatch(got, /^not taken: (mail|rcpt)$/, JSON.stringify(on));
      else assertEquals(got, expected, JSON.stringify(on));
    }
  }
});

Deno.test("sendMessage() gives a peer that wants data for nobody an empty message", async () => {
  const { peer, result, client } = await send({ offers: ["PIPELINING"], on: { RCPT: "550 5.1.1 No" } });
  assertEquals(short(result), ["failed 5.1.1"]);
  assertEquals(peer.messages, [".\r\n"]);
  assert(client.usable);
});

Deno.test("sendMessage() marks recipients over the peer's cap for the next transaction", async () => {
  const { result } = await send({
    on: {
      "RCPT TO:<b": "452 4.5.3 Too many",
      "RCPT TO:<c": "552 5.5.3 Too many",
      "RCPT TO:<d": "452 4.2.2 Full",
    },
  }, envelope("a", "b", "c", "d"));
  assertEquals(short(result), [
    "delivered",
    "deferred 4.5.3 again",
    "deferred 4.5.3 again",
    "deferred 4.2.2",
  ]);
});

Deno.test("sendMessage() in LMTP has a verdict for each recipient", async () => {
  const on = { "RCPT TO:<b": "550 5.1.1 No", ".": ["250 Fine", "452 4.2.2 Full", "250 Fine"] };
  const body = memoryBody(utf8(TEXT));
  const { result } = await send({ on }, envelope("a", "b", "c", "d"), body, "lmtp");
  assertEquals(short(result), ["delivered", "failed 5.1.1", "deferred 4.2.2", "delivered"]);
  const lost = await send({ on: { ".": ["250 Fine", "!close"] } }, envelope("a", "b"), body, "lmtp");
  assertEquals(short(lost.result), ["delivered", "deferred 4.4.2"]);
});

Deno.test("sendMessage() does not send what the peer says it cannot take", async () => {
  const big = await send({ offers: ["SIZE 10"] });
  assertEquals(short(big.result), ["failed 5.3.4"]);
  assertEquals(big.peer.commands.length, 1);
  const utf8Message = await send({ offers: ["8BITMIME"] }, { ...envelope("bob"), smtpUtf8: true });
  assertEquals(short(utf8Message.result), ["failed 5.6.7"]);
  const mixed = await send({}, envelope("bob", "j\u00fcrgen", "evil\r\nRSET"));
  assertEquals(short(mixed.result), ["delivered", "failed 5.6.7", "failed 5.1.3"]);
  assert(!mixed.peer.commands.includes("RSET"));
  const sender = await send({}, {
    ...envelope("bob"),
    sender: { local: "a\r\nRSET", domain: "example.org" },
  });
  assertEquals(short(sender.result), ["failed 5.1.7"]);
});

Deno.test("sendMessage() gives mail that is to come back in time to nobody who does not promise it", async () => {
  const by = { seconds: 100, mode: "return" } as const;
  const table = [
    [[], by, "failed 5.4.7"],
    [["DELIVERBY 101"], by, "failed 5.4.7"],
    [["DELIVERBY 100"], by, "delivered"],
    [["DELIVERBY"], by, "delivered"],
    [[], { ...by, mode: "notify" }, "delivered"],
    [["DELIVERBY 101"], { ...by, mode: "notify" }, "delivered"],
  ] as const;
  for (const [offers, wish, want] of table) {
    const { result } = await send({ offers }, { ...envelope("bob"), by: wish });
    assertEquals(short(result), [want], `${offers} ${wish.mode}`);
  }
  const lmtp = await send({}, { ...envelope("bob"), by }, memoryBody(utf8(TEXT)), "lmtp");
  assertEquals(short(lmtp.result), ["delivered"]);
});

Deno.test("sendMessage() names the extensions it uses", async () => {
  const offers = ["SIZE", "8BITMIME", "SMTPUTF8", "DSN"];
  const { peer } = await send({ offers }, { ...envelope("j\u00fcrgen"), eightBit: true, ret: "full" });
  assertEquals(
    peer.commands[1],
    `MAIL FROM:<alice@example.org> SIZE=${TEXT.length} BODY=8BITMIME SMTPUTF8 RET=FULL`,
  );
});

Deno.test("sendMessage() puts parts with eight bits into base64 where 8BITMIME is missing", async () => {
  const body = () => memoryBody(utf8("Content-Transfer-Encoding: 8bit\r\n\r\n\u00e4\r\n"));
  const { peer } = await send({}, { ...envelope("bob"), eightBit: true }, body());
  assertEquals(peer.messages, ["Content-Transfer-Encoding: base64\r\n\r\nw6QNCg==\r\n.\r\n"]);
  const able = await send({ offers: ["8BITMIME"] }, { ...envelope("bob"), eightBit: true }, body());
  assertEquals(able.peer.messages, ["Content-Transfer-Encoding: 8bit\r\n\r\n\u00e4\r\n.\r\n"]);
});

Deno.test("sendMessage() sends eight bits that are not marked as they are, where 8BITMIME is missing", async () => {
  const { peer, result } = await send(
    {},
    { ...envelope("bob"), eightBit: true },
    memoryBody(utf8("\u00e4\r\n")),
  );
  assertEquals(short(result), ["delivered"]);
  assertEquals(peer.commands[1], "MAIL FROM:<alice@example.org>");
  assertEquals(peer.messages, ["\u00e4\r\n.\r\n"]);
});

Deno.test("sendMessage() streams a body that lends its buffer, in large writes", async () => {
  const line = `${"x".repeat(998)}\r\n`;
  const chunks = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(10, ".") + "\r\n." + line.repeat(60));
  const { peer, result } = await send({ offers: ["PIPELINING"] }, envelope("bob"), lentBody(chunks));
  assertEquals(short(result), ["delivered"]);
  assertEquals(peer.messages[0], chunks.join("").replaceAll("\r\n.", "\r\n..") + ".\r\n");
  assert(peer.writes < 2 + 22, `${peer.writes} writes`);
  const small = await send(
    { offers: ["PIPELINING"] },
    envelope("bob"),
    lentBody(["a\r\n", "b\r\n", "c\r\n"]),
  );
  assertEquals(small.peer.messages, ["a\r\nb\r\nc\r\n.\r\n"]);
  assertEquals(small.peer.writes, 3);
});

Deno.test("sendMessage() never ends the data of a message it cannot read", async () => {
  const { peer, result, client } = await send({}, envelope("a", "b"), lentBody(["half\r\n"], true));
  assertEquals(short(result), ["deferred 4.3.0", "deferred 4.3.0"]);
  assertEquals([peer.messages.length, peer.destroyed, client.usable], [0, true, false]);
});

Deno.test("sendMessage() says so when the connection breaks within the message", async () => {
  const { result } = await send(
    { breaksInBody: 100 },
    envelope("bob"),
    lentBody([`${"x".repeat(60_000)}\r\n`, `${"y".repeat(60_000)}\r\n`]),
  );
  assertEquals(short(result), ["not taken: body"]);
  const told = await send({ breaksInBody: 100, lastWords: "552 5.3.4 Too big" });
  assertEquals(short(told.result), ["delivered"], "small enough for this peer");
  const small = await send({ breaksInBody: 5, lastWords: "552 5.3.4 Too big" });
  assertEquals(short(small.result), ["failed 5.3.4"]);
});
