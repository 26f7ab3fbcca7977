import {
  deliverByTime,
  grantedPriority,
  offeredExtensions,
  offersDeliverBy,
  offersHold,
  offersRequireTls,
  releaseTime,
} from "../../mod/smtp/offer.ts";
import type { Client, ListenerKind } from "../../mod/smtp/ports.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Rig } from "./rig.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const BY = "DELIVERBY 60";
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
    "MT-PRIORITY",
    "LIMITS RCPTMAX=5",
  ];
  assertEquals(offeredExtensions(settings, client("smtp", false), [], NOW), [...always, BY, "STARTTLS"]);
  assertEquals(offeredExtensions(settings, client("smtp", true), [], NOW), [
    ...always,
    BY,
    "REQUIRETLS",
  ]);
  assertEquals(offeredExtensions(settings, client("lmtp", true), [], NOW), always);
  assertEquals(offeredExtensions(settings, client("submission", true), ["PLAIN", "LOGIN"], NOW), [
    ...always,
    BY,
    "FUTURERELEASE 2592000 2026-02-01T03:04:05Z",
    "REQUIRETLS",
    "AUTH PLAIN LOGIN",
  ]);
  const without = offeredExtensions(
    { ...settings, startTlsAvailable: () => false },
    client("smtp", false),
    [],
    NOW,
  );
  assertEquals(without, [...always, BY]);
});

Deno.test("every keyword has the form of RFC 5321 4.1.1.1", () => {
  for (const line of offeredExtensions(new Rig().settings, client("smtp", true), ["PLAIN"], NOW)) {
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

Deno.test("offersHold() is for submission, releaseTime() keeps to the bounds that are told", () => {
  const all = (["smtp", "submission", "submissions", "lmtp"] as const).map((l) =>
    offersHold(client(l, true))
  );
  assertEquals(all, [false, true, true, false]);
  const month = 30 * 24 * 3600_000;
  const table = [
    [{ kind: "for", ms: 1000 }, NOW + 1000],
    [{ kind: "for", ms: month }, NOW + month],
    [{ kind: "for", ms: month + 1000 }, null],
    [{ kind: "until", ms: NOW }, null],
    [{ kind: "until", ms: NOW - 1 }, null],
    [{ kind: "until", ms: NOW + 1 }, NOW + 1],
    [{ kind: "until", ms: NOW + month }, NOW + month],
    [{ kind: "until", ms: NOW + month + 1 }, null],
  ] as const;
  for (const [hold, want] of table) assertEquals(releaseTime(hold, NOW), want, JSON.stringify(hold));
});

Deno.test("offersDeliverBy() is for all but LMTP, deliverByTime() keeps to the least time that is told", () => {
  const all = (["smtp", "submission", "submissions", "lmtp"] as const).map((l) =>
    offersDeliverBy(client(l, true))
  );
  assertEquals(all, [true, true, true, false]);
  const table = [
    [{ seconds: 60, mode: "return" }, { at: NOW + 60_000, mode: "return" }],
    [{ seconds: 59, mode: "return" }, null],
    [{ seconds: 1, mode: "notify", trace: true }, { at: NOW + 1000, mode: "notify", trace: true }],
    [{ seconds: -9, mode: "notify" }, { at: NOW - 9000, mode: "notify" }],
  ] as const;
  for (const [by, want] of table) assertEquals(deliverByTime(by, NOW), want, JSON.stringify(by));
});

Deno.test("grantedPriority() is above the usual only for those who have logged in", () => {
  const known = { ...client("submission", true), account: "alice@example.test" };
  for (const asked of [-9, -1, 0, 1, 9]) {
    assertEquals([grantedPriority(asked, client("smtp", true)), grantedPriority(asked, known)], [
      Math.min(0, asked),
      asked,
    ]);
  }
});
