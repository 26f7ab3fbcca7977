import fc from "fast-check";
import { TLS_MEMORY_AGE, TLS_MEMORY_DOMAINS, TLS_MEMORY_TIMES } from "../../mod/base/limits.ts";
import { RememberedPolicies, TlsMemory } from "../../mod/outbound/tls_memory.ts";
import { type Decided, OPPORTUNISTIC } from "../../mod/outbound/tls_policy.ts";
import { NOTHING_PUBLISHED, type TlsSession } from "../../mod/outbound/tls_session.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { deliverOnce } from "../support/mx_transport.ts";
import type { PeerManners } from "../support/smtp_peer.ts";
import { zone } from "../support/zone.ts";

type Reached = Exclude<TlsSession["reached"], null>;

function session(reached: TlsSession["reached"], destination = "a.example"): TlsSession {
  return {
    destination,
    published: NOTHING_PUBLISHED,
    reached,
    fault: null,
    host: `mx.${destination}`,
    address: "192.0.2.1",
    localAddress: null,
  };
}

function setUp() {
  const clock = new FakeClock();
  const log = new MemoryLog();
  return { clock, log, memory: new TlsMemory({ clock, log }) };
}

const LETTERS: Readonly<Record<string, Reached>> = { v: "valid", e: "encrypted", c: "clear", b: "broken" };

Deno.test("TlsMemory expects what was so several times in a row, and tells when it is not", () => {
  assertEquals(TLS_MEMORY_TIMES, 3);
  // Sessions by their first letters; what is expected after them; how often it told that TLS was weaker.
  const cases: readonly (readonly [string, string | null, number])[] = [
    ["", null, 0],
    ["vv", null, 0],
    ["vvv", "valid", 0],
    ["eee", "secure", 0],
    ["vve", "secure", 0],
    ["eeevv", "secure", 0],
    ["eeevvv", "valid", 0],
    ["vvvc", "valid", 1],
    ["vvvb", "valid", 1],
    ["vvvccc", "valid", 3],
    // Told once, then it is as it is.
    ["vvve", "secure", 1],
    ["vvveee", "secure", 1],
    ["eeec", "secure", 1],
    ["eeeb", "secure", 1],
    // Before it was expected it starts anew.
    ["vvcvv", null, 0],
    ["eecee", null, 0],
    ["ccc", null, 0],
  ];
  for (const [letters, expected, told] of cases) {
    const { memory, log } = setUp();
    for (const l of letters) memory.note(session(LETTERS[l] ?? null));
    memory.note(session(null));
    assertEquals([memory.expected("a.example"), log.lines.length], [expected, told], letters);
    assertEquals(memory.expected("b.example"), null);
  }
});

Deno.test("TlsMemory forgets what is long ago, and those not heard of for longest", async () => {
  const { memory, clock } = setUp();
  for (let i = 0; i < 3; i++) memory.note(session("valid"));
  await clock.advance(TLS_MEMORY_AGE + 86_400_000);
  assertEquals(memory.expected("a.example"), null);
  for (let i = 0; i <= TLS_MEMORY_DOMAINS; i++) memory.note(session("valid", `d${i}.example`));
  assertEquals(memory.size, TLS_MEMORY_DOMAINS);
});

Deno.test("TlsMemory is the same after a restart, and is written only when something changed", () => {
  const { memory } = setUp();
  for (let i = 0; i < 3; i++) memory.note(session("valid"));
  const { revision } = memory;
  for (let i = 0; i < 3; i++) memory.note(session("valid"));
  assertEquals(memory.revision, revision);
  const next = setUp().memory;
  next.restore(`${[...memory.pieces()].join("")}nonsense\n{}\n["b",9,9,0]\n["b",3,"3",0]\n[1,3,3,0]\n["c",3`);
  assertEquals([next.size, next.expected("a.example")], [1, "valid"]);
  fc.assert(fc.property(fc.array(fc.json()), (lines) => {
    setUp().memory.restore(lines.join("\n"));
    return true;
  }));
});

Deno.test("RememberedPolicies only ever makes a policy stricter", async () => {
  const required: Decided = { kind: "required", name: "mx.a.example", implicit: false };
  const dane: Decided = { kind: "dane", records: [], names: ["mx.a.example"] };
  const cases: readonly (readonly [Decided, string, string])[] = [
    [{ kind: "opportunistic" }, "", "opportunistic"],
    [{ kind: "opportunistic" }, "eee", "encrypted"],
    [{ kind: "opportunistic" }, "vvv", "required"],
    [{ kind: "encrypted" }, "eee", "encrypted"],
    [{ kind: "encrypted" }, "vvv", "required"],
    [required, "eee", "required"],
    [dane, "vvv", "dane"],
    [{ kind: "temp", why: "x" }, "vvv", "temp"],
    [{ kind: "refused", why: "x" }, "vvv", "refused"],
  ];
  for (const [inner, letters, kind] of cases) {
    const { memory } = setUp();
    for (const l of letters) memory.note(session(LETTERS[l] ?? null));
    const facts = { published: NOTHING_PUBLISHED, fault: null, judged: false };
    const policies = new RememberedPolicies({ decide: () => Promise.resolve({ ...inner, facts }) }, memory);
    const host = { name: "mx.a.example", port: 25, secure: false };
    const decided = await policies.decide("a.example", host);
    assertEquals([decided.kind, decided.facts], [kind, facts], `${inner.kind} ${letters}`);
  }
});

/** Delivers once to a host with these manners. */
async function delivered(
  memory: TlsMemory,
  manners: readonly PeerManners[],
  refuse: boolean,
): Promise<string> {
  const outcome = await deliverOnce("a.example", manners, {
    resolver: zone({ "a.example": { MX: ["10 mx.a.example"] }, "mx.a.example": { A: ["192.0.2.1"] } }),
    tlsPolicies: refuse ? new RememberedPolicies(OPPORTUNISTIC, memory) : OPPORTUNISTIC,
    tlsSessions: memory,
  });
  return outcome?.kind === "delivered" ? `delivered ${outcome.tls}` : `${outcome?.status} ${outcome?.why}`;
}

const TLS: PeerManners = { offers: ["STARTTLS"], certificateFault: null };

Deno.test("a host that had TLS and is stripped of it is told of, or waited for, also after a restart", async () => {
  const { memory, clock } = setUp();
  for (let i = 0; i < 3; i++) assertEquals(await delivered(memory, [TLS], true), "delivered TLSv1.3");
  const log = new MemoryLog();
  const restarted = new TlsMemory({ clock, log });
  restarted.restore([...memory.pieces()].join(""));
  assertMatch(
    await delivered(restarted, [{}], true),
    /^4\.7\.4 the host does not offer STARTTLS, which is required \(it had that before; sending\.downgrade/,
  );
  assertMatch(
    await delivered(restarted, [{ ...TLS, tlsFails: true }, {}], true),
    /^4\.7\.5 .*had that before/,
  );
  assertEquals(log.lines.map((l) => l.event), ["tls weaker than before", "tls weaker than before"]);
  // It waits no longer once the host is as it was.
  assertEquals(await delivered(restarted, [TLS], true), "delivered TLSv1.3");
  // Who only warns delivers.
  assertEquals(await delivered(restarted, [{}], false), "delivered null");
  assertEquals(log.lines.length, 3);
  assert(restarted.expected("a.example") === "valid");
});
