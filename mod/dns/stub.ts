import { DNS_ALIASES, DNS_NEGATIVE_TTL, DNS_ROUNDS, DNS_SERVERS, DNS_TIMEOUT } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Exchange } from "./exchange.ts";
import { formatQuestion, isReplyTo, parseReply, type Question, rcodeName, type Reply } from "./message.ts";
import { QuestionTurns } from "./question_turns.ts";
import type { RecordTypes } from "./resolver.ts";
import type { Asked, RecordType, Server, Source } from "./source.ts";

const NOERROR = 0;
const FORMERR = 1;
const NXDOMAIN = 3;

export interface StubOptions {
  readonly exchange: Exchange;
  readonly random: Random;
  /** The servers, in the order to ask them; asked for anew each time, since the system's may change. */
  readonly servers: () => Promise<readonly Server[]>;
}

/** A stub resolver: asks recursive servers one after the other, and tells "no such name", "no such record" and "no answer" apart. */
export class StubResolver implements Source {
  readonly #exchange: Exchange;
  readonly #random: Random;
  readonly #servers: () => Promise<readonly Server[]>;
  readonly #turns = new QuestionTurns();

  constructor(options: StubOptions) {
    this.#exchange = options.exchange;
    this.#random = options.random;
    this.#servers = options.servers;
  }

  /** Follows aliases that the server did not follow itself. */
  async ask<T extends RecordType>(name: string, type: T): Promise<Asked<RecordTypes[T]>> {
    return await this.#turns.take(name, () => this.#follow(name, type)) ??
      { kind: "temp", why: "too many questions wait for an answer" };
  }

  async #follow<T extends RecordType>(name: string, type: T): Promise<Asked<RecordTypes[T]>> {
    const servers = (await this.#servers()).slice(0, DNS_SERVERS);
    if (servers.length === 0) return { kind: "temp", why: "no name server is known" };
    const seen = new Set<string>();
    let ttl = Infinity;
    let secure = true;
    for (let at = name;;) {
      if (seen.has(at) || seen.size > DNS_ALIASES) return { kind: "temp", why: `loop of aliases at ${at}` };
      seen.add(at);
      const reply = await this.#askServers(servers, at, type);
      if (!reply.ok) return { kind: "temp", why: reply.error };
      const value = reply.value;
      secure &&= value.authentic;
      if (value.records.length > 0) {
        return { kind: "records", records: value.records, ttl: Math.min(ttl, value.ttl), secure };
      }
      const no = { ttl: Math.min(ttl, value.negativeTtl ?? 0, DNS_NEGATIVE_TTL), secure };
      if (value.rcode === NXDOMAIN) return { kind: "nxdomain", ...no };
      // An alias without its target, and without the SOA that would say the target has nothing: the server did not look.
      if (value.finalName === at || value.negativeTtl !== null) return { kind: "nodata", ...no };
      ttl = Math.min(ttl, value.ttl);
      at = value.finalName;
    }
  }

  /** The first usable reply; the error is the last fault met. */
  async #askServers<T extends RecordType>(
    servers: readonly Server[],
    name: string,
    type: T,
  ): Promise<Result<Reply<T>, string>> {
    let fault = "";
    for (let round = 0; round < DNS_ROUNDS; round++) {
      for (const server of servers) {
        const reply = await this.#askServer(server, name, type, DNS_TIMEOUT << round);
        if (reply.ok) return reply;
        fault = `${server.address}: ${reply.error}`;
      }
    }
    return err(fault);
  }

  async #askServer<T extends RecordType>(
    server: Server,
    name: string,
    type: T,
    timeout: number,
  ): Promise<Result<Reply<T>, string>> {
    let reply = await this.#once(server, { id: this.#random.int(65536), name, type, edns: true }, timeout);
    // A server from before 1999 that stumbles over the OPT record (RFC 6891 7).
    if (reply.ok && reply.value.rcode === FORMERR) {
      reply = await this.#once(server, { id: this.#random.int(65536), name, type, edns: false }, timeout);
    }
    if (!reply.ok) return reply;
    const { rcode, authentic } = reply.value;
    if (rcode !== NOERROR && rcode !== NXDOMAIN) return err(rcodeName(rcode));
    return ok({ ...reply.value, authentic: authentic && server.trusted });
  }

  async #once<T extends RecordType>(
    server: Server,
    question: Question<T>,
    timeout: number,
  ): Promise<Result<Reply<T>, string>> {
    const query = formatQuestion(question);
    const udp = await this.#exchange.udp(server, query, timeout, (bytes) => isReplyTo(bytes, question));
    if (!udp.ok) return udp;
    const short = parseReply(udp.value, question);
    if (!short.ok || !short.value.truncated) return short;
    const tcp = await this.#exchange.tcp(server, query, timeout);
    if (!tcp.ok) return tcp;
    const long = parseReply(tcp.value, question);
    return long.ok && long.value.truncated ? err("truncated over TCP") : long;
  }
}
