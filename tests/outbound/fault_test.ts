import { faultOf, hostFault } from "../../mod/outbound/fault.ts";
import type { ClientFault, ClientStage } from "../../mod/smtp/client.ts";
import { assertEquals } from "../support/assert.ts";

function refusal(stage: ClientStage, code: number, status: string | null = null): ClientFault {
  return { kind: "reply", stage, reply: { code, status, lines: ["text"] } };
}

Deno.test("faultOf() tells for good from for now, and the host's fault from the message's", () => {
  const cases: readonly (readonly [ClientFault, string, string, boolean])[] = [
    [refusal("greeting", 554, "5.7.1"), "deferred", "4.3.2", true],
    [refusal("greeting", 521, "5.3.2"), "failed", "5.3.2", true],
    [refusal("greeting", 421, "4.7.0"), "deferred", "4.7.0", true],
    [refusal("hello", 550, "5.7.1"), "failed", "5.7.1", true],
    [refusal("hello", 451), "deferred", "4.0.0", true],
    [refusal("auth", 535, "5.7.8"), "deferred", "4.7.8", true],
    [refusal("starttls", 554), "deferred", "4.0.0", true],
    [refusal("mail", 451, "4.7.1"), "deferred", "4.7.1", false],
    [refusal("data", 451), "deferred", "4.0.0", false],
    [refusal("body", 552, "5.3.4"), "failed", "5.3.4", false],
    [refusal("reset", 500), "deferred", "4.0.0", true],
    [{ kind: "lost", stage: "hello", why: "x" }, "deferred", "4.4.2", true],
    [{ kind: "lost", stage: "handshake", why: "x" }, "deferred", "4.7.5", true],
    [{ kind: "policy", stage: "auth", why: "x" }, "deferred", "4.7.0", true],
  ];
  for (const [fault, kind, status, hostDown] of cases) {
    const got = faultOf(fault, "mx");
    assertEquals(
      [got.kind, got.status, got.hostDown, got.host],
      [kind, status, hostDown, "mx"],
      JSON.stringify(fault),
    );
    assertEquals(got.status[0], kind === "failed" ? "5" : "4");
  }
});

Deno.test("hostFault() has no reply", () => {
  assertEquals(hostFault("failed", "5.1.2", "why", null), {
    kind: "failed",
    status: "5.1.2",
    why: "why",
    reply: null,
    host: null,
    hostDown: true,
  });
});
