import { Buffer } from "node:buffer";
import codec from "dns-packet";
import fc from "fast-check";
import { formatQuestion, isReplyTo, parseReply, type Question, rcodeName } from "../../mod/dns/message.ts";
import type { RecordType } from "../../mod/dns/source.ts";
import { assert, assertEquals } from "../support/assert.ts";

// dns-packet is the oracle: what it writes we read, what we write it reads.

function question<T extends RecordType>(type: T, name = "example.org"): Question<T> {
  return { id: 0x1234, name, type, edns: true };
}

interface Written {
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: readonly unknown[];
  readonly answers?: readonly unknown[];
  readonly authorities?: readonly unknown[];
}

function reply(type: string, message: Written, name = "example.org"): Uint8Array {
  return new Uint8Array(codec.encode({
    type: "response",
    id: message.id ?? 0x1234,
    flags: message.flags ?? 0x0180,
    questions: message.questions ?? [{ type, name }],
    answers: message.answers ?? [],
    authorities: message.authorities ?? [],
  }));
}

const SOA = {
  type: "SOA",
  name: "example.org",
  ttl: 900,
  data: {
    mname: "ns.example.org",
    rname: "hostmaster.example.org",
    serial: 1,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum: 60,
  },
};

Deno.test("formatQuestion() is what dns-packet reads", () => {
  for (const name of ["example.org", "", "_25._tcp.mail.example.org"]) {
    const read = codec.decode(Buffer.from(formatQuestion({ id: 7, name, type: "TLSA", edns: true })));
    assertEquals(read.id, 7);
    assertEquals(read.questions, [{ name: name || ".", type: "TLSA", class: "IN" }]);
    assertEquals([read.flag_rd, read.flag_ad, read.flag_cd], [true, true, false]);
    assertEquals(read.additionals.length, 1);
    assertEquals(read.additionals[0].udpPayloadSize, 1232);
  }
  const plain = codec.decode(Buffer.from(formatQuestion({ id: 7, name: "a", type: "A", edns: false })));
  assertEquals(plain.additionals, []);
});

Deno.test("parseReply() reads each type", () => {
  const cases: readonly (readonly [RecordType, unknown, unknown])[] = [
    ["A", "192.0.2.1", "192.0.2.1"],
    ["AAAA", "2001:db8::1", "2001:db8::1"],
    ["MX", { preference: 10, exchange: "Mail.Example.org" }, {
      preference: 10,
      exchange: "mail.example.org",
    }],
    ["MX", { preference: 0, exchange: "." }, { preference: 0, exchange: "" }],
    ["TXT", ["v=spf1 ", "-all"], new TextEncoder().encode("v=spf1 -all")],
    ["TXT", [""], new Uint8Array(0)],
    ["PTR", "mail.example.org", "mail.example.org"],
    ["NS", "ns.example.org", "ns.example.org"],
    ["CNAME", "other.example.net", "other.example.net"],
    ["SRV", { priority: 1, weight: 2, port: 3, target: "s.example.org" }, {
      priority: 1,
      weight: 2,
      port: 3,
      target: "s.example.org",
    }],
    ["TLSA", { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from([1, 2, 3]) }, {
      usage: 3,
      selector: 1,
      matching: 1,
      data: new Uint8Array([1, 2, 3]),
    }],
    ["CAA", { flags: 128, tag: "Issue", value: "ca.example" }, {
      critical: true,
      tag: "issue",
      value: "ca.example",
    }],
  ];
  for (const [type, data, expected] of cases) {
    const bytes = reply(type, { answers: [{ type, name: "EXAMPLE.org", ttl: 300, data }] });
    const read = parseReply(bytes, question(type));
    assert(read.ok, type);
    assertEquals<unknown>(read.value.records, [expected], type);
    assertEquals(read.value.ttl, 300);
  }
});

Deno.test("parseReply() follows CNAMEs in any order and takes the least TTL", () => {
  const answers = [
    { type: "A", name: "c.example.net", ttl: 500, data: "192.0.2.9" },
    { type: "A", name: "unrelated.example.net", ttl: 1, data: "203.0.113.66" },
    { type: "CNAME", name: "b.example.net", ttl: 30, data: "c.example.net" },
    { type: "CNAME", name: "example.org", ttl: 400, data: "b.example.net" },
  ];
  const read = parseReply(reply("A", { answers }), question("A"));
  assert(read.ok);
  assertEquals(read.value.records, ["192.0.2.9"]);
  assertEquals(read.value.ttl, 30);
  assertEquals(read.value.finalName, "c.example.net");
});

Deno.test("parseReply() refuses a loop of CNAMEs", () => {
  const answers = [
    { type: "CNAME", name: "example.org", ttl: 30, data: "b.example.net" },
    { type: "CNAME", name: "b.example.net", ttl: 30, data: "example.org" },
  ];
  assertEquals(parseReply(reply("A", { answers }), question("A")), { ok: false, error: "malformed" });
});

Deno.test("parseReply() tells the time to live of a no", () => {
  const read = parseReply(reply("A", { flags: 0x0183, authorities: [SOA] }), question("A"));
  assert(read.ok);
  assertEquals([read.value.rcode, read.value.negativeTtl], [3, 60]);
  const bare = parseReply(reply("A", {}), question("A"));
  assert(bare.ok);
  assertEquals(bare.value.negativeTtl, null);
});

Deno.test("parseReply() tells flags apart", () => {
  const cases: readonly (readonly [number, boolean, boolean, number])[] = [
    [0x0180, false, false, 0],
    [0x01a0, false, true, 0],
    [0x0380, true, false, 0],
    [0x0182, false, false, 2],
    [0x0185, false, false, 5],
  ];
  for (const [flags, truncated, authentic, rcode] of cases) {
    const read = parseReply(reply("A", { flags }), question("A"));
    assert(read.ok);
    assertEquals([read.value.truncated, read.value.authentic, read.value.rcode], [
      truncated,
      authentic,
      rcode,
    ]);
  }
});

Deno.test("isReplyTo() takes nothing but the answer to this question", () => {
  const ours = question("A");
  assert(isReplyTo(reply("A", {}), ours));
  assert(isReplyTo(reply("A", { questions: [{ type: "A", name: "EXAMPLE.ORG" }] }), ours));
  const foreign: readonly (readonly [string, Uint8Array])[] = [
    ["other ID", reply("A", { id: 0x1235 })],
    ["other type", reply("AAAA", {})],
    ["other name", reply("A", {}, "example.com")],
    ["longer name", reply("A", {}, "a.example.org")],
    ["other class", reply("A", { questions: [{ type: "A", name: "example.org", class: "CH" }] })],
    ["no question", reply("A", { questions: [] })],
    ["no question, no such name", reply("A", { questions: [], flags: 0x0183 })],
    [
      "two questions",
      reply("A", { questions: [{ type: "A", name: "example.org" }, { type: "A", name: "b" }] }),
    ],
    ["a query", formatQuestion(ours)],
    ["other opcode", reply("A", { flags: 0x2180 })],
    ["nothing", new Uint8Array(0)],
    ["a dot in a label", dottedQuestion()],
  ];
  for (const [why, bytes] of foreign) {
    assertEquals(isReplyTo(bytes, ours), false, why);
    assertEquals(parseReply(bytes, ours), { ok: false, error: "foreign" }, why);
  }
  // A server that could not read the question does not repeat it.
  assert(isReplyTo(reply("A", { questions: [], flags: 0x0181 }), ours));
});

/** "example.org" as one label with a dot in it. */
function dottedQuestion(): Uint8Array {
  const bytes = reply("A", {});
  bytes[12] = 11; // over "example", the length of "org" and "org": the next octet ends the name
  bytes[20] = 0x2e;
  return bytes;
}

Deno.test("parseReply() refuses lengths that lie", () => {
  const good = reply("MX", {
    answers: [{ type: "MX", name: "example.org", ttl: 1, data: { preference: 1, exchange: "m.x" } }],
  });
  const rdlength = good.length - 7 - 2; // preference and "m.x" are 2 + 5 octets
  for (const lie of [0, 1, 6, 8, 255, 65535]) {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint16(rdlength, lie);
    assertEquals(parseReply(bytes, question("MX")), { ok: false, error: "malformed" }, String(lie));
  }
  for (let size = 12; size < good.length; size++) {
    const read = parseReply(good.subarray(0, size), question("MX"));
    assert(!read.ok, `cut at ${size}`);
  }
  const many = good.slice();
  new DataView(many.buffer).setUint16(6, 65535);
  assertEquals(parseReply(many, question("MX")), { ok: false, error: "malformed" });
});

Deno.test("parseReply() refuses pointers that do not lead backwards", () => {
  const good = reply("CNAME", { answers: [{ type: "CNAME", name: "example.org", ttl: 1, data: "a" }] });
  const owner = 12 + 13 + 4;
  for (const target of [owner, owner + 2, 0x3fff]) {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint16(owner, 0xc000 | target);
    assert(!parseReply(bytes, question("CNAME")).ok);
  }
});

Deno.test("parseReply() never throws, whatever comes", () => {
  const good = reply("TXT", {
    answers: [
      { type: "CNAME", name: "example.org", ttl: 30, data: "b.example.net" },
      { type: "TXT", name: "b.example.net", ttl: 30, data: ["hello", "world"] },
    ],
    authorities: [SOA],
  });
  const types: readonly RecordType[] = ["A", "AAAA", "MX", "TXT", "PTR", "SRV", "CNAME", "NS", "TLSA", "CAA"];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(good.length),
      fc.constantFrom(...types),
      (edits, size, type) => {
        const bytes = good.slice(0, size);
        for (const [at, value] of edits) if (at < size) bytes[at] = value;
        parseReply(bytes, question(type));
        parseReply(bytes, question("TXT"));
      },
    ),
    { numRuns: 2000, seed: 1 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...types), (tail, type) => {
      const head = reply(type, {});
      const bytes = new Uint8Array(head.length + tail.length);
      bytes.set(head);
      bytes.set(tail, head.length);
      new DataView(bytes.buffer).setUint16(6, 3);
      parseReply(bytes, question(type));
    }),
    { numRuns: 2000, seed: 1 },
  );
});

Deno.test("rcodeName() names what it knows", () => {
  assertEquals([rcodeName(2), rcodeName(5), rcodeName(9)], ["SERVFAIL", "REFUSED", "RCODE 9"]);
});
