/**
 * The data phase (RFC 5321 4.1.1.4, RFC 3030 2) without the connection: octets as they come go in, a `Body` or the reason why not comes out.
 * Whatever is wrong with a message, it is read to its true end, so that client and server stay in step.
 */
import { type Body, memoryBody } from "../base/body.ts";
import { isFsError } from "../base/fs.ts";
import { HEADER_SIZE, RECEIVED_HOPS, SMTP_DISCARD, SMTP_HEADER_LINES } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { ChunkDecoder } from "../wire/chunks.ts";
import { DotDecoder } from "../wire/dots.ts";
import { LineWatch } from "../wire/line_watch.ts";
import { HeaderWatch } from "./header_watch.ts";
import type { SmtpSettings, Spooler, SpoolWriter } from "./ports.ts";

/** Why a message is not taken. `spool-full`: no room; `spool-broken`: its cause was thrown at us and belongs in the log. */
export type IntakeFault =
  | { readonly kind: "too-big" | "bare" | "nul" | "header-too-big" | "loop" | "spool-full" }
  | { readonly kind: "spool-broken"; readonly cause: unknown };

const FIRST_BLOCK = 8 * 1024;
/** What an announced size may claim before the octets are there. */
const ANNOUNCED_BLOCK = 64 * 1024;
/** Octets written to the spool at once, after what was held in memory. */
const SPOOL_BLOCK = 256 * 1024;

export class MessageIntake {
  readonly #settings: Pick<SmtpSettings, "messageSize" | "bodyInMemory">;
  readonly #spooler: Spooler;
  readonly #framing: DotDecoder | ChunkDecoder;
  /** Of a binary message the header is text all the same: nothing may be hidden in it. */
  readonly #headerLines: LineWatch | null;
  readonly #header = new HeaderWatch({ size: HEADER_SIZE, lines: SMTP_HEADER_LINES, hops: RECEIVED_HOPS });
  readonly #take = (view: Uint8Array): void => this.#collect(view);
  #buffer: Uint8Array;
  #held = 0;
  #size = 0;
  #discarded = 0;
  #writer: SpoolWriter | null = null;
  /** Blocks that wait to be written to the spool. */
  #full: Uint8Array[] = [];
  #spooling = false;
  #fault: IntakeFault | null = null;

  /** `announced`: octets the client said there would be, or null. `framing`: how the message's end is told. */
  constructor(
    settings: Pick<SmtpSettings, "messageSize" | "bodyInMemory">,
    spooler: Spooler,
    announced: number | null,
    framing: DotDecoder | ChunkDecoder = new DotDecoder(),
  ) {
    this.#settings = settings;
    this.#framing = framing;
    this.#headerLines = framing instanceof ChunkDecoder && framing.binary ? new LineWatch() : null;
    this.#spooler = spooler;
    const first = announced === null ? FIRST_BLOCK : Math.min(announced + 64, ANNOUNCED_BLOCK);
    this.#buffer = new Uint8Array(Math.min(first, settings.bodyInMemory));
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

  /** Writes to the spool what is due; null when nothing is. Never rejects. */
  settle(): Promise<void> | null {
    return this.#full.length > 0 ? this.#spool() : null;
  }

  /** The message, once `done`. */
  async finish(): Promise<Result<Body, IntakeFault>> {
    if (this.#spooling && !this.#fault) {
      if (this.#held > 0) this.#full.push(this.#buffer.subarray(0, this.#held));
      await this.#spool();
    }
    if (this.#fault) {
      await this.abort();
      return err(this.#fault);
    }
    if (!this.#writer) return ok(memoryBody(this.#buffer.subarray(0, this.#held)));
    try {
      return ok(await this.#writer.finish());
    } catch (cause) {
      this.#failSpool(cause);
      await this.abort();
      return err(this.#fault ?? { kind: "spool-full" });
    }
  }

  /** Gives back what is held: the client is gone, or the message is refused. */
  async abort(): Promise<void> {
    this.#full = [];
    this.#buffer = new Uint8Array(0);
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
    let at = 0;
    while (at < view.length) {
      if (this.#held === this.#buffer.length) this.#grow(view.length - at);
      const n = Math.min(view.length - at, this.#buffer.length - this.#held);
      this.#buffer.set(n === view.length ? view : view.subarray(at, at + n), this.#held);
      this.#held += n;
      at += n;
    }
  }

  /** More room: a larger buffer, or the full one goes to the spool and a new one is begun. */
  #grow(wanted: number): void {
    const cap = this.#settings.bodyInMemory;
    if (!this.#spooling && this.#buffer.length < cap) {
      const larger = new Uint8Array(
        Math.min(cap, Math.max(this.#buffer.length * 2, this.#held + wanted, FIRST_BLOCK)),
      );
      larger.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = larger;
      return;
    }
    this.#full.push(this.#buffer);
    this.#spooling = true;
    this.#buffer = new Uint8Array(SPOOL_BLOCK);
    this.#held = 0;
  }

  async #spool(): Promise<void> {
    const due = this.#full;
    this.#full = [];
    if (this.#fault) return;
    try {
      this.#writer ??= await this.#spooler.start();
      for (const block of due) await this.#writer.write(block);
    } catch (cause) {
      this.#failSpool(cause);
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
    this.#buffer = new Uint8Array(0);
    this.#held = 0;
    this.#full = [];
  }
}
