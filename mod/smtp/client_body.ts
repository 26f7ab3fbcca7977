/**
 * A message's octets on their way to a peer that has taken its envelope: as DATA, dots doubled and ended by a dot, or, where the peer offers
 * CHUNKING (RFC 3030), in counted chunks. Chunks spare the wait for 354 and the doubling; bare CRs and LFs are mended all the same, for
 * the next host may hand the message on by DATA. So nothing is lost by BDAT, and a small message goes out with its envelope.
 */
import type { Body } from "../base/body.ts";
import { concat, utf8 } from "../base/bytes.ts";
import { CLIENT_CHUNKS_AHEAD, CLIENT_COMMAND, CLIENT_DATA_END } from "../base/limits.ts";
import { ok } from "../base/result.ts";
import { DotStuffer } from "../wire/stuffing.ts";
import type { SmtpClient, Step } from "./client.ts";
import {
  accepts,
  lostOutcome,
  notTaken,
  outcomeOf,
  sameForAll,
  type SendOutcome,
  type SendResult,
  verdictOf,
} from "./client_outcome.ts";
import type { ClientReply } from "./client_reply.ts";

/** Octets gathered for one write, or one chunk. */
const WRITE_SIZE = 64 * 1024;

/** The one chunk of a message that is small and in memory, with its command, for the write that brings the envelope; null of any other. */
export function onlyChunk(body: Body): Uint8Array | null {
  if (!body.memory || body.size > WRITE_SIZE) return null;
  const mender = new DotStuffer(false);
  const octets = [...body.memory.map((chunk) => mender.write(chunk)), mender.end()];
  return concat([chunkCommand(sizeOf(octets), true), ...octets]);
}

/** Hangs up on a peer that offers CHUNKING and does not know BDAT: it takes the message's octets for commands. */
export function withoutChunks(client: SmtpClient, reply: ClientReply): SendResult {
  client.abort();
  return notTaken("chunk", reply);
}

/** Whether BDAT was answered as no command at all (RFC 5321 4.2.4), not as a message that is unwanted. */
export function knowsNoChunks({ code, status }: ClientReply): boolean {
  return (code === 500 || code === 502) && (status === null || status.startsWith("5.5."));
}

/** Streams the message after a 354. A connection lost after the final dot is deferred: the message may have been taken. */
export async function sendData(client: SmtpClient, body: Body, verdicts: number): Promise<SendResult> {
  const stuffer = new DotStuffer();
  let pending: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body.memory ?? body.stream()) {
      const out = owned(stuffer.write(chunk), chunk, body);
      pending.push(out);
      size += out.length;
      if (size < WRITE_SIZE) continue;
      const written = await client.write("body", concat(pending));
      if (!written.ok) return { kind: "not-taken", fault: written.error };
      pending = [];
      size = 0;
    }
  } catch (error) {
    return unreadable(client, error, verdicts);
  }
  return await readVerdicts(client, await client.finish(concat([...pending, stuffer.end()])), verdicts);
}

/**
 * Streams the message in chunks, some of them ahead of their answers where the peer pipelines. The last one is sent when all others are known
 * to be taken: a message is never whole for the peer and broken for us.
 */
export async function sendChunks(client: SmtpClient, body: Body, verdicts: number): Promise<SendResult> {
  const mender = new DotStuffer(false);
  const answers = new ChunkAnswers(client, verdicts);
  let pending: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body.memory ?? body.stream()) {
      // Not sooner: what is pending at the end goes with LAST.
      if (size >= WRITE_SIZE) {
        const written = await writeAll(client, [chunkCommand(size, false), ...pending]);
        if (!written.ok) return { kind: "not-taken", fault: written.error };
        const ended = await answers.sent();
        if (ended) return ended;
        pending = [];
        size = 0;
      }
      const out = owned(mender.write(chunk), chunk, body);
      pending.push(out);
      size += out.length;
    }
  } catch (error) {
    return unreadable(client, error, verdicts);
  }
  const ended = await answers.all();
  if (ended) return ended;
  const octets = [...pending, mender.end()].filter((piece) => piece.length > 0);
  const pieces = [chunkCommand(sizeOf(octets), true), ...octets];
  // What may end the message for the peer is written as such.
  const last = pieces.splice(sizeOf(pieces) < WRITE_SIZE ? 0 : -1);
  const written = await writeAll(client, pieces);
  if (!written.ok) return { kind: "not-taken", fault: written.error };
  const verdict = await client.finish(concat(last));
  if (answers.none && verdict.ok && knowsNoChunks(verdict.value)) return withoutChunks(client, verdict.value);
  return await chunkVerdicts(client, verdict, verdicts);
}

/**
 * As `readVerdicts`, of chunks: no 354 has shown that answers and commands are in step, so the end must. Of more replies than commands nobody
 * knows which one is about the message.
 */
export async function chunkVerdicts(
  client: SmtpClient,
  verdict: Step<ClientReply>,
  verdicts: number,
): Promise<SendResult> {
  const read = await readVerdicts(client, verdict, verdicts);
  if (read.kind === "not-taken" || !read.outcomes.some((o) => o.kind === "delivered")) return read;
  const last = await client.inStep("end");
  if (last.ok || last.error.kind === "reply") return read;
  return sameForAll(lostOutcome("more replies than commands"), verdicts);
}

/** Reads what is said of a message that was sent whole, beginning with `verdict`: one reply in SMTP, one for each recipient in LMTP. */
async function readVerdicts(
  client: SmtpClient,
  verdict: Step<ClientReply>,
  verdicts: number,
): Promise<SendResult> {
  const outcomes: SendOutcome[] = [];
  for (let step = verdict;;) {
    if (!step.ok) {
      const fault = step.error;
      const outcome = fault.kind === "reply" ? outcomeOf(fault.reply, "end") : lostOutcome(fault.why);
      while (outcomes.length < verdicts) outcomes.push(outcome);
      return { kind: "answered", outcomes };
    }
    outcomes.push(verdictOf(step.value));
    if (outcomes.length === verdicts) return { kind: "answered", outcomes };
    step = await client.read("end", CLIENT_DATA_END);
  }
}

/** The answers to all chunks but the last. Whatever is refused ends the message (RFC 3030 2). */
class ChunkAnswers {
  readonly #client: SmtpClient;
  readonly #verdicts: number;
  #awaited = 0;
  #taken = 0;

  constructor(client: SmtpClient, verdicts: number) {
    this.#client = client;
    this.#verdicts = verdicts;
  }

  /** No chunk was taken yet. */
  get none(): boolean {
    return this.#taken === 0;
  }

  /** Another chunk was sent: waits when too many are under way. The end of it when one was refused, else null. */
  async sent(): Promise<SendResult | null> {
    this.#awaited++;
    return await this.#read(this.#client.extensions.pipelining ? CLIENT_CHUNKS_AHEAD : 0);
  }

  /** Waits for all. */
  async all(): Promise<SendResult | null> {
    return await this.#read(0);
  }

  async #read(left: number): Promise<SendResult | null> {
    while (this.#awaited > left) {
      const reply = await this.#client.read("chunk", CLIENT_COMMAND);
      if (!reply.ok) return { kind: "not-taken", fault: reply.error };
      this.#awaited--;
      if (!accepts(reply.value)) return await this.#refused(reply.value);
      this.#taken++;
    }
    return null;
  }

  async #refused(reply: ClientReply): Promise<SendResult> {
    if (this.none && knowsNoChunks(reply)) return withoutChunks(this.#client, reply);
    // Chunks ahead are refused, too; after their answers the connection is in step for RSET.
    while (this.#awaited-- > 0 && this.#client.usable) {
      if (!(await this.#client.read("chunk", CLIENT_COMMAND)).ok) break;
    }
    return sameForAll(outcomeOf(reply, "end"), this.#verdicts);
  }
}

function chunkCommand(size: number, last: boolean): Uint8Array {
  return utf8(`BDAT ${size}${last ? " LAST" : ""}\r\n`);
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((size, piece) => size + piece.length, 0);
}

/** What a stream lends is overwritten by the next chunk, and the connection keeps what it is given. */
function owned(out: Uint8Array, chunk: Uint8Array, body: Body): Uint8Array {
  return !body.memory && out.buffer === chunk.buffer ? out.slice() : out;
}

/** Small pieces in one write, large ones as they are. */
async function writeAll(client: SmtpClient, pieces: readonly Uint8Array[]): Promise<Step<void>> {
  const small = pieces.length > 1 && sizeOf(pieces) < WRITE_SIZE;
  for (const piece of small ? [concat(pieces)] : pieces) {
    const written = await client.write("body", piece);
    if (!written.ok) return written;
  }
  return ok(undefined);
}

/** The message cannot be read: without its end the peer keeps nothing. */
function unreadable(client: SmtpClient, error: unknown, verdicts: number): SendResult {
  client.abort();
  const why = `Cannot read the message: ${error instanceof Error ? error.message : error}`;
  return sameForAll({ kind: "deferred", status: "4.3.0", why, reply: null, again: false }, verdicts);
}
