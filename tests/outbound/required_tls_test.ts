import { hostFault } from "../../mod/outbound/fault.ts";
import { faultFor, policyFor } from "../../mod/outbound/required_tls.ts";
import type { TlsPolicy } from "../../mod/outbound/tls_policy.ts";
import { assertEquals } from "../support/assert.ts";

const OPEN: TlsPolicy = { kind: "opportunistic" };
const STRICT: TlsPolicy = { kind: "required", name: "mx.a.example", implicit: false };
const DANE: TlsPolicy = { kind: "dane", records: [], names: ["mx.a.example"] };
const ENCRYPTED: TlsPolicy = { kind: "encrypted" };
const ROUTE = { protocol: "smtp", host: "mx.a.example", port: 25, tls: "opportunistic", user: null } as const;
const PLAIN = { name: "mx.a.example", route: null, secure: false };

Deno.test("policyFor() holds a message's wishes against the host's policy", () => {
  const table = [
    [{}, PLAIN, OPEN, OPEN],
    [{}, PLAIN, STRICT, STRICT],
    [{ requireTls: true }, PLAIN, STRICT, STRICT],
    [{ requireTls: true }, { ...PLAIN, secure: true }, OPEN, STRICT],
    [{ requireTls: true }, { ...PLAIN, route: ROUTE }, OPEN, STRICT],
    [{ requireTls: true }, PLAIN, OPEN, "failed 5.7.30"],
    [{}, PLAIN, DANE, DANE],
    [{}, PLAIN, ENCRYPTED, ENCRYPTED],
    [{ requireTls: true }, { ...PLAIN, secure: true }, DANE, DANE],
    [{ requireTls: true }, { ...PLAIN, secure: true }, ENCRYPTED, STRICT],
    [{ tlsOptional: true }, PLAIN, DANE, OPEN],
    [{ tlsOptional: true }, PLAIN, STRICT, OPEN],
    [{ tlsOptional: true }, { ...PLAIN, route: ROUTE }, STRICT, STRICT],
    // RFC 8689 4.1: REQUIRETLS counts where both are there.
    [{ requireTls: true, tlsOptional: true }, PLAIN, STRICT, STRICT],
  ] as const;
  for (const [wishes, host, policy, want] of table) {
    const got = policyFor(wishes, host, policy);
    assertEquals(
      "status" in got ? `${got.kind} ${got.status}` : got,
      want,
      JSON.stringify([wishes, host, policy]),
    );
  }
});

Deno.test("faultFor() gives up where a host offers no TLS, and waits where it is broken", () => {
  for (
    const [status, wanted] of [["4.7.4", "failed 5.7.30"], ["4.7.5", "deferred 4.7.5"], [
      "4.4.1",
      "deferred 4.4.1",
    ]]
  ) {
    const fault = hostFault("deferred", status ?? "", "why", "mx");
    const told = faultFor({ requireTls: true }, fault);
    assertEquals([`${told.kind} ${told.status}`, faultFor({}, fault)], [wanted, fault]);
  }
});
