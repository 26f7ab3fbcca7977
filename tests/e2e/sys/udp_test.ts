import { Buffer } from "node:buffer";
import dgram from "node:dgram";
import net from "node:net";
import codec from "dns-packet";
import { formatQuestion, isReplyTo } from "../../../mod/dns/message.ts";
import type { RecordType, Server } from "../../../mod/dns/source.ts";
import { StubResolver } from "../../../mod/dns/stub.ts";
import { NodeExchange } from "../../../mod/sys/udp.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

type Answering = (query: Buffer, tcp: boolean) => readonly Uint8Array[];

/** A name server on loopback, UDP and TCP on one port. */
async function serve(
  answer: Answering,
): Promise<{ readonly server: Server; readonly ports: Set<number>; close(): Promise<void> }> {
  const ports = new Set<number>();
  const tcp = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      for (const reply of answer(data.subarray(2), true)) {
        // In two pieces, cut within the length.
        const whole = Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]);
        socket.write(whole.subarray(0, 1));
        socket.write(whole.subarray(1));
      }
    });
  });
  await new Promise<void>((ready) => tcp.listen(0, "127.0.0.1", () => ready()));
  const { port } = tcp.address() as net.AddressInfo;
  const udp = dgram.createSocket("udp4");
  udp.on("message", (query: Buffer, from: { port: number; address: string }) => {
    ports.add(from.port);
    for (const reply of answer(query, false)) udp.send(reply, from.port, from.address);
  });
  await new Promise<void>((ready) => udp.bind(port, "127.0.0.1", () => ready()));
  return {
    server: { address: "127.0.0.1", port, trusted: true },
    ports,
    async close() {
      await new Promise<void>((done) => udp.close(() => done()));
      await new Promise<void>((done) => tcp.close(() => done()));
    },
  };
}

function reply(query: Buffer, flags: number, answers: readonly unknown[] = []): Uint8Array {
  const asked = codec.decode(query);
  return codec.encode({ type: "response", id: asked.id, flags, questions: asked.questions, answers });
}

function stub(server: Server): StubResolver {
  return new StubResolver({
    exchange: new NodeExchange(),
    random: new SeededRandom(),
    servers: () => Promise.resolve([server]),
  });
}

const QUESTION = { id: 1, name: "a.example", type: "A" as RecordType, edns: true };
const A = { type: "A", name: "a.example", ttl: 60, data: "192.0.2.1" };

Deno.test("the stub asks over UDP, each time from another port", async () => {
  const dns = await serve((query) => [reply(query, 0x01a0, [A])]);
  for (let i = 0; i < 10; i++) {
    assertEquals(await stub(dns.server).ask("a.example", "A"), {
      kind: "records",
      records: ["192.0.2.1"],
      ttl: 60,
      secure: true,
    });
  }
  assert(dns.ports.size > 5, `${dns.ports.size} ports`);
  await dns.close();
});

Deno.test("the stub asks over TCP for what is too long for UDP", async () => {
  const text = {
    type: "TXT",
    name: "a.example",
    ttl: 60,
    data: Array.from({ length: 100 }, () => "x".repeat(200)),
  };
  const dns = await serve((query, tcp) => [tcp ? reply(query, 0x0180, [text]) : reply(query, 0x0380)]);
  const answer = await stub(dns.server).ask("a.example", "TXT");
  assert(answer.kind === "records" && answer.records[0]?.length === 20_000);
  await dns.close();
});

Deno.test("udp() waits on when something else comes first", async () => {
  const dns = await serve((
    query,
  ) => [
    new Uint8Array(3),
    reply(Buffer.from(formatQuestion({ ...QUESTION, id: 2 })), 0x0180),
    reply(query, 0x0180, [A]),
  ]);
  const got = await new NodeExchange().udp(
    dns.server,
    formatQuestion(QUESTION),
    5000,
    (b) => isReplyTo(b, QUESTION),
  );
  assert(got.ok && isReplyTo(got.value, QUESTION));
  await dns.close();
});

Deno.test("udp() takes nothing from another port than the server's", async () => {
  const stranger = dgram.createSocket("udp4");
  const silent = dgram.createSocket("udp4");
  silent.on("message", (query: Buffer, from: { port: number; address: string }) => {
    stranger.send(reply(query, 0x0180, [A]), from.port, from.address);
  });
  await new Promise<void>((ready) => silent.bind(0, "127.0.0.1", () => ready()));
  await new Promise<void>((ready) => stranger.bind(0, "127.0.0.1", () => ready()));
  const server: Server = { address: "127.0.0.1", port: silent.address().port, trusted: false };
  assertEquals(await new NodeExchange().udp(server, formatQuestion(QUESTION), 200, () => true), {
    ok: false,
    error: "timeout",
  });
  await new Promise<void>((done) => silent.close(() => done()));
  await new Promise<void>((done) => stranger.close(() => done()));
});

Deno.test("udp() and tcp() end in time with a server that is silent, hangs up or is not there", async () => {
  const dns = await serve(() => []);
  const exchange = new NodeExchange();
  const query = formatQuestion(QUESTION);
  assertEquals(await exchange.udp(dns.server, query, 50, () => true), { ok: false, error: "timeout" });
  assertEquals(await exchange.tcp(dns.server, query, 50), { ok: false, error: "timeout over TCP" });
  await dns.close();
  assert(!(await exchange.udp(dns.server, query, 300, () => true)).ok);
  assert(!(await exchange.tcp(dns.server, query, 300)).ok);
});
