import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { InboundReceiver } from "../../mod/inbound/receive.ts";
import { SuccessReports } from "../../mod/inbound/success_report.ts";
import type { Report } from "../../mod/queue/reporter.ts";
import type { Notify, RecipientParameters } from "../../mod/smtp/parameters.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { bodyOf, InboundRig, transaction, type TransactionOptions } from "./rig.ts";

const TEXT = "From: alice@example.test\r\nDate: x\r\nMessage-ID: <a@b>\r\n\r\nbody\r\n";

async function received(options: TransactionOptions, notify: Notify, rig = new InboundRig()) {
  const told: Report[] = [];
  const reporter = {
    write(report: Report) {
      told.push(report);
      return Promise.resolve(memoryBody(utf8("report")));
    },
  };
  const clock = new FakeClock();
  const reports = new SuccessReports({ reporter, queue: rig.submitter, clock }, "mx.example.test");
  const { dispatcher, directory, log } = rig;
  const receiver = new InboundReceiver({ dispatcher, directory, clock, log, reports }, "mx.example.test");
  const plain = transaction(options);
  const wishes: RecipientParameters[] = plain.recipients.map(() => ({ notify: [notify] }));
  const { reply } = await receiver.receive({ ...plain, wishes }, bodyOf(TEXT));
  const shown = told.flatMap((r) => r.recipients.map((to) => `${to.address.local} ${to.state} ${to.action}`));
  return { rig, told, shown, code: reply.code };
}

Deno.test("SuccessReports tell of local deliveries where that is wished, through the queue, from nobody", async () => {
  const { rig, told, shown, code } = await received(
    { to: ["alice@example.test", "bob@example.test"], mail: { ret: "full", envelopeId: "e1" } },
    "success",
  );
  assertEquals([code, shown], [250, ["alice delivered delivered", "bob delivered delivered"]]);
  assertEquals([told[0]?.kind, told[0]?.envelopeId, told[0]?.ret], ["success", "e1", undefined]);
  const [queued] = rig.queued;
  assertEquals([queued?.text, queued?.envelope.sender, rig.queuedFor], ["report", null, [
    "sender@far.example",
  ]]);
  assertEquals(queued?.envelope.traceId, "trace1-s");
});

Deno.test("SuccessReports are for those who ask, and never about what did not succeed", async () => {
  for (const notify of ["never", "failure", "delay"] as const) {
    assertEquals((await received({}, notify)).told, []);
  }
  assertEquals((await received({ sender: null }, "success")).told, []);
  const refused = await received({ to: ["alice@example.test", "gone@example.test"] }, "success");
  assertEquals([refused.code, refused.told], [451, []]);
});

Deno.test("what is put off or goes elsewhere keeps its wishes: those who deliver it report", async () => {
  const rig = new InboundRig();
  rig.outcomes.set("alice@example.test", { kind: "deferred", why: "disk" });
  const late = await received({}, "success", rig);
  assertEquals([late.told, rig.queuedFor], [[], ["account alice@example.test"]]);
  const [queued] = rig.queued[0]?.envelope.recipients ?? [];
  assertEquals([queued?.options?.notify, queued?.options?.originalRecipient], [
    ["success"],
    "rfc822;alice@example.test",
  ]);

  const me = { account: "alice@example.test", sender: "alice@example.test" };
  const remote = await received(
    { ...me, to: ["x@far.example"], mail: { ret: "headers", envelopeId: "e" } },
    "success",
  );
  assertEquals(remote.told, []);
  const [sent] = remote.rig.queued;
  assertEquals([sent?.envelope.ret, sent?.envelope.envelopeId, sent?.envelope.recipients[0]?.options], [
    "headers",
    "e",
    { notify: ["success"] },
  ]);
});

Deno.test("what TLS is wished for goes along to the queue, to aliases and reports too", async () => {
  const me = { account: "alice@example.test", sender: "alice@example.test" };
  for (const to of ["x@far.example", "away@example.test"]) {
    const { rig } = await received({ ...me, to: [to], mail: { requireTls: true } }, "never");
    assertEquals(rig.queued.map((q) => q.envelope.requireTls), [true]);
  }
  const { rig } = await received({ mail: { requireTls: true } }, "success");
  assertEquals(rig.queued.map((q) => q.envelope.requireTls), [true]);
  const without = new InboundRig();
  await without.dispatcher.dispatch(
    {
      id: "t",
      sender: null,
      account: "a",
      smtpUtf8: false,
      body: bodyOf("TLS-Required: No\r\n\r\n"),
    },
    [{ address: { local: "x", domain: "far.example" } }],
    { relay: true, allOrNone: true },
  );
  assertEquals(without.queued.map((q) => [q.envelope.tlsOptional, q.envelope.requireTls]), [[
    true,
    undefined,
  ]]);
});

Deno.test("SMTPUTF8 is asked of the next host when the message needs it, not when its client likes to say it", async () => {
  for (const [text, want] of [[TEXT, false], [`Subject: grüße\r\n${TEXT}`, true]] as const) {
    for (const smtpUtf8 of [true, false]) {
      const rig = new InboundRig();
      const receiver = new InboundReceiver(
        { dispatcher: rig.dispatcher, directory: rig.directory, clock: new FakeClock(), log: rig.log },
        "mx.example.test",
      );
      await receiver.receive(transaction({ to: ["away@example.test"], smtpUtf8 }), bodyOf(text));
      assertEquals(rig.queued.map((q) => q.envelope.smtpUtf8), [want && smtpUtf8]);
    }
  }
});

Deno.test("priorities go along to the queue", async () => {
  const rig = new InboundRig();
  const receiver = new InboundReceiver(
    { dispatcher: rig.dispatcher, directory: rig.directory, clock: new FakeClock(), log: rig.log },
    "mx.example.test",
  );
  await receiver.receive({ ...transaction({ to: ["away@example.test"] }), priority: -3 }, bodyOf(TEXT));
  assertEquals(rig.queued.map((q) => q.envelope.priority), [-3]);
});

Deno.test("what is to be released later goes to the queue whole, local recipients too, and nothing is told yet", async () => {
  const me = { account: "alice@example.test", sender: "alice@example.test" };
  const rig = new InboundRig();
  const to = ["bob@example.test", "x@far.example", "team@example.test", "postmaster"];
  const receiver = new InboundReceiver(
    { dispatcher: rig.dispatcher, directory: rig.directory, clock: new FakeClock(), log: rig.log },
    "mx.example.test",
  );
  const { reply } = await receiver.receive({ ...transaction({ ...me, to }), holdUntil: 5 }, bodyOf(TEXT));
  assertEquals([reply.code, rig.delivered, rig.queued.map((q) => q.envelope.holdUntil)], [250, [], [5]]);
  assertEquals(rig.queuedFor.slice(0, 3), to.slice(0, 3));
  assert(rig.queued[0]?.envelope.recipients.every((r) => r.address.domain !== ""));
});

Deno.test("a recipient that becomes several is told of once, as expanded", async () => {
  const rig = new InboundRig();
  rig.outcomes.set("bob@example.test", { kind: "deferred", why: "disk" });
  const { shown } = await received({ to: ["team@example.test"] }, "success", rig);
  assertEquals(shown, ["team delivered expanded"]);
  const put = rig.queued.find((q) => q.envelope.recipients[0]?.options?.deliverTo);
  assertEquals(put?.envelope.recipients[0]?.options?.notify, ["never"]);
});

Deno.test("a report that cannot be queued does not take the mail back", async () => {
  const rig = new InboundRig();
  rig.submitFails = { at: 1, error: new Error("disk") };
  const { code } = await received({}, "success", rig);
  assertEquals([code, rig.delivered.length], [250, 1]);
  assert(rig.log.lines.some((l) => l.event === "report of success not queued"));
});
