import { CR, LF } from "../base/bytes.ts";
import { ControlOctets } from "./control_octets.ts";

const DOT = 0x2e;

/** Where the decoder stands between two octets. */
type State =
  /** After CRLF, or at the very start. */
  | "line"
  /** After a "." that began a line: it is not yet known whether it is stuffing or the end. */
  | "dot"
  /** After ".\r" at the start of a line. */
  | "dot-cr"
  | "within"
  /** Within a line, after CR. */
  | "cr"
  | "done";

/** What may not stand in a message (RFC 5321 2.3.8, 4.1.1.4): a CR or LF that is not part of CRLF; NUL (RFC 5322 4). */
export type DataFault = "bare" | "nul";

const CR_BYTE: Uint8Array = new Uint8Array([CR]);

/**
 * Takes the dot-stuffing off a message (RFC 5321 4.5.2) and finds its end: CRLF "." CRLF and nothing else. A bare CR or LF, or a
 * NUL, is noted as a fault; reading goes on to the true end, so that the conversation stays in step and nothing is smuggled.
 */
export class DotDecoder {
  #state: State = "line";
  #fault: DataFault | null = null;

  /** Whether the end was seen. */
  get done(): boolean {
    return this.#state === "done";
  }

  /** The first fault seen, or null. */
  get fault(): DataFault | null {
    return this.#fault;
  }

  /**
   * Takes octets off the wire and gives the message's octets to `sink`, in views of `chunk`. Gives how many octets were used: fewer than
   * there are only when the end is among them; what follows belongs to the next command.
   */
  write(chunk: Uint8Array, sink: (view: Uint8Array) => void): number {
    const n = chunk.length;
    if (n === 0 || this.#state === "done") return 0;
    // The states that span octets are worked off one octet at a time; whole lines below by words.
    let octets: ControlOctets | null = null;
    let at = 0;
    while (at < n && !this.done) {
      if (this.#state === "within" || this.#state === "line" && chunk[at] !== DOT) {
        octets ??= new ControlOctets(chunk);
        at = this.#lines(chunk, octets, at, sink);
      } else at = this.#step(chunk, at, sink);
    }
    return at;
  }

  /** One octet in a state other than "within". */
  #step(chunk: Uint8Array, at: number, sink: (view: Uint8Array) => void): number {
    const c = chunk[at];
    switch (this.#state) {
      case "line":
        // Not shown yet: the end, or stuffing.
        this.#state = "dot";
        return at + 1;
      case "dot":
        if (c === CR) {
          this.#state = "dot-cr";
          return at + 1;
        }
        this.#state = "within";
        return at;
      case "dot-cr":
        if (c === LF) {
          this.#state = "done";
          return at + 1;
        }
        this.#bare();
        sink(CR_BYTE);
        this.#state = "within";
        return at;
      case "cr":
        if (c === LF) {
          this.#state = "line";
        } else {
          this.#bare();
          this.#state = c === CR ? "cr" : "within";
          // A CR again: that one may begin a CRLF.
          if (c !== CR) return at;
        }
        sink(chunk.subarray(at, at + 1));
        return at + 1;
      default:
        return at;
    }
  }

  /** From within a line, or the start of one without a dot: as far as views need no change. */
  #lines(chunk: Uint8Array, octets: ControlOctets, from: number, sink: (view: Uint8Array) => void): number {
    const n = chunk.length;
    let at = octets.next(from);
    for (; at < n; at = octets.next(at)) {
      const c = chunk[at++];
      if (c !== CR) {
        if (c === LF) this.#bare();
        else if (c === 0) this.#fault ??= "nul";
        continue;
      }
      if (at === n) {
        sink(chunk.subarray(from));
        this.#state = "cr";
        return n;
      }
      if (chunk[at] !== LF) {
        this.#bare();
        continue;
      }
      at++;
      if (at < n && chunk[at] !== DOT) continue;
      sink(chunk.subarray(from, at));
      this.#state = "line";
      return at;
    }
    sink(chunk.subarray(from));
    this.#state = "within";
    return n;
  }

  #bare(): void {
    this.#fault ??= "bare";
  }
}
