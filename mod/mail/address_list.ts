/**
 * Address lists of header fields (RFC 5322 3.4 and its obsolete forms), broken ones included. Where the grammar ends, this follows
 * Dovecot 2.3, so that ENVELOPE answers stay what clients have cached: missing pieces become MISSING_MAILBOX, MISSING_DOMAIN,
 * SYNTAX_ERROR and INVALID_ROUTE, and reading stops where nothing sensible can follow.
 */
import { ENVELOPE_ADDRESSES } from "../base/limits.ts";
import { CR, LF, utf8 } from "../base/bytes.ts";
import type { EnvelopeAddress } from "./types.ts";

const MISSING_MAILBOX = utf8("MISSING_MAILBOX");
const MISSING_DOMAIN = utf8("MISSING_DOMAIN");
const SYNTAX_ERROR = utf8("SYNTAX_ERROR");
const INVALID_ROUTE = utf8("INVALID_ROUTE");

const AT = 0x40;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const DOT = 0x2e;
const LANGLE = 0x3c;
const LBRACKET = 0x5b;
const LPAREN = 0x28;
const QUOTE = 0x22;
const RANGLE = 0x3e;
const RBRACKET = 0x5d;
const RPAREN = 0x29;
const SEMICOLON = 0x3b;
const SPACE = 0x20;

// atext and all above ASCII: 1. White space: 2.
const CLASS = new Uint8Array(256);
for (let c = 0x21; c < 256; c++) CLASS[c] = c === 0x7f ? 0 : 1;
for (const c of utf8('()<>[]:;@\\,."')) CLASS[c] = 0;
for (const c of utf8(" \t\r\n")) CLASS[c] = 2;

/** What came of reading a piece: `more` follows, the octets ended, or the piece is broken. */
type Step = "more" | "end" | "bad";

/** Reads a list of mailboxes and groups, folded or not. At most `ENVELOPE_ADDRESSES` entries. */
export function parseAddressList(value: Uint8Array): EnvelopeAddress[] {
  let end = value.length;
  if (value[end - 1] === LF) end--;
  if (value[end - 1] === CR) end--;
  return new ListParser(value.subarray(0, end)).list();
}

class ListParser {
  readonly #bytes: Uint8Array;
  #at = 0;
  readonly #found: EnvelopeAddress[] = [];
  // The piece being read, without quotes and comments; and the last comment seen.
  readonly #text: Uint8Array;
  #length = 0;
  #comment: Uint8Array | null = null;
  // The address being read.
  #name: Uint8Array | null = null;
  #route: Uint8Array | null = null;
  #mailbox: Uint8Array | null = null;
  #host: Uint8Array | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = new Uint8Array(bytes.length * 2 + 2);
  }

  list(): EnvelopeAddress[] {
    if (this.#skip() !== "more") return this.#found;
    while (this.#found.length < ENVELOPE_ADDRESSES) {
      if (this.#address() === "end" || this.#peek() !== COMMA) break;
      this.#at++;
      const step = this.#skip();
      if (step === "bad") this.#addMailbox();
      if (step !== "more") break;
    }
    return this.#found;
  }

  #address(): Step {
    const start = this.#at;
    this.#length = 0;
    const phrase = this.#phrase();
    if (phrase === "more" && this.#peek() === COLON) return this.#group();
    if (phrase === "more" && this.#peek() === LANGLE) return this.#angle();
    this.#at = start;
    return this.#addrSpec();
  }

  #mailboxEntry(): Step {
    const start = this.#at;
    this.#length = 0;
    if (this.#phrase() === "more" && this.#peek() === LANGLE) return this.#angle();
    this.#at = start;
    return this.#addrSpec();
  }

  #group(): Step {
    this.#at++;
    const name = this.#words();
    let step = this.#skip();
    this.#found.push({ name: null, route: null, mailbox: name, host: null });
    if (step === "more" && this.#peek() !== SEMICOLON) {
      while (this.#found.length < ENVELOPE_ADDRESSES) {
        if (this.#mailboxEntry() === "end" || this.#peek() !== COMMA) break;
        this.#at++;
        if (this.#skip() !== "more") break;
      }
    }
    if (this.#peek() === SEMICOLON) {
      this.#at++;
      step = this.#skip();
    } else step = this.#at < this.#bytes.length ? "more" : "end";
    this.#found.push({ name: null, route: null, mailbox: null, host: null });
    return step;
  }

  /** After a phrase: "<" [route ":"] local "@" domain ">". */
  #angle(): Step {
    if (this.#length > 0) this.#name = this.#words();
    if (this.#insideAngle() === "bad") this.#host = SYNTAX_ERROR;
    this.#addMailbox();
    return this.#at < this.#bytes.length ? "more" : "end";
  }

  #insideAngle(): Step {
    this.#at++;
    if (this.#skip() !== "more") return "bad";
    if (this.#peek() === AT) {
      const start = this.#at;
      if (this.#routeList() && this.#peek() === COLON) {
        let end = this.#at;
        while (CLASS[this.#bytes[end - 1] as number] === 2) end--;
        this.#route = this.#bytes.slice(start, end);
        this.#at++;
      } else this.#route = INVALID_ROUTE;
      if (this.#skip() !== "more") return "bad";
    }
    if (this.#peek() === RANGLE) {
      this.#at++;
      return this.#skip();
    }
    let step = this.#localPart();
    if (step !== "more") return "bad";
    if (this.#peek() === AT) {
      step = this.#domain();
      if (step !== "more") return "bad";
    }
    if (this.#peek() !== RANGLE) return "bad";
    this.#at++;
    return this.#skip();
  }

  // RFC 5322 4.4 obs-domain-list
  #routeList(): boolean {
    for (;;) {
      if (this.#peek() !== AT || this.#domain() !== "more") return false;
      this.#host = null;
      while (this.#peek() === COMMA) {
        this.#at++;
        if (this.#skip() !== "more") return false;
      }
      if (this.#peek() === COLON) return true;
    }
  }

  #addrSpec(): Step {
    this.#comment = null;
    const quoted = this.#peek() === QUOTE;
    let step = this.#localPart();
    let sawDomain = false;
    if (step !== "end" && this.#peek() === AT) {
      sawDomain = true;
      step = this.#domain();
    }
    if (this.#comment) this.#name = this.#comment;
    else if (!sawDomain) {
      // A lone word is a mailbox; when more words follow, or it was quoted, it was a name.
      this.#put(SPACE);
      const before = this.#length;
      if (this.#at < this.#bytes.length) this.#phrase();
      if (this.#length !== before || (quoted && this.#mailbox?.length)) {
        if (this.#length === before) this.#length--;
        this.#name = this.#words();
        this.#mailbox = null;
      }
      step = "bad";
    }
    this.#addMailbox();
    return step;
  }

  // Dots may stand anywhere, as they do in some people's addresses.
  #localPart(): Step {
    this.#length = 0;
    let step: Step = "bad";
    if (this.#peek() === QUOTE) step = this.#quoted();
    else {
      do {
        while (this.#peek() === DOT) {
          this.#put(DOT);
          if (++this.#at === this.#bytes.length) return this.#setMailbox("end");
          step = "more";
        }
        if (this.#peek() === AT) break;
        step = this.#atom();
      } while (step === "more" && this.#peek() === DOT);
    }
    return this.#setMailbox(step);
  }

  #setMailbox(step: Step): Step {
    if (step !== "bad") this.#mailbox = this.#text.slice(0, this.#length);
    return step;
  }

  #domain(): Step {
    this.#at++;
    const before = this.#length;
    this.#length = 0;
    let step: Step = "bad";
    if (this.#skip() === "more") step = this.#peek() === LBRACKET ? this.#literal() : this.#dotAtom();
    if (step !== "bad") this.#host = this.#text.slice(0, this.#length);
    else this.#length = before;
    return step;
  }

  #dotAtom(): Step {
    for (;;) {
      const step = this.#atom();
      if (step !== "more" || this.#peek() !== DOT) return step;
      this.#put(DOT);
      this.#at++;
      if (this.#skip() !== "more") return "bad";
    }
  }

  #literal(): Step {
    const start = this.#at++;
    for (; this.#at < this.#bytes.length; this.#at++) {
      const c = this.#bytes[this.#at];
      if (c === BACKSLASH) this.#at++;
      else if (c === LBRACKET) return "bad";
      else if (c === RBRACKET) {
        this.#at++;
        for (let i = start; i < this.#at; i++) {
          const d = this.#bytes[i] as number;
          if (CLASS[d] !== 2) this.#put(d);
        }
        return this.#skip();
      }
    }
    return "bad";
  }

  #atom(): Step {
    const start = this.#at;
    while (CLASS[this.#bytes[this.#at] ?? SPACE] === 1) this.#put(this.#bytes[this.#at++] as number);
    return this.#at === start ? "bad" : this.#skip();
  }

  /** Words and quoted strings, one space between them. */
  #phrase(): Step {
    const first = this.#peek();
    if (first === undefined) return "end";
    if (first === DOT) return "bad";
    for (;;) {
      let step: Step;
      if (this.#peek() === QUOTE) step = this.#quoted();
      else {
        let c = this.#peek();
        while (c !== undefined && (CLASS[c] === 1 || c === DOT)) {
          this.#put(c);
          this.#at++;
          c = this.#peek();
        }
        step = this.#skip();
      }
      if (step !== "more") return step;
      const c = this.#peek() as number;
      if (CLASS[c] !== 1 && c !== QUOTE && c !== DOT) return "more";
      this.#put(SPACE);
    }
  }

  #quoted(): Step {
    // What stands after the last escape or line end of a string that never ends is lost, as with Dovecot.
    let kept = this.#length;
    for (this.#at++; this.#at < this.#bytes.length; this.#at++) {
      let c = this.#bytes[this.#at] as number;
      if (c === QUOTE) {
        this.#at++;
        return this.#skip();
      }
      if (c === BACKSLASH || c === LF) kept = this.#length;
      if (c === BACKSLASH) {
        if (++this.#at === this.#bytes.length) break;
        c = this.#bytes[this.#at] as number;
      }
      if (c !== LF) this.#put(c);
    }
    this.#length = kept;
    return "bad";
  }

  /** Passes over white space and comments. */
  #skip(): Step {
    for (;;) {
      const c = this.#peek();
      if (c === undefined) return "end";
      if (c === LPAREN) {
        if (!this.#skipComment()) return "bad";
      } else if (CLASS[c] !== 2) return "more";
      else this.#at++;
    }
  }

  #skipComment(): boolean {
    let depth = 0;
    this.#comment = null;
    const text: number[] = [];
    for (; this.#at < this.#bytes.length; this.#at++) {
      let c = this.#bytes[this.#at] as number;
      if (c === LPAREN && depth++ === 0) continue;
      if (c === RPAREN && --depth === 0) {
        this.#at++;
        this.#comment = text.length > 0 ? tidy(Uint8Array.from(text)) : null;
        return true;
      }
      if (c === BACKSLASH && this.#at + 1 < this.#bytes.length) c = this.#bytes[++this.#at] as number;
      text.push(c);
    }
    return false;
  }

  #peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  #put(c: number): void {
    this.#text[this.#length++] = c;
  }

  #words(): Uint8Array {
    return tidy(this.#text.slice(0, this.#length));
  }

  #addMailbox(): void {
    this.#found.push({
      name: this.#name,
      route: this.#route,
      mailbox: this.#mailbox?.length ? this.#mailbox : MISSING_MAILBOX,
      host: this.#host?.length ? this.#host : MISSING_DOMAIN,
    });
    this.#name =
      this.#route =
      this.#mailbox =
      this.#host =
      this.#comment =
        null;
    this.#length = 0;
  }
}

/** One space for any run of white space, none at the ends: how IMAP shows text to people. May change `text` in place. */
export function tidy(text: Uint8Array): Uint8Array {
  let n = 0;
  let changed = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as number;
    if (c !== SPACE && CLASS[c] !== 2) text[n++] = c;
    else if (n > 0 && text[n - 1] !== SPACE) text[n++] = SPACE;
    else changed = true;
  }
  if (n > 0 && text[n - 1] === SPACE) n--;
  return changed || n < text.length ? text.subarray(0, n) : text;
}
