import { Buffer } from "node:buffer";
import codec from "dns-packet";
import { err, ok, type Result } from "../../mod/base/result.ts";
import type { Exchange } from "../../mod/dns/exchange.ts";
import type { Server } from "../../mod/dns/source.ts";
import { StubResolver } from "../../mod/dns/stub.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";

interface Told {
  readonly flags?: number;
  readonly answers?: readonly unknown[];
  readonly authorities?: readonly unknown[];
}

/** A message, octets as they are, or a fault. */
type Act = Told | Uint8Array | string;

/** Plays servers: one act for each call, in order, the last for ever. */
class FakeExchange implements Exchange {
  readonly calls: string[] = [];
  readonly #acts: Act[];
  readonly ids = new Set<number>();

  constructor(...acts: Act[]) {
    this.#acts = acts;
  }

  udp(server: Server, query: Uint8Array, timeout: number, accept: (reply: Uint8Array) => boolean) {
    const reply = this.#play("udp", server, query, timeout);
    return Promise.resolve(reply.ok && !accept(reply.value) ? err("timeout") : reply);
  }

  tcp(server: Server, query: Uint8Array, timeout: number) {
    return Promise.resolve(this.#play("tcp", server, query, timeout));
  }

  #play(how: string, server: Server, query: Uint8Array, timeout: number): Result<Uint8Array, string> {
    const asked = codec.decode(Buffer.from(query));
    this.ids.add(asked.id);
    const edns = asked.additionals.length > 0 ? "" : " plain";
    this.calls.push(
      `${how} ${server.address} ${asked.questions[0].type} ${asked.questions[0].name} ${timeout}${edns}`,
    );
    const act = this.#acts.length > 1 ? this.#acts.shift() : this.#acts[0];
    if (act === undefined || typeof act === "string") return err(act ?? "no act");
    if (act instanceof Uint8Array) return ok(act);
    return ok(codec.encode({
      type: "response",
      id: asked.id,
      flags: act.flags ?? 0x0180,
      questions: asked.questions,
      answers: act.answers ?? [],
      authorities: act.authorities ?? [],
    }));
  }
}

const ONE: readonly Server[] = [{ address: "192.0.2.53", port: 53, trusted: false }];
const TWO: readonly Server[] = [...ONE, { address: "192.0.2.54", port: 53, trusted: false }];
const A = { type: "A", name: "a.example", ttl: 60, data: "192.0.2.1" };
const SOA = {
  type: "SOA",
  name: "example",
  ttl: 900,
  data: {
    mname: "ns.example",
    rname: "root.example",
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 120,
  },
};

function stub(exchange: Exchange, servers: readonly Server[] = ONE): StubResolver {
  return new StubResolver({ exchange, random: new SeededRandom(), servers: () => Promise.resolve(servers) });
}

Deno.test("ask() tells yes, no such record, no such name and no answer apart", async () => {
  const cases: readonly (readonly [Act, unknown])[] = [
    [{ answers: [A] }, { kind: "records", records: ["192.0.2.1"], ttl: 60, secure: false }],
    [{ authorities: [SOA] }, { kind: "nodata", ttl: 120, secure: false }],
    [{}, { kind: "nodata", ttl: 0, secure: false }],
    [{ flags: 0x0183, authorities: [SOA] }, { kind: "nxdomain", ttl: 120, secure: false }],
    [{ flags: 0x0182 }, { kind: "temp", why: "192.0.2.53: SERVFAIL" }],
    [{ flags: 0x0185 }, { kind: "temp", why: "192.0.2.53: REFUSED" }],
    [{ flags: 0x0184 }, { kind: "temp", why: "192.0.2.53: NOTIMP" }],
    [{ flags: 0x0181 }, { kind: "temp", why: "192.0.2.53: FORMERR" }],
    ["timeout", { kind: "temp", why: "192.0.2.53: timeout" }],
    ["connection refused", { kind: "temp", why: "192.0.2.53: connection refused" }],
    [new Uint8Array(12), { kind: "temp", why: "192.0.2.53: timeout" }],
  ];
  for (const [act, expected] of cases) {
    assertEquals<unknown>(
      await stub(new FakeExchange(act)).ask("a.example", "A"),
      expected,
      JSON.stringify(act),
    );
  }
});

Deno.test("ask() goes from server to server, and round once more with more patience", async () => {
  const second = new FakeExchange({ flags: 0x0182 }, { answers: [A] });
  assertEquals((await stub(second, TWO).ask("a.example", "A")).kind, "records");
  assertEquals(second.calls, ["udp 192.0.2.53 A a.example 3000", "udp 192.0.2.54 A a.example 3000"]);
  const silent = new FakeExchange("timeout");
  await stub(silent, TWO).ask("a.example", "A");
  assertEquals(silent.calls.map((c) => c.replace(" A a.example", "")), [
    "udp 192.0.2.53 3000",
    "udp 192.0.2.54 3000",
    "udp 192.0.2.53 6000",
    "udp 192.0.2.54 6000",
  ]);
  assertEquals(silent.ids.size, 4, "each question has an ID of its own");
});

Deno.test("ask() asks over TCP when the answer is truncated", async () => {
  const exchange = new FakeExchange({ flags: 0x0380 }, { answers: [A] });
  assertEquals((await stub(exchange).ask("a.example", "A")).kind, "records");
  assertEquals(exchange.calls.map((c) => c.split(" ")[0]), ["udp", "tcp"]);
  const never = new FakeExchange({ flags: 0x0380 });
  assertEquals(await stub(never).ask("a.example", "A"), {
    kind: "temp",
    why: "192.0.2.53: truncated over TCP",
  });
  const other = new FakeExchange({ flags: 0x0380 }, new Uint8Array(20), { answers: [A] });
  assertEquals((await stub(other, TWO).ask("a.example", "A")).kind, "records");
});

Deno.test("ask() leaves EDNS out for a server that stumbles over it", async () => {
  const exchange = new FakeExchange({ flags: 0x0181 }, { answers: [A] });
  assertEquals((await stub(exchange).ask("a.example", "A")).kind, "records");
  assertEquals(exchange.calls, ["udp 192.0.2.53 A a.example 3000", "udp 192.0.2.53 A a.example 3000 plain"]);
});

Deno.test("ask() follows aliases the server did not follow, but not for ever", async () => {
  const alias = { answers: [{ type: "CNAME", name: "w.example", ttl: 30, data: "a.example" }] };
  const exchange = new FakeExchange(alias, { answers: [A] });
  assertEquals(await stub(exchange).ask("w.example", "A"), {
    kind: "records",
    records: ["192.0.2.1"],
    ttl: 30,
    secure: false,
  });
  assertEquals(exchange.calls.length, 2);
  const dead = new FakeExchange({ ...alias, authorities: [SOA] });
  assertEquals((await stub(dead).ask("w.example", "A")).kind, "nodata");
  const back = { answers: [{ type: "CNAME", name: "a.example", ttl: 30, data: "w.example" }] };
  const loop = await stub(new FakeExchange(alias, back, alias)).ask("w.example", "A");
  assert(loop.kind === "temp" && loop.why.includes("loop"));
});

Deno.test("ask() believes the AD bit of trusted servers only", async () => {
  const act = { flags: 0x01a0, answers: [A] };
  const secure = async (trusted: boolean) => {
    const answer = await stub(new FakeExchange(act), [{ address: "127.0.0.1", port: 53, trusted }]).ask(
      "a.example",
      "A",
    );
    return answer.kind === "records" && answer.secure;
  };
  assertEquals([await secure(true), await secure(false)], [true, false]);
});

Deno.test("ask() without servers cannot ask", async () => {
  assertEquals((await stub(new FakeExchange(), []).ask("a.example", "A")).kind, "temp");
});

Deno.test("ask() holds back what is too much at once", async () => {
  let open = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const slow: Exchange = {
    async udp() {
      most = Math.max(most, ++open);
      await new Promise<void>((go) => gates.push(go));
      open--;
      return err("timeout");
    },
    tcp: () => Promise.resolve(err("no")),
  };
  const resolver = stub(slow);
  const all = Array.from({ length: 300 }, (_, i) => resolver.ask(`n${i}.example`, "A"));
  for (let done = false; !done;) {
    await settle(2);
    done = gates.length === 0;
    for (const go of gates.splice(0)) go();
  }
  assertEquals((await Promise.all(all)).length, 300);
  assertEquals(most, 200);
});
