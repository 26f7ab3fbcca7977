import { memoryBody } from "../../mod/base/body.ts";
import { deliverOnce } from "../../mod/queue/delivery.ts";
import { assertEquals } from "../support/assert.ts";
import { delivered, DIR, envelope, rig } from "./rig.ts";

Deno.test("deliverOnce() asks the transport once, and makes something of all that can go wrong", async () => {
  const { clock, spool, fs, log } = rig();
  await spool.open();
  const message = await spool.add(
    envelope(["a@x.test", "b@y.test", "c@x.test"]),
    memoryBody(new Uint8Array(3)),
  );
  const signal = new AbortController().signal;
  const asked: string[][] = [];
  const good = {
    deliver: (
      batch: { readonly recipients: readonly { readonly address: { readonly local: string } }[] },
    ) => {
      asked.push(batch.recipients.map((r) => r.address.local));
      return Promise.resolve(batch.recipients.map(delivered));
    },
  };
  const live = { message, body: null };
  const told = await deliverOnce(live, "x.test", [0, 2], { spool, transport: good, clock, log }, signal);
  assertEquals([asked, told.map((o) => o.kind)], [[["a", "c"]], ["delivered", "delivered"]]);
  const bad = { deliver: () => Promise.reject(new Error("a bug")) };
  const failed = await deliverOnce(live, "x.test", [0, 2], { spool, transport: bad, clock, log }, signal);
  assertEquals(failed.map((o) => o.kind), ["deferred", "deferred"]);
  await fs.remove(`${DIR}/${message.id}.mail`);
  const unread = await deliverOnce(live, "y.test", [1], { spool, transport: good, clock, log }, signal);
  assertEquals(unread.map((o) => o.kind === "deferred" && o.why), ["the queued message cannot be read"]);
  assertEquals(log.lines.map((l) => l.event), ["transport failed", "queued message not read"]);
});
