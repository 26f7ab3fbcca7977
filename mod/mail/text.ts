/** The text of a text part as search sees it: transfer encoding and charset undone, HTML left as it is. */
import { asciiLower, fromAscii } from "../base/bytes.ts";
import { SEARCH_TEXT } from "../base/limits.ts";
import { type CharsetDecoder, charsetDecoder } from "./charset.ts";
import { type Decoder, transferDecoder } from "./decode.ts";
import { charsetOf } from "./parameters.ts";
import type { Part } from "./types.ts";

/** Push decoder for a part's body. After `SEARCH_TEXT` decoded octets it gives nothing more. */
export class TextDecoding {
  readonly #transfer: Decoder;
  readonly #charset: CharsetDecoder;
  #left: number;

  constructor(part: Part, max = SEARCH_TEXT) {
    this.#transfer = transferDecoder(part.fields.encoding);
    this.#charset = charsetDecoder(charsetOf(part));
    this.#left = max;
  }

  /** Nothing more will come: the rest of the body need not be read. */
  get full(): boolean {
    return this.#left === 0;
  }

  /** Takes octets of the body, gives the text they complete. */
  write(chunk: Uint8Array): string {
    return this.#left > 0 ? this.#text(this.#transfer.write(chunk)) : "";
  }

  end(): string {
    return this.#text(this.#transfer.end()) + this.#charset.end();
  }

  #text(octets: Uint8Array): string {
    const taken = octets.subarray(0, this.#left);
    this.#left -= taken.length;
    return this.#charset.write(taken);
  }
}

/** The text of a part whose body is in memory. */
export function decodeText(part: Part, body: Uint8Array): string {
  const decoding = new TextDecoding(part);
  return decoding.write(body) + decoding.end();
}

/** Whether a part's octets are its text: no encoding to undo, and UTF-8 or ASCII. Then search may look at the octets themselves. */
export function isPlainText(part: Part): boolean {
  const encoding = part.fields.encoding ? asciiLower(fromAscii(part.fields.encoding)) : "7bit";
  return (encoding === "7bit" || encoding === "8bit") && /^(?:utf-8|us-ascii|)$/.test(charsetOf(part));
}
