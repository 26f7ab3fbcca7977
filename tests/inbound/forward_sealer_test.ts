import { fromUtf8 } from "../../mod/base/bytes.ts";
import type { ArcOutcome } from "../../mod/auth/types.ts";
import { type Arrival, arrivalOf } from "../../mod/inbound/examiner.ts";
import { forwardSealer } from "../../mod/inbound/forward_sealer.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { keys, PAIR, sealed, told, verify } from "../auth/arc/rig.ts";
import { addr, bodyOf, InboundRig, spooledBody, textOf, transaction } from "./rig.ts";
import { LocalTransport } from "../../mod/inbound/local_transport.ts";
import { batchOf } from "../../mod/queue/batch.ts";
import { formatHead, parseHead } from "../../mod/queue/file_format.ts";
import { newMessage } from "../../mod/queue/record.ts";
import { InboundReceiver } from "../../mod/inbound/receive.ts";

const TEXT = "From: a@far.example\r\nSubject: s\r\n\r\nbody  \r\n\r\n";
const SIGNING = { domain: "one.example", selector: "s", key: PAIR.key };

const RESULTS = "mx.example.test;\r\n\tspf=pass smtp.mailfrom=a@far.example";

function arrival(arc: Arrival["arc"] = "none"): Arrival {
  return { results: RESULTS, arc };
}

function sealer(log = new MemoryLog(), fails = false) {
  return forwardSealer({
    keys: {
      of: (domain) =>
        fails
          ? Promise.reject(new Error("disk"))
          : Promise.resolve(domain === "one.example" ? [SIGNING] : []),
    },
    clock: new FakeClock(),
    log,
  });
}

Deno.test("forwardSealer() seals with the keys of the domain written to, from memory and from a spool file", async () => {
  for (const body of [bodyOf(TEXT), spooledBody(TEXT)]) {
    const set = fromUtf8(await sealer()(body, arrival(), addr("team@one.example")));
    assertMatch(set, /^ARC-Seal: i=1;[^]*ARC-Authentication-Results: i=1; mx\.example\.test;\r\n\tspf=pass /);
    assertEquals(told(await verify(set + TEXT)), "pass");
  }
  const chained = await sealed(TEXT, "two.example");
  const set = fromUtf8(await sealer()(bodyOf(chained), arrival("pass"), addr("team@one.example")));
  assertEquals(told(await verify(set + chained, keys())), "pass");
});

Deno.test("arrivalOf() knows what may be sealed: nothing goes onto a broken chain", () => {
  const of = (result: ArcOutcome["result"]) => {
    const arc = { result, instances: 0, sealer: "", sealers: [], claims: "", reason: "" };
    const findings = { spf: null, spfHelo: null, dkim: [], arc, dmarc: null, iprev: null };
    return arrivalOf({ results: RESULTS, findings });
  };
  assertEquals([of("fail"), of("temperror")], [null, null]);
  assertEquals([of("none"), of("pass")], [arrival(), arrival("pass")]);
});

Deno.test("forwardSealer() puts nothing without keys, and does not fail", async () => {
  const log = new MemoryLog();
  assertEquals((await sealer()(bodyOf(TEXT), arrival(), addr("team@other.example"))).length, 0);
  assertEquals((await sealer(log, true)(bodyOf(TEXT), arrival(), addr("team@one.example"))).length, 0);
  assertEquals(log.lines.map((l) => l.event), ["forward not sealed"]);
});

Deno.test("what was found at the arrival waits in the queue with mail that is put off, and comes back with it", async () => {
  const seen: unknown[] = [];
  const rig = new InboundRig({
    filing: (message) => {
      seen.push(message.arrival);
      return { mailbox: "INBOX", flags: { system: 0, keywords: [] } };
    },
  });
  rig.outcomes.set("bob@example.test", { kind: "deferred", why: "disk" });
  const receiver = new InboundReceiver({
    dispatcher: rig.dispatcher,
    directory: rig.directory,
    clock: new FakeClock(),
    log: rig.log,
  }, "mx");
  await receiver.receive(transaction({ to: ["bob@example.test"] }), bodyOf(TEXT));
  assertEquals(rig.queued.at(-1)?.envelope.arrival, undefined);
  const message = {
    id: "t1",
    sender: addr("a@far.example"),
    account: null,
    smtpUtf8: false,
    body: bodyOf(TEXT),
  };
  const to = [{ address: addr("bob@example.test") }];
  const [fate] = await rig.dispatcher.dispatch({ ...message, arrival: arrival("pass") }, to, {
    relay: false,
    allOrNone: true,
  });
  await rig.dispatcher.putOff({ ...message, arrival: arrival("pass") }, fate?.left ?? []);
  const envelope = rig.queued.at(-1)?.envelope;
  assert(envelope);
  assertEquals(envelope.arrival, arrival("pass"));
  const head = parseHead(formatHead({ id: "1", created: 0, size: 0, envelope }));
  assert(head.ok);
  const batch = batchOf(newMessage(head.value), "example.test", [0], message.body);
  rig.outcomes.clear();
  await new LocalTransport(rig.dispatcher, "mx", rig.log).deliver(batch, new AbortController().signal);
  assertEquals(seen.at(-1), arrival("pass"));
});

Deno.test("Dispatcher seals what it forwards of mail from outside, and nothing else", async () => {
  const sealedVia: string[] = [];
  const rig = new InboundRig({
    seal: (_body, _arrival, via) => {
      sealedVia.push(`${via.local}@${via.domain}`);
      return Promise.resolve(new TextEncoder().encode("ARC-Seal: x\r\n"));
    },
  });
  const message = {
    id: "t1",
    sender: addr("a@far.example"),
    account: null,
    smtpUtf8: false,
    body: bodyOf(TEXT),
  };
  const rules = { relay: false, allOrNone: true };
  const to = ["away@example.test", "mixed@example.test", "bob@example.test"].map((a) => ({
    address: addr(a),
  }));
  await rig.dispatcher.dispatch({ ...message, arrival: arrival() }, to, rules);
  assert(rig.queued.every((q) => q.text === `ARC-Seal: x\r\n${TEXT}`) && rig.queued.length === 1);
  assert(rig.delivered.every((d) => !d.text.includes("ARC-Seal")) && rig.delivered.length === 2);
  assertEquals(sealedVia, ["away@example.test"]);
  await rig.dispatcher.dispatch(message, to, rules);
  assertEquals(rig.queued.at(-1)?.text, TEXT);
  const receiver = new InboundReceiver({
    dispatcher: rig.dispatcher,
    directory: rig.directory,
    clock: new FakeClock(),
    log: rig.log,
  }, "mx");
  const me = { account: "alice@example.test", sender: "alice@example.test", to: ["x@far.example"] };
  await receiver.receive(transaction(me), bodyOf("From: alice@example.test\r\n\r\nx\r\n"));
  assert(!rig.queued.at(-1)?.text.includes("ARC-Seal"));
  assert((await textOf(message.body)) === TEXT);
});
