import { CR, LF } from "../base/bytes.ts";
import { ControlOctets } from "./control_octets.ts";
import type { DataFault } from "./dots.ts";

/**
 * Watches octets go by for what may not stand in text (RFC 5321 2.3.8, RFC 5322 4): a CR or LF that is not part of CRLF, a NUL. A push
 * machine, no I/O.
 */
export class LineWatch {
  #fault: DataFault | null = null;
  /** The last octet was a CR. */
  #cr = false;

  /** The first fault seen, or null. */
  get fault(): DataFault | null {
    return this.#fault;
  }

  write(bytes: Uint8Array): void {
    if (this.#fault || bytes.length === 0) return;
    let at = 0;
    if (this.#cr) {
      if (bytes[0] === LF) at = 1;
      else this.#fault = "bare";
    }
    this.#cr = false;
    const octets = new ControlOctets(bytes);
    for (at = octets.next(at); at < bytes.length && !this.#fault; at = octets.next(at)) {
      const c = bytes[at++];
      if (c === CR) {
        if (at === bytes.length) this.#cr = true;
        else if (bytes[at] === LF) at++;
        else this.#fault = "bare";
      } else if (c === LF) this.#fault = "bare";
      else if (c === 0) this.#fault = "nul";
    }
  }

  /** No more octets come: a CR at the very end is bare. */
  end(): void {
    if (this.#cr) this.#fault ??= "bare";
    this.#cr = false;
  }
}
