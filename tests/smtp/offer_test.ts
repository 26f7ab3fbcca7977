import { offeredExtensions, offersRequireTls } from "../../mod/smtp/offer.ts";
import type { Client, ListenerKind } from "../../mod/smtp/ports.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Rig } from "./rig.ts";

const TLS = { protocol: "TLSv1.3", cipher: "x", serverName: null };

function client(listener: ListenerKind, tls: boolean): Client {
  return {
    listener,
    remote: { address: "192.0.2.1", port: 1 },
    local: { address: "192.0.2.2", port: 25 },
    tls: tls ? TLS : null,
    helo: null,
    extended: false,
    account: null,
  };
}

Deno.test("offeredExtensions() lists what holds in this state, with limits that are kept", () => {
  const { settings } = new Rig();
  const always = [
    "PIPELINING",
    "SIZE 1000000",
    "8BITMIME",
    "CHUNKING",
    "BINARYMIME",
    "DSN",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "LIMITS RCPTMAX=5",
  ];
  assertEquals(offeredExtensions(settings, client("smtp", false), []), [...always, "STARTTLS"]);
  assertEquals(offeredExtensions(settings, client("smtp", true), []), [...always, "REQUIRETLS"]);
  assertEquals(offeredExtensions(settings, client("lmtp", true), []), always);
  assertEquals(offeredExtensions(settings, client("submission", true), ["PLAIN", "LOGIN"]), [
    ...always,
    "REQUIRETLS",
    "AUTH PLAIN LOGIN",
  ]);
  const without = offeredExtensions(
    { ...settings, startTlsAvailable: () => false },
    client("smtp", false),
    [],
  );
  assertEquals(without, always);
});

Deno.test("every keyword has the form of RFC 5321 4.1.1.1", () => {
  for (const line of offeredExtensions(new Rig().settings, client("smtp", true), ["PLAIN"])) {
    assert(/^[A-Z0-9][A-Z0-9-]*( [!-~]+)*$/.test(line), line);
  }
});

Deno.test("offersRequireTls() is for connections under TLS", () => {
  assertEquals([
    offersRequireTls(client("smtp", true)),
    offersRequireTls(client("smtp", false)),
    offersRequireTls(client("submissions", true)),
    offersRequireTls(client("lmtp", true)),
  ], [true, false, true, false]);
});
