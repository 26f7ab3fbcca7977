import { FsError } from "../../mod/base/fs.ts";
import { formatAddress } from "../../mod/mail/address.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { addr, bodyOf, InboundRig } from "./rig.ts";

const MESSAGE = {
  id: "t1",
  sender: addr("s@far.example"),
  account: null,
  smtpUtf8: false,
  body: bodyOf("Subject: x\r\n\r\nbody\r\n"),
};

const CLOSED = { relay: false, allOrNone: false };
const OPEN = { relay: true, allOrNone: false };

function to(...addresses: string[]) {
  return addresses.map((a) => ({ address: addr(a) }));
}

Deno.test("Dispatcher delivers once to each mailbox, in one call, with Return-Path", async () => {
  const rig = new InboundRig();
  const fates = await rig.dispatcher.dispatch(
    MESSAGE,
    to("alice@example.test", "ALICE+x@example.test", "team@example.test", "nobody@example.test"),
    CLOSED,
  );
  assertEquals(rig.storeCalls, 1);
  assertEquals(rig.delivered.map((d) => [d.account, d.mailbox]), [["alice@example.test", "INBOX"], [
    "bob@example.test",
    "INBOX",
  ]]);
  assertEquals(rig.delivered[0]?.text, "Return-Path: <s@far.example>\r\nSubject: x\r\n\r\nbody\r\n");
  assertEquals(fates.map((f) => [f.taken, f.left.length, f.nowhere]), [[true, 0, null], [true, 0, null], [
    true,
    0,
    null,
  ], [false, 0, "unknown-user"]]);
  assertEquals(rig.queued, []);
});

Deno.test("Dispatcher queues forwards, and others' recipients only where relaying is allowed", async () => {
  const rig = new InboundRig();
  const recipients = to("mixed@example.test", "away@example.test", "x@far.example", "friend@far.example");
  const closed = await rig.dispatcher.dispatch(MESSAGE, recipients, CLOSED);
  assertEquals(rig.queuedFor, ["friend@far.example", "alice@far.example"]);
  assertEquals(closed.map((f) => f.nowhere), [null, null, "not-local", "not-local"]);
  assertEquals(rig.queued[0]?.text, "Subject: x\r\n\r\nbody\r\n");

  const open = new InboundRig();
  await open.dispatcher.dispatch(MESSAGE, recipients, OPEN);
  assertEquals(open.queued.length, 1);
  assertEquals(open.queuedFor, ["friend@far.example", "alice@far.example", "x@far.example"]);
});

Deno.test("Dispatcher rewrites the sender of forwards, never the null sender, and files where it is told", async () => {
  const rig = new InboundRig({
    rewriteSender: (sender, via) => ({
      local: `srs-${sender ? formatAddress(sender) : "null"}`,
      domain: via.domain,
    }),
    filing: (_m, _account, detail) => ({ mailbox: detail ?? "INBOX", flags: { system: 0, keywords: [] } }),
  });
  await rig.dispatcher.dispatch(
    MESSAGE,
    to("away@example.test", "x@far.example", "bob+lists@example.test"),
    OPEN,
  );
  assertEquals(rig.queued.map((q) => q.envelope.sender && formatAddress(q.envelope.sender)), [
    '"srs-s@far.example"@example.test',
    "s@far.example",
  ]);
  assertEquals(rig.delivered[0]?.mailbox, "lists");
  await rig.dispatcher.dispatch({ ...MESSAGE, sender: null }, to("away@example.test"), OPEN);
  assertEquals(rig.queued.at(-1)?.envelope.sender, null);
});

Deno.test("Dispatcher tells what was left over; putOff() queues it for that account alone", async () => {
  const rig = new InboundRig();
  rig.outcomes.set("bob@example.test", { kind: "deferred", why: "disk" });
  const fates = await rig.dispatcher.dispatch(MESSAGE, to("team@example.test", "bob@example.test"), CLOSED);
  assertEquals(fates.map((f) => [f.taken, f.left.map((l) => l.account)]), [[true, ["bob@example.test"]], [
    false,
    [],
  ]]);
  await rig.dispatcher.putOff(MESSAGE, fates.flatMap((f) => f.left));
  assertEquals(rig.queuedFor, ["account bob@example.test"]);
  const again = rig.queued[0]?.envelope.recipients[0];
  assert(again);
  rig.outcomes.clear();
  await rig.dispatcher.dispatch(MESSAGE, [again], CLOSED);
  assertEquals(rig.delivered.map((d) => d.account), ["alice@example.test", "bob@example.test"]);
});

Deno.test("Dispatcher delivers to nobody when the queue cannot take its part", async () => {
  const rig = new InboundRig();
  rig.submitFails = { at: 1, error: new FsError("full", "write", "/q") };
  await assertRejects(
    () => rig.dispatcher.dispatch(MESSAGE, to("alice@example.test", "away@example.test"), CLOSED),
    "full",
  );
  assertEquals([rig.storeCalls, rig.queued.length], [0, 0]);
});

Deno.test("Dispatcher tells the queue of octets beyond ASCII", async () => {
  const rig = new InboundRig();
  await rig.dispatcher.dispatch(
    { ...MESSAGE, body: bodyOf("Subject: x\r\n\r\nä\r\n") },
    to("x@far.example"),
    OPEN,
  );
  await rig.dispatcher.dispatch(MESSAGE, to("x@far.example"), OPEN);
  assertEquals(rig.queued.map((q) => q.envelope.eightBit), [true, false]);
});

Deno.test("Dispatcher does nothing for anybody when asked for all or none and one leads nowhere", async () => {
  const rig = new InboundRig();
  const recipients = to("alice@example.test", "away@example.test", "x@far.example");
  const fates = await rig.dispatcher.dispatch(MESSAGE, recipients, { relay: false, allOrNone: true });
  assertEquals(fates.map((f) => [f.taken, f.nowhere]), [[false, null], [false, null], [false, "not-local"]]);
  assertEquals([rig.storeCalls, rig.queued.length], [0, 0]);
});

Deno.test("Dispatcher keeps junk apart, also what is put off", async () => {
  const filed: string[] = [];
  const rig = new InboundRig({
    filing: (m, account) => {
      filed.push(`${account} ${m.junk ?? false}`);
      return Promise.resolve({ mailbox: m.junk ? "Junk" : "INBOX", flags: { system: 0, keywords: [] } });
    },
  });
  rig.outcomes.set("bob@example.test", { kind: "deferred", why: "disk" });
  const message = {
    id: "t1",
    sender: addr("a@far.example"),
    account: null,
    smtpUtf8: false,
    junk: true as const,
    body: bodyOf("A: b\r\n\r\nx\r\n"),
  };
  const rules = { relay: false, allOrNone: false };
  const fates = await rig.dispatcher.dispatch(message, [{ address: addr("team@example.test") }], rules);
  await rig.dispatcher.putOff(message, fates.flatMap((f) => f.left));
  assertEquals(rig.delivered.map((d) => d.mailbox), ["Junk"]);
  const options = rig.queued[0]?.envelope.recipients[0]?.options;
  assertEquals(options?.deliverTo, { account: "bob@example.test", detail: null, junk: true });
  // Later, from the queue: only the recipient knows.
  rig.outcomes.clear();
  const { junk: _, ...later } = message;
  await rig.dispatcher.dispatch(later, [{
    address: addr("bob@example.test"),
    ...(options ? { options } : {}),
  }], rules);
  assertEquals(rig.delivered.map((d) => d.mailbox), ["Junk", "Junk"]);
  assertEquals(filed, ["alice@example.test true", "bob@example.test true", "bob@example.test true"]);
});
