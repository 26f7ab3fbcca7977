import { CR, LF } from "../base/bytes.ts";
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
    if (this.#cr && bytes[0] !== LF) this.#fault = "bare";
    let lf = bytes.indexOf(LF);
    let cr = bytes.indexOf(CR);
    if (lf === 0 && this.#cr) lf = bytes.indexOf(LF, 1);
    // Each LF must be right behind the CR that was found: nothing else may be between.
    while (cr >= 0 && lf === cr + 1) {
      cr = bytes.indexOf(CR, lf);
      lf = bytes.indexOf(LF, lf + 1);
    }
    this.#cr = cr >= 0 && cr === bytes.length - 1;
    if (lf >= 0 || cr >= 0 && !this.#cr) this.#fault ??= "bare";
    if (bytes.includes(0)) this.#fault ??= "nul";
  }

  /** No more octets come: a CR at the very end is bare. */
  end(): void {
    if (this.#cr) this.#fault ??= "bare";
    this.#cr = false;
  }
}
