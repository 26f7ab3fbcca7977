import { type Plan, planFor, type PlanPorts } from "../../mod/outbound/plan.ts";
import { parseRoute, type Route, Routes } from "../../mod/outbound/route.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { zone, type ZoneData } from "../support/zone.ts";

function route(text: string): Route {
  const read = parseRoute(text);
  assert(read.ok);
  return read.value;
}

function ports(
  data: ZoneData,
  routes: Record<string, string> = {},
  network: "open" | "closed" = "open",
): PlanPorts {
  return {
    resolver: zone(data),
    random: new SeededRandom(),
    routes: new Routes(Object.entries(routes).map(([d, r]) => [d, [route(r)]])),
    network,
    isOwnName: (name) => name === "mail.example.org",
    mxPort: 25,
  };
}

/** "a:25 b:25", or "failed 5.1.2". */
function short(plan: Plan): string {
  if (plan.kind === "fault") return `${plan.fault.kind} ${plan.fault.status}`;
  return plan.hosts.map((h) => `${h.name}:${h.port}${h.addresses ? ` at ${h.addresses}` : ""}`).join(" ");
}

const ZONE: ZoneData = {
  "a.example": { MX: ["20 mx2.a.example", "10 mx1.a.example"] },
  "plain.example": { A: ["192.0.2.1"] },
  "null.example": { MX: ["0 ."] },
  "broken.example": "servfail",
  "loop.example": { MX: ["10 mail.example.org", "20 mx.loop.example"] },
  "second.example": { MX: ["10 mx.loop.example", "20 mail.example.org", "30 late.example"] },
};

Deno.test("planFor() goes by route, literal or MX", async () => {
  const routes = { "routed.example": "smtp://relay.example:26", "ip.example": "lmtp://[2001:db8::1]" };
  const cases: readonly (readonly [string, string])[] = [
    ["routed.example", "relay.example:26"],
    ["ip.example", "2001:db8::1:24 at 2001:db8::1"],
    ["a.example", "mx1.a.example:25 mx2.a.example:25"],
    ["plain.example", "plain.example:25"],
    ["null.example", "failed 5.1.10"],
    ["missing.example", "failed 5.1.2"],
    ["broken.example", "deferred 4.4.3"],
    ["loop.example", "failed 5.4.6"],
    ["second.example", "mx.loop.example:25"],
    ["[192.0.2.7]", "192.0.2.7:25 at 192.0.2.7"],
    ["[IPv6:2001:db8::7]", "2001:db8::7:25 at 2001:db8::7"],
    ["[nonsense]", "failed 5.1.2"],
    ["bad..name", "failed 5.1.2"],
  ];
  for (const [destination, expected] of cases) {
    assertEquals(short(await planFor(destination, null, ports(ZONE, routes))), expected, destination);
  }
});

Deno.test("planFor() with a route for all asks nothing", async () => {
  const resolver = zone(ZONE);
  const p = { ...ports(ZONE, { "*": "submission://me@relay.example" }), resolver };
  assertEquals(short(await planFor("a.example", null, p)), "relay.example:587");
  assertEquals(short(await planFor("[192.0.2.7]", null, p)), "relay.example:587");
  assertEquals(resolver.calls, []);
});

Deno.test("planFor() in a closed network reaches no address that merely stands in a recipient", async () => {
  const p = ports(ZONE, {}, "closed");
  assertEquals(short(await planFor("[192.0.2.7]", null, p)), "failed 5.4.4");
  const plan = await planFor("missing.example", null, p);
  assert(plan.kind === "fault" && plan.fault.why.includes("closed"));
  // What the config's own servers and hosts know is still reached.
  assertEquals(short(await planFor("plain.example", null, p)), "plain.example:25");
});
