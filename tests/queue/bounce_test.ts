import { memoryBody } from "../../mod/base/body.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { keepBounce } from "../../mod/queue/bounce.ts";
import { applied } from "../../mod/queue/record.ts";
import { address, envelope, rig } from "./rig.ts";

Deno.test("keepBounce() reports the recipients it is given, from nobody to the sender", async () => {
  const { spool, clock } = rig();
  await spool.open();
  let m = await spool.add(
    { ...envelope(["a@x.test", "b@x.test"], "me@home.test", null), ret: "headers", envelopeId: "e" },
    memoryBody(new Uint8Array(7)),
  );
  const failed = {
    recipient: 1,
    state: "failed",
    status: "5.1.1",
    why: "no",
    host: null,
    reply: null,
  } as const;
  m = applied(m, { kind: "attempt", at: 5, destination: "x.test", attempts: 1, next: 6, outcomes: [failed] });
  let disposed = 0;
  const body = { ...memoryBody(new Uint8Array(3)), dispose: () => Promise.resolve(void disposed++) };
  const reporter = {
    write: (
      report: {
        readonly recipients: readonly unknown[];
        readonly ret?: string;
        readonly envelopeId?: string;
      },
    ) => {
      assertEquals(report.recipients, [{
        address: address("b@x.test"),
        state: "failed",
        last: m.recipients[1]?.last,
      }]);
      assertEquals([report.ret, report.envelopeId], ["headers", "e"]);
      return Promise.resolve(body);
    },
  };
  const bounce = await keepBounce(m, address("me@home.test"), [1], { spool, reporter, clock });
  assertEquals([bounce.id, bounce.envelope.sender, bounce.size], [`${m.id}-b1`, null, 3]);
  assertEquals(bounce.envelope.recipients, [{ address: address("me@home.test") }]);
  assertEquals(disposed, 1);
  const broken = { write: () => Promise.reject(new Error("a bug")) };
  const ports = { spool, reporter: broken, clock };
  await assertRejects(() => keepBounce({ ...m, bounces: 1 }, address("me@home.test"), [1], ports), "a bug");
});

Deno.test("keepBounce() reports on a message that cannot be read", async () => {
  const { spool, fs, clock } = rig();
  await spool.open();
  const m = await spool.add(envelope(["a@x.test"]), memoryBody(new Uint8Array(7)));
  await fs.remove(`/data/queue/${m.id}.mail`);
  const sizes: number[] = [];
  const reporter = {
    write: ({ original }: { readonly original: { readonly size: number } }) => {
      sizes.push(original.size);
      return Promise.resolve(memoryBody(new Uint8Array(3)));
    },
  };
  const bounce = await keepBounce(m, address("me@home.test"), [0], { spool, reporter, clock });
  assertEquals([bounce.size, sizes], [3, [0]]);
});
