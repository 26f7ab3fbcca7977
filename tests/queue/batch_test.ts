import { memoryBody } from "../../mod/base/body.ts";
import { batchOf } from "../../mod/queue/batch.ts";
import { newMessage } from "../../mod/queue/record.ts";
import { assertEquals } from "../support/assert.ts";
import { address, envelope } from "./rig.ts";

Deno.test("batchOf() hands on the envelope and the recipients that are meant, with their options", () => {
  const options = { deliverTo: { account: "bob@x.test", detail: null } };
  const base = envelope(["a@x.test", "b@y.test"], null, null);
  const full = {
    ...base,
    recipients: [...base.recipients, { address: address("team@x.test"), options }],
    eightBit: true,
    ret: "full" as const,
    envelopeId: "e",
    arrival: { results: "mx; none", arc: "none" as const },
  };
  const body = memoryBody();
  const message = newMessage({ id: "1", created: 0, envelope: full, size: 0, offset: 9 });
  assertEquals(batchOf(message, "x.test", [0, 2, 7], body), {
    sender: null,
    recipients: [{ address: address("a@x.test") }, { address: address("team@x.test"), options }],
    destination: "x.test",
    body,
    eightBit: true,
    smtpUtf8: false,
    ret: "full",
    envelopeId: "e",
    arrival: { results: "mx; none", arc: "none" },
    traceId: "t1",
  });
  const plain = newMessage({ id: "1", created: 0, envelope: base, size: 0, offset: 9 });
  assertEquals(Object.keys(batchOf(plain, "y.test", [1], body)).includes("ret"), false);
});
