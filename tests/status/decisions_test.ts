import { DECISIONS_KEPT } from "../../mod/base/limits.ts";
import { Decisions } from "../../mod/status/decisions.ts";
import { assertEquals } from "../support/assert.ts";

const NOW = Date.UTC(2026, 0, 2);

Deno.test("Decisions tells what was decided, newest first, with the reason", () => {
  const decisions = new Decisions();
  decisions.add("mail accepted", { remote: "192.0.2.1" }, {
    id: "m1",
    sender: "a@x.test",
    recipient: null,
    recipients: 3,
    spf: "pass",
    dmarc: "fail",
    verdict: "junk",
    why: "DMARC",
    reply: "250 2.0.0",
  }, NOW);
  decisions.add("looked", {}, {}, NOW);
  decisions.add("recipient refused", {}, { id: "m2", recipient: "b@y.test", reply: "550 5.1.1" }, NOW + 1);
  decisions.add("delivered", {}, { id: "q", trace: "m1", to: "c@z.test", host: "mx.z.test" }, NOW + 2);
  assertEquals(decisions.count, 3);
  const [sent, refused, accepted] = decisions.list();
  assertEquals([sent?.what, sent?.id, sent?.peer], ["sent", "m1", "mx.z.test"]);
  assertEquals([refused?.to, refused?.tone, refused?.why], ["b@y.test", "bad", "550 5.1.1"]);
  assertEquals(accepted, {
    time: "2026-01-02T00:00:00.000Z",
    what: "accepted",
    tone: "good",
    id: "m1",
    from: "a@x.test",
    to: "3 recipients",
    peer: "192.0.2.1",
    why: "junk: DMARC; SPF pass, DMARC fail; 250 2.0.0",
  });
});

Deno.test("Decisions keeps the newest only, and cuts long texts", () => {
  const decisions = new Decisions();
  for (let i = 0; i < 2 * DECISIONS_KEPT + 7; i++) {
    decisions.add("failed", {}, { id: `m${i}`, why: "x".repeat(9999) }, NOW + i);
  }
  const list = decisions.list();
  assertEquals([list.length, list[0]?.id], [DECISIONS_KEPT, `m${2 * DECISIONS_KEPT + 6}`]);
  assertEquals(list.at(-1)?.id, `m${DECISIONS_KEPT + 7}`);
  assertEquals(list[0]?.why.length, 500);
});
