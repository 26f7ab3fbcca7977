/** A name server on loopback for tests: answers from a zone given as data, over UDP and TCP. */
import dgram from "node:dgram";
import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";

/** name -> type -> records as npm dns-packet has their `data`; "SERVFAIL" and "TIMEOUT" instead of types break the name. */
export type ZoneData = Readonly<
  Record<string, Readonly<Record<string, readonly unknown[]>> | "SERVFAIL" | "TIMEOUT">
>;

export interface DnsServer {
  readonly port: number;
  /** "NAME TYPE" of each question, in order. */
  readonly asked: string[];
  /** The zone may be changed while it runs. */
  zone: ZoneData;
  /** Whether answers about a name have the AD bit. */
  authentic: (name: string) => boolean;
  close(): Promise<void>;
}

/** Starts the server on 127.0.0.1, any free port. */
export async function startDnsServer(zone: ZoneData): Promise<DnsServer> {
  const socket = dgram.createSocket("udp4");
  const server: DnsServer = {
    port: 0,
    asked: [],
    zone,
    authentic: () => false,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on("message", (message: Uint8Array, from: { address: string; port: number }) => {
    const query = dnsPacket.decode(Buffer.from(message));
    const reply = answer(query, server);
    if (reply) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  (server as { port: number }).port = socket.address().port;
  return server;
}

function answer(query: ReturnType<typeof dnsPacket.decode>, server: DnsServer): Uint8Array | null {
  const question = query.questions?.[0];
  if (!question) return null;
  const name = question.name.toLowerCase();
  server.asked.push(`${name} ${question.type}`);
  const found = server.zone[name];
  if (found === "TIMEOUT") return null;
  const records = typeof found === "object" ? found[question.type] ?? found["CNAME"] ?? [] : [];
  const type = typeof found === "object" && !found[question.type] && found["CNAME"] ? "CNAME" : question.type;
  const rcode = found === "SERVFAIL" ? 2 : found === undefined ? 3 : 0;
  return dnsPacket.encode({
    id: query.id ?? 0,
    type: "response",
    flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | rcode |
      (server.authentic(name) ? dnsPacket.AUTHENTIC_DATA : 0),
    questions: [question],
    answers: records.map((data) => ({ name: question.name, type, class: "IN", ttl: 60, data })) as never,
  });
}
