import { FsError } from "../../mod/base/fs.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { InboundReceiver, type ReceivePorts } from "../../mod/inbound/receive.ts";
import type { ReceiveOutcome } from "../../mod/smtp/ports.ts";
import { REPLY } from "../../mod/smtp/reply.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { bodyOf, InboundRig, textOf, transaction, type TransactionOptions } from "./rig.ts";

const TEXT = "From: alice@example.test\r\nDate: x\r\nMessage-ID: <a@b>\r\n\r\nbody\r\n";

function receive(
  rig: InboundRig,
  options: TransactionOptions = {},
  text = TEXT,
  ports: Partial<ReceivePorts> = {},
): Promise<ReceiveOutcome> {
  const receiver = new InboundReceiver(
    { dispatcher: rig.dispatcher, directory: rig.directory, clock: new FakeClock(), log: rig.log, ...ports },
    "mx.example.test",
  );
  return receiver.receive(transaction(options), bodyOf(text));
}

Deno.test("InboundReceiver puts Return-Path and Received before a message, and says so in one line", async () => {
  const rig = new InboundRig();
  const { reply, each } = await receive(rig);
  assertEquals([reply.code, reply.lines, each], [250, ["OK: queued as trace1"], null]);
  assertMatch(
    rig.delivered[0]?.text ?? "",
    /^Return-Path: <sender@far\.example>\r\nReceived: from client\.example [^]*\+0000\r\nFrom: alice@example\.test\r\nDate: x\r\n/,
  );
  const line = rig.log.lines.find((l) => l.event === "mail accepted");
  assertEquals([line?.fields.id, line?.fields.recipient, line?.fields.size], [
    "trace1",
    "alice@example.test",
    TEXT.length,
  ]);
  assert(rig.log.lines.every((l) => l.fields.id === "trace1"));
});

Deno.test("InboundReceiver lets no message continue our header fields", async () => {
  const rig = new InboundRig();
  await receive(rig, {}, " ; injected\r\n\r\nbody\r\n");
  assertMatch(rig.delivered[0]?.text ?? "", /\+0000\r\n\r\n ; injected\r\n/);
});

Deno.test("InboundReceiver keeps binary messages as text that every reader can take", async () => {
  const binary = "From: alice@example.test\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\0";
  const me = { account: "alice@example.test", sender: "alice@example.test" };
  for (const who of [{}, me]) {
    const rig = new InboundRig();
    const { reply } = await receive(rig, { ...who, mail: { body: "binarymime" } }, binary);
    assertEquals(reply.code, 250);
    assertMatch(
      rig.delivered[0]?.text ?? "",
      /\nContent-Transfer-Encoding: base64\r\n[^]*\r\n\r\nYQpiAA==\r\n$/,
    );
  }
  const rig = new InboundRig();
  const { reply } = await receive(rig, { mail: { body: "binarymime" } }, "From: a@b\r\n\r\na\nb");
  assertEquals([reply, rig.delivered.length], [REPLY.badBinary, 0]);
});

Deno.test("InboundReceiver mends submissions, refuses others' From, and relays for accounts only", async () => {
  const rig = new InboundRig();
  const me = { account: "alice@example.test", sender: "alice@example.test" };
  const ok = await receive(
    rig,
    { ...me, to: ["x@far.example", "bob@example.test"] },
    "Subject: s\r\nUser-Agent: z\r\n\r\nbody\r\n",
  );
  assertEquals(ok.reply.code, 250);
  assertEquals(rig.queuedFor, ["x@far.example"]);
  assertMatch(
    rig.queued[0]?.text ?? "",
    /^Received: by mx[^]*\r\nDate: [^]*\r\nFrom: alice@example\.test\r\nMessage-ID: <trace1@example\.test>\r\nSubject: s\r\n\r\nbody\r\n$/,
  );
  assertEquals(rig.queued[0]?.envelope.account, "alice@example.test");
  const no = await receive(rig, me, "From: bob@example.test\r\n\r\nx\r\n");
  assertEquals(no.reply, REPLY.fromNotYours);
  assertEquals(rig.log.lines.at(-1)?.event, "mail refused");
  // A recipient that was ours at RCPT and is not any more does not turn us into a relay: nobody gets it, the client asks again.
  const queued = rig.queued.length;
  const moved = await receive(rig, { to: ["alice@example.test", "victim@far.example"] });
  assertEquals([moved.reply, rig.delivered.length, rig.queued.length], [REPLY.recipientLater, 1, queued]);
});

Deno.test("InboundReceiver answers by what became of the message", async () => {
  const deferred = { kind: "deferred", why: "disk" } as const;
  const full = { kind: "over-quota" } as const;
  const delivered = { kind: "delivered", mailbox: "INBOX", file: "f" } as const;
  const table = [
    { to: ["alice@example.test"], alice: delivered, bob: delivered, code: 250, queued: [] },
    {
      to: ["alice@example.test"],
      alice: deferred,
      bob: delivered,
      code: 250,
      queued: ["account alice@example.test"],
    },
    { to: ["alice@example.test"], alice: full, bob: delivered, code: 452, queued: [] },
    { to: ["team@example.test"], alice: full, bob: full, code: 452, queued: [] },
    {
      to: ["team@example.test"],
      alice: full,
      bob: delivered,
      code: 250,
      queued: ["account alice@example.test"],
    },
    {
      to: ["alice@example.test", "bob@example.test"],
      alice: full,
      bob: deferred,
      code: 250,
      queued: ["account alice@example.test", "account bob@example.test"],
    },
    {
      to: ["mixed@example.test"],
      alice: full,
      bob: delivered,
      code: 250,
      queued: ["friend@far.example", "account alice@example.test"],
    },
    {
      to: ["alice@example.test", "gone@example.test"],
      alice: delivered,
      bob: delivered,
      code: 451,
      queued: [],
    },
  ];
  for (const { to, alice, bob, code, queued } of table) {
    const rig = new InboundRig();
    rig.outcomes.set("alice@example.test", alice);
    rig.outcomes.set("bob@example.test", bob);
    const { reply } = await receive(rig, { to });
    assertEquals([reply.code, rig.queuedFor], [code, queued], JSON.stringify({ to, alice, bob }));
    for (const q of rig.queued) assert(!q.text.includes("Return-Path"));
  }
});

Deno.test("InboundReceiver acknowledges nothing that neither mailbox nor queue took", async () => {
  const rig = new InboundRig();
  rig.outcomes.set("alice@example.test", { kind: "deferred", why: "full" });
  rig.submitFails = { at: 1, error: new FsError("full", "write", "/q") };
  await assertRejects(() => receive(rig), "full");
  assertEquals([rig.delivered.length, rig.queued.length], [0, 0]);
});

Deno.test("InboundReceiver answers LMTP for each recipient, and queues only what was taken in part", async () => {
  const rig = new InboundRig();
  rig.outcomes.set("bob@example.test", { kind: "over-quota" });
  const to = [
    "alice@example.test",
    "bob@example.test",
    "gone@example.test",
    "carol@example.test",
    "x@far.example",
  ];
  const { each } = await receive(rig, { listener: "lmtp", to });
  assertEquals(each?.map((r) => r.code), [250, 452, 550, 550, 550]);
  assertEquals(rig.queuedFor, []);
  const team = new InboundRig();
  team.outcomes.set("bob@example.test", { kind: "deferred", why: "disk" });
  const outcome = await receive(team, { listener: "lmtp", to: ["team@example.test"] });
  assertEquals([outcome.each?.map((r) => r.code), team.queuedFor], [[250], ["account bob@example.test"]]);
});

Deno.test("InboundReceiver lets no submission speak in our name about others", async () => {
  const me = { account: "alice@example.test", sender: "alice@example.test", to: ["bob@example.test"] };
  for (const fields of ["", "User-Agent: z\r\n"]) {
    const rig = new InboundRig();
    const forged = "Authentication-Results: mx.example.test; dmarc=pass header.from=bank.example\r\n";
    await receive(rig, me, `${fields}${forged}${TEXT}`);
    assert(rig.delivered[0]?.text.endsWith(`\r\n${TEXT}`) && !rig.delivered[0].text.includes("bank.example"));
  }
});

Deno.test("InboundReceiver has submissions signed, and nothing else", async () => {
  const rig = new InboundRig();
  const asked: string[] = [];
  const ports: Partial<ReceivePorts> = {
    signer: async (_t, body) => {
      asked.push(`signer ${(await textOf(body)).length}`);
      return utf8("DKIM-Signature: s\r\n");
    },
  };
  await receive(rig, {}, TEXT, ports);
  const me = { account: "alice@example.test", sender: "alice@example.test" };
  await receive(rig, { ...me, to: ["x@far.example"] }, TEXT, ports);
  assertEquals(asked, [`signer ${TEXT.length}`]);
  assertMatch(rig.delivered[0]?.text ?? "", /\+0000\r\nFrom/);
  assertMatch(rig.queued[0]?.text ?? "", /\+0000\r\nDKIM-Signature: s\r\nFrom/);
});

Deno.test("InboundReceiver says of a full mailbox what the config has, by SMTP and LMTP", async () => {
  for (const reply of [REPLY.overQuota, REPLY.mailboxFull]) {
    const rig = new InboundRig();
    rig.outcomes.set("bob@example.test", { kind: "over-quota" });
    const ports = { full: () => reply };
    assertEquals((await receive(rig, { to: ["bob@example.test"] }, TEXT, ports)).reply, reply);
    const { each } = await receive(rig, { listener: "lmtp", to: ["bob@example.test"] }, TEXT, ports);
    assertEquals(each, [reply]);
    assertEquals(rig.queuedFor, []);
  }
});
