import { CR, CRLF, EMPTY, LF } from "../base/bytes.ts";
import { ControlOctets } from "./control_octets.ts";

const DOT = 0x2e;
const SPACE = 0x20;

/**
 * The sending side of the dot (RFC 5321 4.5.2), also POP3's (RFC 1939 3): a push machine, no I/O. A dot that begins a line is doubled, the
 * end is CRLF . CRLF. Without `dots` it is for what is told by its size (RFC 3030): dots are left alone, the end is that of the last line.
 * A bare LF becomes CRLF and a bare CR a space: neither may be sent (RFC 5321 2.3.8), and hosts that take one for a line end would see
 * an end of data where we sent none (SMTP smuggling). Messages that came by SMTP have none, so their octets stay as they are.
 */
export class DotStuffer {
  #lineStart = true;
  /** The last octet given was a CR, which is held back until what follows is known. */
  #heldCr = false;
  readonly #dots: boolean;

  constructor(dots = true) {
    this.#dots = dots;
  }

  /** What to send for `chunk`: the chunk itself where nothing had to change. May be empty. */
  write(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return EMPTY;
    const first = chunk[0];
    const plain = !this.#heldCr && !(this.#lineStart && (this.#dots && first === DOT || first === LF));
    const clean = plain ? cleanUpTo(chunk, this.#dots) : 0;
    if (clean === chunk.length) {
      this.#lineStart = chunk[clean - 1] === LF;
      return chunk;
    }
    if (plain && clean === chunk.length - 1 && chunk[clean] === CR) {
      this.#heldCr = true;
      this.#lineStart = clean > 0 ? chunk[clean - 1] === LF : this.#lineStart;
      return chunk.subarray(0, clean);
    }
    return this.#rewrite(chunk, clean);
  }

  /** What ends the data: the line's end if it lacks one, and the dot. The machine is as new afterwards. */
  end(): Uint8Array {
    // A CR at the very end is bare; its line has no end either, so CRLF takes its place.
    const open = this.#heldCr || !this.#lineStart;
    this.#heldCr = false;
    this.#lineStart = true;
    if (!this.#dots) return open ? CRLF : EMPTY;
    return open ? new Uint8Array([CR, LF, DOT, CR, LF]) : new Uint8Array([DOT, CR, LF]);
  }

  /** The slow way, octet by octet from `from`; what is before is copied. */
  #rewrite(chunk: Uint8Array, from: number): Uint8Array {
    // At most a doubling, and the CR that was held.
    const out = new Uint8Array(from + 2 * (chunk.length - from) + 2);
    out.set(chunk.subarray(0, from));
    let n = from;
    if (from > 0) this.#lineStart = chunk[from - 1] === LF;
    for (let i = from; i < chunk.length; i++) {
      const c = chunk[i] ?? 0;
      if (this.#heldCr) {
        this.#heldCr = false;
        if (c === LF) {
          out[n++] = CR;
          out[n++] = LF;
          this.#lineStart = true;
          continue;
        }
        out[n++] = SPACE;
        this.#lineStart = false;
      }
      if (c === CR) {
        this.#heldCr = true;
        continue;
      }
      if (c === LF) out[n++] = CR;
      else if (c === DOT && this.#lineStart && this.#dots) out[n++] = DOT;
      out[n++] = c;
      this.#lineStart = c === LF;
    }
    return out.subarray(0, n);
  }
}

/** How many octets from the start can be sent as they are, given that the first one can: up to a bare CR or LF or, with `dots`, a dot that begins a line. */
function cleanUpTo(chunk: Uint8Array, dots: boolean): number {
  const octets = new ControlOctets(chunk);
  let at = octets.next(0);
  for (; at < chunk.length; at = octets.next(at)) {
    const c = chunk[at];
    if (c !== CR && c !== LF) {
      at++;
      continue;
    }
    if (c === LF || chunk[at + 1] !== LF) return at;
    at += 2;
    if (dots && chunk[at] === DOT) return at;
  }
  return at;
}
