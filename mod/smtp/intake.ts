/**
 * The data phase (RFC 5321 4.1.1.4, RFC 3030 2) without the connection: octets as they come go in, a `Body` or the reason why not comes out.
 * Whatever is wrong with a message, it is read to its true end, so that client and server stay in step.
 */
import { BLOCK, type BlockPool } from "../base/block_pool.ts";
import { type Body, memoryBody } from "../base/body.ts";
import { EMPTY } from "../base/bytes.ts";
import { isFsError } from "../base/fs.ts";
import { HEADER_SIZE, RECEIVED_HOPS, SMTP_DISCARD, SMTP_HEADER_LINES } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { ChunkDecoder } from "../wire/chunks.ts";
import { DotDecoder } from "../wire/dots.ts";
import { LineWatch } from "../wire/line_watch.ts";
import { HeaderWatch } from "./header_watch.ts";
import type { SmtpSettings, Spooler, SpoolWriter, Tap } from "./ports.ts";

/** Why a message is not taken. `spool-full`: no room; `spool-broken`: its cause was thrown at us and belongs in the log. */
export type IntakeFault =
  | { readonly kind: "too-big" | "bare" | "nul" | "header-too-big" | "loop" | "spool-full" }
  | { readonly kind: "spool-broken"; readonly cause: unknown };

const FIRST_BLOCK = 8 * 1024;
/** What an announced size may claim before the octets are there; up to so much a message has memory of its own, beyond it blocks of the pool. */
const OWN_MEMORY = 64 * 1024;
/** Octets written to the spool at once where the pool has no block. */
const SPOOL_BLOCK = 16 * 1024;

export interface IntakePorts {
  readonly spooler: Spooler;
  readonly bodies: BlockPool;
}

/** Octets in memory. `block`: what the pool lent for them; else `claimed` is what is counted there. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly block: Uint8Array<ArrayBuffer> | null;
  readonly claimed: number;
}

export class MessageIntake {
  readonly #settings: Pick<SmtpSettings, "messageSize" | "bodyInMemory">;
  readonly #ports: IntakePorts;
  readonly #framing: DotDecoder | ChunkDecoder;
  /** Of a binary message the header is text all the same: nothing may be hidden in it. */
  readonly #headerLines: LineWatch | null;
  readonly #header = new HeaderWatch({ size: HEADER_SIZE, lines: SMTP_HEADER_LINES, hops: RECEIVED_HOPS });
  readonly #take = (view: Uint8Array): void => this.#collect(view);
  /** The piece that is being filled, and how far it is. */
  #filling: Piece;
  #filled = 0;
  /** Pieces that are full: to be kept, or, once it spools, to be written. */
  #full: Piece[] = [];
  #size = 0;
  #discarded = 0;
  #writer: SpoolWriter | null = null;
  #spooling = false;
  /** What is being written; the next octets are taken in meanwhile. */
  #writing: Promise<void> | null = null;
  #fault: IntakeFault | null = null;
  #tap: Tap | null;
  /** So much was announced that it will be spooled anyway. */
  readonly #large: boolean;

  /** `announced`: octets the client said there would be, or null. `framing`: how the message's end is told. `tap`: who else sees it. */
  constructor(
    settings: Pick<SmtpSettings, "messageSize" | "bodyInMemory">,
    ports: IntakePorts,
    announced: number | null,
    framing: DotDecoder | ChunkDecoder = new DotDecoder(),
    tap: Tap | null = null,
  ) {
    this.#tap = tap;
    this.#settings = settings;
    this.#framing = framing;
    this.#headerLines = framing instanceof ChunkDecoder && framing.binary ? new LineWatch() : null;
    this.#ports = ports;
    this.#large = (announced ?? 0) > settings.bodyInMemory;
    const first = announced === null ? FIRST_BLOCK : Math.min(announced + 64, OWN_MEMORY);
    this.#filling = this.#own(Math.min(first, settings.bodyInMemory)) ??
      { bytes: new Uint8Array(Math.min(first, FIRST_BLOCK, settings.bodyInMemory)), block: null, claimed: 0 };
  }

  /** Whether the end was seen. */
  get done(): boolean {
    return this.#framing.done;
  }

  /** Octets of the message so far. */
  get size(): number {
    return this.#size;
  }

  /** So much of a refused message came that it is better to hang up than to read on. */
  get hopeless(): boolean {
    return this.#discarded > SMTP_DISCARD;
  }

  /** What is wrong so far, or null. */
  get fault(): IntakeFault | null {
    return this.#fault;
  }

  /** Takes octets off the wire; gives how many were used (all, but for what follows the end). Then wait for `settle`. */
  write(chunk: Uint8Array): number {
    const used = this.#framing.write(chunk, this.#take);
    if (this.#framing.fault) this.#fail({ kind: this.#framing.fault });
    return used;
  }

  /** The last chunk is in: only where the framing is by count. */
  end(framing: ChunkDecoder): void {
    framing.end();
    if (framing.fault) this.#fail({ kind: framing.fault });
  }

  /** Sees to it that no more than one round of pieces waits for the spool; null when there is nothing to wait for. Never rejects. */
  settle(): Promise<void> | null {
    if (!this.#spooling || this.#full.length === 0) return null;
    if (!this.#writing) {
      this.#spool();
      return null;
    }
    return this.#writing.then(() => this.#spool());
  }

  /** The message, once `done`. */
  async finish(): Promise<Result<Body, IntakeFault>> {
    if (this.#spooling && !this.#fault) {
      this.#putAway();
      await this.#writing;
      this.#spool();
    }
    await this.#writing;
    if (this.#fault) {
      await this.abort();
      return err(this.#fault);
    }
    const crlf = this.#framing instanceof ChunkDecoder && this.#framing.binary ? {} : { crlf: true } as const;
    if (!this.#writer) return ok({ ...this.#inMemory(), ...crlf });
    try {
      return ok({ ...await this.#writer.finish(), ...crlf });
    } catch (cause) {
      this.#failSpool(cause);
      await this.abort();
      return err(this.#fault ?? { kind: "spool-full" });
    }
  }

  /** Gives back what is held: the client is gone, or the message is refused. */
  async abort(): Promise<void> {
    this.#drop();
    await this.#writing;
    await this.#writer?.abort();
  }

  #collect(view: Uint8Array): void {
    if (!this.#header.ended) {
      const used = this.#header.write(view);
      this.#headerLines?.write(view.subarray(0, used));
      const fault = this.#header.fault ?? this.#headerLines?.fault;
      if (fault) this.#fail({ kind: fault });
    }
    this.#size += view.length;
    if (this.#size > this.#settings.messageSize) this.#fail({ kind: "too-big" });
    if (this.#fault) {
      this.#discarded += view.length;
      return;
    }
    if (this.#tap && !this.#tap.write(view)) this.#tap = null;
    let at = 0;
    while (at < view.length) {
      const room = this.#filling.bytes.length - this.#filled;
      if (room === 0) {
        // Of `view`, so much was counted and is not held.
        this.#more(this.#size - (view.length - at));
        continue;
      }
      const n = Math.min(view.length - at, room);
      this.#filling.bytes.set(n === view.length ? view : view.subarray(at, at + n), this.#filled);
      this.#filled += n;
      at += n;
    }
  }

  /** More room; from some point on all that is `held` goes to the spool first. */
  #more(held: number): void {
    this.#putAway();
    const left = this.#settings.bodyInMemory - held;
    if (!this.#spooling && left > 0) {
      // Few are that large, most of these not by much: the next step is all that it may have of its own.
      const more = held < OWN_MEMORY
        ? this.#own(Math.min(left, OWN_MEMORY - held))
        : this.#large
        ? null
        : this.#lent(left);
      if (more) return void (this.#filling = more);
    }
    this.#spooling = true;
    this.#filling = this.#lent(BLOCK) ?? { bytes: new Uint8Array(SPOOL_BLOCK), block: null, claimed: 0 };
  }

  /** Memory of its own, where all together do not hold too much. */
  #own(size: number): Piece | null {
    return this.#ports.bodies.claim(size)
      ? { bytes: new Uint8Array(size), block: null, claimed: size }
      : null;
  }

  /** A block of the pool, `most` octets of it. */
  #lent(most: number): Piece | null {
    const block = this.#ports.bodies.take();
    return block && { bytes: most < block.length ? block.subarray(0, most) : block, block, claimed: 0 };
  }

  /** What is being filled counts as full. */
  #putAway(): void {
    const { bytes } = this.#filling;
    if (this.#filled > 0) this.#full.push({ ...this.#filling, bytes: bytes.subarray(0, this.#filled) });
    else this.#giveBack([this.#filling]);
    this.#filling = NOTHING;
    this.#filled = 0;
  }

  #inMemory(): Body {
    this.#putAway();
    const pieces = this.#full;
    this.#full = [];
    const body = memoryBody(...pieces.map((p) => p.bytes));
    return {
      ...body,
      dispose: () => {
        this.#giveBack(pieces.splice(0));
        return Promise.resolve();
      },
    };
  }

  /** Begins to write what is due. */
  #spool(): void {
    const due = this.#full;
    this.#full = [];
    if (this.#fault || due.length === 0) return this.#giveBack(due);
    this.#writing = this.#write(due).finally(() => this.#writing = null);
  }

  /** Never rejects. */
  async #write(due: readonly Piece[]): Promise<void> {
    let written = 0;
    try {
      this.#writer ??= await this.#ports.spooler.start();
      for (const piece of due) {
        await this.#writer.write(piece.bytes);
        this.#giveBack([piece]);
        written++;
      }
    } catch (cause) {
      this.#failSpool(cause);
      this.#giveBack(due.slice(written));
    }
  }

  #failSpool(cause: unknown): void {
    this.#fail(
      isFsError(cause, "full", "read-only") ? { kind: "spool-full" } : { kind: "spool-broken", cause },
    );
  }

  #fail(fault: IntakeFault): void {
    if (this.#fault) return;
    this.#fault = fault;
    this.#drop();
  }

  /** Lets go of what is in memory and not being written. */
  #drop(): void {
    this.#putAway();
    this.#giveBack(this.#full);
    this.#full = [];
  }

  #giveBack(pieces: readonly Piece[]): void {
    const { bodies } = this.#ports;
    for (const { block, claimed } of pieces) {
      if (block) bodies.give(block);
      else bodies.release(claimed);
    }
  }
}

const NOTHING: Piece = { bytes: EMPTY, block: null, claimed: 0 };
