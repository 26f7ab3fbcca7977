/**
 * The first thing a TLS client says (RFC 8446 4.1.2): for which name it came, and what it means to speak. Pure. The TLS library reads the same octets
 * again and judges them; here only what decides about the certificate is looked for.
 */
import { concat, fromAscii } from "../base/bytes.ts";
import { CLIENT_HELLO } from "../base/limits.ts";

export interface ClientHello {
  /** SNI (RFC 6066 3), in lower case; null where it names nothing. */
  readonly serverName: string | null;
  /** ALPN (RFC 7301), in the client's order. */
  readonly protocols: readonly string[];
  /** What it takes and gives to agree on keys, as it stands in the message. */
  readonly offer: TlsOffer;
}

/** For who answers by himself (RFC 8446 4.1.2). */
export interface TlsOffer {
  /** The whole handshake message. */
  readonly message: Uint8Array;
  readonly session: Uint8Array;
  /** Numbers of two octets each. */
  readonly ciphers: Uint8Array;
  /** Contents of extensions by their number. */
  readonly extensions: ReadonlyMap<number, Uint8Array>;
}

export type HelloParse =
  /** Not before there are `least` octets can more be told. */
  | { readonly kind: "more"; readonly least: number }
  | { readonly kind: "hello"; readonly hello: ClientHello }
  | { readonly kind: "malformed" };

const MALFORMED: HelloParse = { kind: "malformed" };

const RECORD_HANDSHAKE = 22;
const RECORD_HEADER = 5;
/** RFC 8446 5.1 */
const RECORD_MOST = 2 ** 14;
/** Type and length (RFC 8446 4). */
const MESSAGE_HEADER = 4;
const CLIENT_HELLO_TYPE = 1;
const SERVER_NAME = 0;
const ALPN = 16;

/** Reads it from all octets that came so far. Never asks for more than CLIENT_HELLO octets. */
export function parseClientHello(bytes: Uint8Array): HelloParse {
  const parts: Uint8Array[] = [];
  let have = 0;
  let wanted: number | null = null;
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== RECORD_HANDSHAKE) return MALFORMED;
    if (at + RECORD_HEADER > bytes.length) break;
    const length = (bytes[at + 3] ?? 0) * 256 + (bytes[at + 4] ?? 0);
    if (bytes[at + 1] !== 3 || length === 0 || length > RECORD_MOST) return MALFORMED;
    at += RECORD_HEADER;
    // Records may cut a message anywhere.
    parts.push(bytes.subarray(at, at + length));
    have += Math.min(length, bytes.length - at);
    at += length;
    if (have < MESSAGE_HEADER) continue;
    // Put together twice at most: records of an octet each must not cost their number squared.
    wanted ??= wantedBy(concat(parts));
    if (wanted === null || wanted > CLIENT_HELLO) return MALFORMED;
    if (have >= wanted) return parseMessage(concat(parts).subarray(0, wanted));
  }
  const least = at > bytes.length ? at : at + RECORD_HEADER;
  return least > CLIENT_HELLO ? MALFORMED : { kind: "more", least };
}

/** Octets of the handshake message that begins so; null when it is no ClientHello. */
function wantedBy(begin: Uint8Array): number | null {
  return begin[0] === CLIENT_HELLO_TYPE ? MESSAGE_HEADER + new Cursor(begin.subarray(1)).number(3) : null;
}

function parseMessage(message: Uint8Array): HelloParse {
  const all = new Cursor(message);
  all.skip(MESSAGE_HEADER + 2 + 32); // version and random
  const session = all.vector(1).rest();
  const ciphers = all.vector(2).rest();
  all.vector(1); // compression
  const list = all.left > 0 ? all.vector(2) : new Cursor(new Uint8Array());
  const extensions = new Map<number, Uint8Array>();
  while (list.left > 0 && !list.broken) extensions.set(list.number(2), list.vector(2).rest());
  const name = new Cursor(extensions.get(SERVER_NAME) ?? new Uint8Array());
  const alpn = new Cursor(extensions.get(ALPN) ?? new Uint8Array());
  const serverName = name.left > 0 ? hostName(name) : null;
  const protocols = alpn.left > 0 ? protocolsIn(alpn) : [];
  if (all.broken || list.broken || name.broken || alpn.broken) return MALFORMED;
  return {
    kind: "hello",
    hello: { serverName, protocols, offer: { message, session, ciphers, extensions } },
  };
}

function hostName(extension: Cursor): string | null {
  const list = extension.vector(2);
  const isHost = list.number(1) === 0;
  const name = list.vector(2).rest();
  const text = fromAscii(name).toLowerCase();
  return isHost && /^[a-z0-9._-]{1,253}$/.test(text) ? text : null;
}

function protocolsIn(extension: Cursor): readonly string[] {
  const list = extension.vector(2);
  const names: string[] = [];
  while (list.left > 0 && !list.broken) names.push(String.fromCharCode(...list.vector(1).rest()));
  return names;
}

/** Reads numbers and vectors of TLS (RFC 8446 3) on and on; past the end it gives zeros and is broken from then on. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(octets: number): void {
    if (octets > this.left) this.broken = true;
    this.#at = Math.min(this.#bytes.length, this.#at + octets);
  }

  /** A number of so many octets. */
  number(octets: number): number {
    let value = 0;
    for (let i = 0; i < octets; i++) value = value * 256 + (this.#bytes[this.#at + i] ?? 0);
    this.skip(octets);
    return value;
  }

  /** What stands behind a length of so many octets. */
  vector(octets: number): Cursor {
    const length = this.number(octets);
    const inner = new Cursor(this.#bytes.subarray(this.#at, this.#at + length));
    this.skip(length);
    return inner;
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}
