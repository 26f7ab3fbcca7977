import { memoryBody } from "../../mod/base/body.ts";
import { Attempt } from "../../mod/outbound/attempt.ts";
import { type HostFault, hostFault } from "../../mod/outbound/fault.ts";
import { assertEquals } from "../support/assert.ts";

const BATCH = {
  sender: null,
  recipients: [{ address: { local: "a", domain: "x.test" } }, { address: { local: "b", domain: "x.test" } }],
  destination: "x.test",
  body: memoryBody(),
  eightBit: false,
  smtpUtf8: false,
  traceId: "t",
};

function told(faults: readonly HostFault[], signal = new AbortController().signal) {
  const attempt = new Attempt(BATCH, signal);
  for (const fault of faults) attempt.note(fault);
  const [first, second] = attempt.result();
  assertEquals(first, second);
  return first?.kind === "delivered" ? null : first;
}

const failed = hostFault("failed", "5.4.4", "no address", "a");
const lost = { ...hostFault("deferred", "4.4.1", "lost", "b"), unready: true as const };
const said: HostFault = { ...lost, why: "said", reply: { code: 450, status: null, lines: ["x"] } };
const away = (until: number): HostFault => ({
  ...hostFault("deferred", "4.4.1", `away ${until}`, "c"),
  until,
});

Deno.test("Attempt reports what tells most", () => {
  const cases: readonly (readonly [readonly HostFault[], string])[] = [
    [[failed, lost], "lost"],
    [[lost, failed], "lost"],
    [[said, lost], "said"],
    [[away(5), lost], "lost"],
    [[lost, away(5)], "lost"],
    [[failed, away(5)], "away 5"],
    [[away(5), away(3), away(9)], "away 3"],
    [[], "no host could be reached"],
  ];
  for (const [faults, why] of cases) assertEquals(told(faults)?.why, why);
});

Deno.test("Attempt tells until when only where nothing was tried, and nothing that is its own", () => {
  assertEquals([told([away(5)])?.until, told([away(5), lost])?.until], [5, undefined]);
  assertEquals(Object.keys(told([lost]) ?? {}).sort(), [
    "destinationDown",
    "host",
    "kind",
    "reply",
    "status",
    "why",
  ]);
});

Deno.test("Attempt that is broken off fails nobody", () => {
  assertEquals(told([failed], AbortSignal.abort())?.kind, "deferred");
});
