import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { sentenceOf } from "../../mod/trace/sentences.ts";
import type { TraceEvent } from "../../mod/trace/types.ts";

function say(event: string, fields: TraceEvent["fields"], queue: string | null = null) {
  return sentenceOf({ at: 0, event, trace: "t", queue, fields });
}

Deno.test("sentenceOf() says what was decided, and why", () => {
  const accepted = say("mail accepted", {
    listener: "smtp",
    remote: "192.0.2.1",
    sender: "a@x.example",
    recipient: "b@y.example",
    recipients: 1,
    size: 100,
    messageId: "m@x",
    spf: "pass x.example",
    dkim: "none",
    dmarc: "fail x.example p=quarantine (nothing fits)",
    verdict: "junk",
    why: "DMARC",
  });
  assertEquals(
    accepted.text,
    "accepted from 192.0.2.1 by smtp, without TLS; sender a@x.example, to b@y.example, 100 octets, Message-ID <m@x>",
  );
  assertEquals(accepted.details, [
    "SPF: pass x.example",
    "DKIM: none",
    "DMARC: fail x.example p=quarantine (nothing fits)",
    "verdict: junk, since DMARC",
  ]);
  const table: readonly (readonly [string, TraceEvent["fields"], string])[] = [
    ["delivered", { account: "b@y", mailbox: "INBOX", file: "f" }, "put into INBOX of b@y, file f"],
    [
      "delivered",
      { to: "b@y", host: "mx.y", reply: "250 OK" },
      "delivered to b@y: mx.y took it: 250 OK (queued as q)",
    ],
    [
      "queued",
      { to: "b@y c@z", sender: "SRS0=x@us", via: "v@us", sealed: true },
      "queued as q for b@y, c@z, forwarded on behalf of v@us, sender SRS0=x@us, with an ARC seal",
    ],
    [
      "deferred",
      { to: "b@y", host: null, status: "4.4.1", why: "timed out" },
      "no host did not take it for b@y yet: 4.4.1 timed out; it is tried again",
    ],
    ["bounced", { as: "r" }, "its sender was told by a report, queued as r"],
    ["dropped", {}, "dropped by hand: nobody was told"],
    [
      "report dropped",
      { about: "nobody is told of it", to: "x@y" },
      "nobody is told of x@y: nobody is told of it",
    ],
    ["something new", { x: 1 }, 'something new: {"x":1}'],
    ["constructor", {}, "constructor: {}"],
  ];
  for (const [event, fields, text] of table) assertEquals(say(event, fields, "q").text, text, event);
});

Deno.test("sentenceOf() tells counts of refusals, and what to do", () => {
  const one = say("refused", {
    what: "recipient refused",
    remote: "192.0.2.1",
    reply: "550 5.7.1",
    text: "Relaying denied",
    count: 3,
    last: 60_000,
    concerned: "a > b; c > d",
  });
  assertEquals(
    one.text,
    "recipients refused before any message, from 192.0.2.1, 3 times until 00:01:00: 550 5.7.1 Relaying denied",
  );
  assertEquals(one.details, ["a > b", "c > d"]);
  assertMatch(one.advice, /login/);
  assertMatch(say("refused", { what: "login refused", remote: "x", count: 1, last: 0 }).advice, /passwd/);
});

Deno.test("sentenceOf() lets nobody move the cursor", () => {
  const { text } = say("mail refused", { remote: "\x1b[2Jx", sender: "a\u202eb", reply: "\r\n250" });
  assert(!/[\p{Cc}\u202e]/u.test(text), JSON.stringify(text));
  const odd = say("\x1b[1mnew", { a: "\x1b[0m" }).text;
  assert(!/\p{Cc}/u.test(odd), JSON.stringify(odd));
});
