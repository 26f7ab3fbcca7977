import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { CLIENT_CHUNKS_AHEAD } from "../../mod/base/limits.ts";
import { SmtpClient } from "../../mod/smtp/client.ts";
import { onlyChunk } from "../../mod/smtp/client_body.ts";
import { sendMessage } from "../../mod/smtp/client_send.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type PeerManners, SmtpPeer } from "../support/smtp_peer.ts";
import { envelope, lentBody, send, short, TEXT } from "./client_rig.ts";

const AT_ONCE: PeerManners = { offers: ["PIPELINING", "CHUNKING"] };
const IN_TURN: PeerManners = { offers: ["CHUNKING"] };
const LINE = `${"x".repeat(998)}\r\n`;
/** 20 chunks of some 60 KB, with dots at their beginnings. */
const LARGE = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(10, ".") + "\r\n." + LINE.repeat(60));

Deno.test("BDAT takes a small message along with its envelope where the peer pipelines", async () => {
  for (const manners of [AT_ONCE, IN_TURN]) {
    const { peer, result } = await send(manners, envelope("bob", "carol"));
    assertEquals(short(result), ["delivered", "delivered"]);
    assertEquals(peer.commands.slice(1), [
      "MAIL FROM:<alice@example.org>",
      "RCPT TO:<bob@example.net>",
      "RCPT TO:<carol@example.net>",
      `BDAT ${TEXT.length} LAST`,
    ]);
    // Dots are as they were.
    assertEquals(peer.messages, [TEXT]);
    // EHLO, then one write for all, or one for each command, the last with the message.
    assertEquals(peer.writes, manners === AT_ONCE ? 2 : 5);
  }
});

Deno.test("BDAT counts octets after bare CRs and LFs are mended", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", ""],
    ["a\r\n", "a\r\n"],
    ["a", "a\r\n"],
    ["a\n.\nb\n", "a\r\n.\r\nb\r\n"],
    ["a\r.\r\n", "a .\r\n"],
    ["ä\r", "ä\r\n"],
    [".\r\n", ".\r\n"],
  ];
  for (const manners of [AT_ONCE, IN_TURN]) {
    for (const [text, expected] of cases) {
      for (const body of [memoryBody(utf8(text)), memoryBody(utf8(text).slice(0, 1), utf8(text).slice(1))]) {
        const { peer, result } = await send(manners, envelope("bob"), body);
        assertEquals(short(result), ["delivered"], JSON.stringify(text));
        assertEquals(peer.messages, [expected], JSON.stringify(text));
        assertEquals(peer.chunks, [utf8(expected).length]);
      }
    }
  }
});

Deno.test("BDAT streams a large message in chunks, from memory and from a file that lends its buffer", async () => {
  const bodies = [lentBody(LARGE), memoryBody(...LARGE.map(utf8)), memoryBody(utf8(LARGE.join("")))];
  for (const manners of [AT_ONCE, IN_TURN]) {
    for (const [n, body] of bodies.entries()) {
      const { peer, result } = await send(manners, envelope("bob"), body);
      assertEquals(short(result), ["delivered"]);
      assertEquals(peer.messages, [LARGE.join("")]);
      assertEquals(peer.chunks.length, n === 2 ? 1 : 10);
      assertMatch(peer.commands.at(-1) ?? "", /^BDAT \d+ LAST$/);
    }
  }
});

Deno.test("BDAT is answered stage by stage as DATA is", async () => {
  const cases: readonly (readonly [Record<string, string | string[]>, string, string])[] = [
    [{ MAIL: "550 5.7.1 Not you" }, "failed 5.7.1", "failed 5.7.1"],
    [{ MAIL: "451 4.7.1 Later" }, "not taken: mail", "not taken: mail"],
    [{ MAIL: "421 Bye" }, "not taken: mail", "not taken: mail"],
    [{ RCPT: "550 5.1.1 No" }, "failed 5.1.1", "failed 5.1.1"],
    [{ RCPT: "421 Bye" }, "not taken: mail", "not taken: rcpt"],
    [{ BDAT: "554 5.6.0 No" }, "failed 5.6.0", "failed 5.6.0"],
    [{ BDAT: "451 4.3.0 Later" }, "deferred 4.3.0", "deferred 4.3.0"],
    [{ ".": "550 5.7.1 Spam" }, "failed 5.7.1", "failed 5.7.1"],
    [{ ".": "452 4.3.1 Full" }, "deferred 4.3.1", "deferred 4.3.1"],
    [{ ".": "421 4.3.2 Bye" }, "deferred 4.3.2", "deferred 4.3.2"],
    [{ ".": "!close" }, "deferred 4.4.2", "deferred 4.4.2"],
    [{ ".": "garbage" }, "deferred 4.4.2", "deferred 4.4.2"],
    // The message is on its way with the envelope: the peer may have taken it.
    [{ MAIL: "!close" }, "deferred 4.4.2", "not taken: mail"],
    [{ RCPT: "!reset" }, "deferred 4.4.2", "not taken: rcpt"],
    [{ RCPT: "garbage" }, "deferred 4.4.2", "not taken: rcpt"],
    // Not known to the peer, whatever it says in EHLO.
    [{ BDAT: "500 5.5.1 What?" }, "not taken: chunk", "not taken: chunk"],
    [{ BDAT: "502 What?" }, "not taken: chunk", "not taken: chunk"],
    [{ ".": "500 5.7.1 Spam" }, "failed 5.7.1", "failed 5.7.1"],
  ];
  for (const [on, together, inTurn] of cases) {
    for (const [offers, expected] of [[AT_ONCE.offers, together], [IN_TURN.offers, inTurn]] as const) {
      const { result, peer } = await send({ ...offers ? { offers } : {}, on });
      const [got = ""] = short(result);
      const where = `${JSON.stringify(on)} ${offers}`;
      if (expected === "not taken: rcpt") assertMatch(got, /^not taken: (mail|rcpt)$/, where);
      else assertEquals(got, expected, where);
      if (expected === "not taken: chunk") assert(peer.destroyed, where);
    }
  }
});

Deno.test("BDAT tells each recipient's fate apart, and is for nobody when none is left", async () => {
  const on = { "RCPT TO:<b": "550 5.1.1 No", "RCPT TO:<c": "452 4.5.3 Too many" };
  for (const manners of [AT_ONCE, IN_TURN]) {
    const { result } = await send({ ...manners, on }, envelope("a", "b", "c"));
    assertEquals(short(result), ["delivered", "failed 5.1.1", "deferred 4.5.3 again"]);
    const none = await send({ ...manners, on: { RCPT: "550 5.1.1 No" } }, envelope("a", "b"));
    assertEquals(short(none.result), ["failed 5.1.1", "failed 5.1.1"]);
    assertEquals([none.peer.messages, none.client.usable], [[], true]);
  }
  const lost = await send({ ...AT_ONCE, on: { ...on, BDAT: "!close" } }, envelope("a", "b"));
  assertEquals(short(lost.result), ["deferred 4.4.2", "failed 5.1.1"]);
  const halfway = await send({ ...AT_ONCE, on: { ...on, "RCPT TO:<c": "!close" } }, envelope("b", "c", "d"));
  assertEquals(short(halfway.result), ["failed 5.1.1", "deferred 4.4.2", "deferred 4.4.2"]);
});

Deno.test("BDAT in LMTP has a verdict for each recipient", async () => {
  const on = { "RCPT TO:<b": "550 5.1.1 No", ".": ["250 Fine", "452 4.2.2 Full", "250 Fine"] };
  for (const manners of [AT_ONCE, IN_TURN]) {
    const body = memoryBody(utf8(TEXT));
    const { result } = await send({ ...manners, on }, envelope("a", "b", "c", "d"), body, "lmtp");
    assertEquals(short(result), ["delivered", "failed 5.1.1", "deferred 4.2.2", "delivered"]);
  }
});

Deno.test("BDAT ends with the first chunk that is refused, in step for the next message", async () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [0, "552 5.3.4 Too big", "failed 5.3.4"],
    [3, "552 5.3.4 Too big", "failed 5.3.4"],
    [3, "452 4.3.1 No room", "deferred 4.3.1"],
    [9, "554 5.6.0 Odd", "failed 5.6.0"],
    [3, "!close", "not taken: chunk"],
    // Who took chunks before knows what they are.
    [3, "500 5.6.0 Odd", "failed 5.6.0"],
  ];
  for (const manners of [AT_ONCE, IN_TURN]) {
    for (const [n, reply, expected] of cases) {
      const on = { BDAT: [...Array.from({ length: n }, () => "250 Fine"), reply] };
      const { result, peer, client } = await send({ ...manners, on }, envelope("bob"), lentBody(LARGE));
      assertEquals(short(result), [expected], `${n} ${reply}`);
      assertEquals(peer.messages, []);
      if (reply.startsWith("!")) continue;
      const next = await client.reset();
      assert(next.ok, `${n} ${reply}`);
      const ahead = manners === AT_ONCE ? CLIENT_CHUNKS_AHEAD : 0;
      assert(peer.chunks.length <= n + 1 + ahead, `${peer.chunks.length} chunks`);
    }
  }
});

Deno.test("BDAT never has a last chunk of a message that cannot be read", async () => {
  for (const manners of [AT_ONCE, IN_TURN]) {
    const { result, peer } = await send(manners, envelope("bob"), lentBody(LARGE, true));
    assertEquals(short(result), ["deferred 4.3.0"]);
    assertEquals([peer.messages, peer.destroyed], [[], true]);
    assert(!peer.commands.some((c) => c.endsWith("LAST")));
  }
});

Deno.test("BDAT: what the peer said before it hung up counts", async () => {
  const manners = { ...AT_ONCE, breaksInBody: 200_000 };
  const silent = await send(manners, envelope("bob"), lentBody(LARGE));
  assertEquals(short(silent.result), ["not taken: body"]);
  const told = await send({ ...manners, lastWords: "552 5.3.4 Too big" }, envelope("bob"), lentBody(LARGE));
  assert(told.result.kind === "not-taken" && told.result.fault.kind === "reply");
  assertEquals(told.result.fault.reply.code, 552);
});

Deno.test("BDAT: once told to stop, a message that was sent has one moment for all its answers", async () => {
  const silent = { MAIL: "250 2.1.0 Fine", "RCPT TO:<c": "!silence", ".": "!silence" } as const;
  const peer = new SmtpPeer({ ...AT_ONCE, on: silent });
  const clock = new FakeClock();
  const client = new SmtpClient(peer, { protocol: "smtp", hostname: "mail.example.org", clock });
  assert((await client.open()).ok);
  const sending = sendMessage(client, envelope("bob", "carol"), memoryBody(utf8(TEXT)));
  await clock.advance(1000);
  client.abort();
  await clock.advance(9_000);
  peer.feed("250 2.1.0 Fine\r\n");
  await clock.advance(999);
  assertEquals(peer.destroyed, false);
  await clock.advance(1);
  assertEquals([short(await sending), peer.destroyed], [["deferred 4.4.2", "deferred 4.4.2"], true]);
});

Deno.test("BDAT: of more replies than commands nobody knows which one is about the message", async () => {
  for (const manners of [AT_ONCE, IN_TURN]) {
    const extra = await send({ ...manners, on: { ".": "250 2.0.0 Taken\r\n250 2.0.0 Again" } });
    assertEquals(short(extra.result), ["deferred 4.4.2"]);
    assertEquals(extra.client.usable, false);
    const goodbye = await send({ ...manners, on: { ".": "250 2.0.0 Taken\r\n421 4.3.2 Bye" } });
    assertEquals(short(goodbye.result), ["delivered"]);
  }
  const early = await send({ ...IN_TURN, on: { MAIL: "250 a\r\n250 b" } });
  assertEquals([short(early.result), early.peer.messages], [["not taken: rcpt"], []]);
});

Deno.test("onlyChunk() is for what is small and in memory", () => {
  assertEquals(onlyChunk(lentBody(["a\r\n"])), null);
  assertEquals(onlyChunk(memoryBody(new Uint8Array(65_537))), null);
  assertEquals(onlyChunk(memoryBody(utf8("a\n"))), utf8("BDAT 3 LAST\r\na\r\n"));
});
