import { FsError } from "../../mod/base/fs.ts";
import { LocalTransport } from "../../mod/inbound/local_transport.ts";
import type { BatchRecipient, RecipientOutcome } from "../../mod/queue/transport.ts";
import { assertEquals } from "../support/assert.ts";
import { addr, bodyOf, InboundRig } from "./rig.ts";

async function deliver(rig: InboundRig, recipients: readonly BatchRecipient[]): Promise<string[]> {
  const transport = new LocalTransport(rig.dispatcher, "mx.example.test", rig.log);
  const outcomes = await transport.deliver({
    sender: null,
    recipients,
    destination: "example.test",
    body: bodyOf("Subject: x\r\n\r\nbody\r\n"),
    eightBit: false,
    smtpUtf8: false,
    traceId: "t1",
  }, new AbortController().signal);
  return outcomes.map((o: RecipientOutcome) => o.kind === "delivered" ? o.kind : `${o.kind} ${o.status}`);
}

Deno.test("LocalTransport tells the queue what became of each recipient", async () => {
  const rig = new InboundRig();
  rig.outcomes.set("bob@example.test", { kind: "over-quota" });
  const to = [
    "alice@example.test",
    "bob@example.test",
    "gone@example.test",
    "carol@example.test",
    "x@far.example",
  ];
  assertEquals(await deliver(rig, to.map((a) => ({ address: addr(a) }))), [
    "delivered",
    "deferred 4.2.2",
    "failed 5.1.1",
    "failed 5.2.1",
    "failed 5.7.1",
  ]);
  assertEquals(rig.delivered[0]?.text, "Return-Path: <>\r\nSubject: x\r\n\r\nbody\r\n");
  assertEquals(rig.queued, []);
});

Deno.test("LocalTransport never delivers twice: what an alias leaves over is queued anew for that account", async () => {
  const rig = new InboundRig();
  rig.outcomes.set("bob@example.test", { kind: "deferred", why: "disk" });
  assertEquals(await deliver(rig, [{ address: addr("team@example.test") }]), ["delivered"]);
  assertEquals(rig.queuedFor, ["account bob@example.test"]);
  const again = rig.queued[0]?.envelope.recipients ?? [];
  assertEquals(await deliver(rig, again), ["deferred 4.3.0"]);
  rig.outcomes.clear();
  assertEquals(await deliver(rig, again), ["delivered"]);
  assertEquals(rig.delivered.map((d) => d.account), ["alice@example.test", "bob@example.test"]);
});

Deno.test("LocalTransport takes what is not foreseen for temporary", async () => {
  const rig = new InboundRig();
  rig.submitFails = { at: 1, error: new FsError("io", "write", "/q") };
  assertEquals(
    await deliver(rig, [{ address: addr("away@example.test") }, { address: addr("alice@example.test") }]),
    ["deferred 4.3.0", "delivered"],
  );
});
