/** Signing a message (RFC 6376 5, RFC 8463): one field for each key, the body hashed once for all of them. */
import type { Body } from "../../base/body.ts";
import { utf8 } from "../../base/bytes.ts";
import { type Header, scanHeader } from "../../mail/header.ts";
import type { Canonicalization } from "./body_hasher.ts";
import { digestMessage } from "./message_digest.ts";
import { algorithmOf, type PrivateKey, signData } from "./private_key.ts";
import { SignedFields } from "./signed_fields.ts";

/** Who signs. */
export interface Signing {
  readonly domain: string;
  readonly selector: string;
  readonly key: PrivateKey;
}

export interface SignOptions {
  /** t=, in seconds since 1970; null leaves it out: this machine does not know the time. */
  readonly time: number | null;
  /** x=, likewise. */
  readonly expires?: number | null;
  /** "relaxed" unless given. */
  readonly headerCanon?: Canonicalization;
  readonly bodyCanon?: Canonicalization;
}

/**
 * Always named in h= once more than they occur (RFC 6376 8.15): nobody can add a second one that a reader is shown, nor one where there was
 * none. What a mailing list must be free to add, such as Sender, is not among them.
 */
const OVERSIGNED = [
  "From,Subject,To,Cc,Date,Message-ID,Reply-To,In-Reply-To,References",
  "MIME-Version,Content-Type,Content-Transfer-Encoding",
].join().split(",");
/** Named once more than they occur where they occur; a list may add them where they do not. RFC 8058 4 wants those of one-click. */
const SIGNED = [
  "List-ID,List-Help,List-Unsubscribe,List-Unsubscribe-Post,List-Subscribe,List-Post,List-Owner,List-Archive",
  "Resent-From,Resent-Date,Resent-To,Resent-Cc,Resent-Message-ID,Content-ID,Content-Description,Auto-Submitted",
].join().split(",");
/** Octets of a line without its end (RFC 5322 2.1.1 recommends 78). */
const LINE = 76;

/**
 * The fields to put before a message, whose line ends are CRLF, in the order of `signings`. null where its header is longer than HEADER_SIZE.
 * Rejects where the body cannot be read.
 */
export async function signMessage(
  body: Body,
  signings: readonly Signing[],
  options: SignOptions,
): Promise<Uint8Array | null> {
  const digest = await digestMessage(body, options.bodyCanon ?? "relaxed");
  if (!digest) return null;
  const header = scanHeader(digest.header);
  const fields = new SignedFields(header);
  const bodyHash = base64(digest.bodyHash);
  const names = signedNames(header);
  const signed = await Promise.all(signings.map((s) => signatureField(s, options, fields, names, bodyHash)));
  return utf8(signed.join(""));
}

/** h= of a message: names as they are written, one for each field that is signed and one more. */
export function signedNames(header: Header): readonly string[] {
  const counts = new Map<string, number>();
  for (const { name } of header.fields) counts.set(name, (counts.get(name) ?? 0) + 1);
  const occurs = (name: string): number => counts.get(name.toLowerCase()) ?? 0;
  const present = SIGNED.filter((name) => occurs(name) > 0);
  return [...OVERSIGNED, ...present].flatMap((name) => Array<string>(occurs(name) + 1).fill(name));
}

async function signatureField(
  { domain, selector, key }: Signing,
  options: SignOptions,
  fields: SignedFields,
  names: readonly string[],
  bodyHash: string,
): Promise<string> {
  const headerCanon = options.headerCanon ?? "relaxed";
  const times = [["t", options.time], ["x", options.expires ?? null]] as const;
  const open = fold([
    "v=1; ",
    `a=${algorithmOf(key)}; `,
    `c=${headerCanon}/${options.bodyCanon ?? "relaxed"}; `,
    `d=${domain}; `,
    `s=${selector}; `,
    ...times.filter(([, value]) => value !== null).map(([tag, value]) => `${tag}=${value}; `),
    ...names.map((name, i) => `${i === 0 ? "h=" : ""}${name}${i === names.length - 1 ? "; " : ":"}`),
    `bh=${bodyHash}; `,
    "b=",
  ]);
  const data = fields.data(names.map((name) => name.toLowerCase()), headerCanon, utf8(`${open}\r\n`), null);
  const signature = base64(await signData(key, data));
  // In b= white space counts for nothing: each piece of it may stand on a line of its own.
  const lines = signature.match(new RegExp(`.{1,${LINE - 1}}`, "g")) ?? [];
  return `${open}${lines.map((line) => `\r\n ${line}`).join("")}\r\n`;
}

/** Parts in lines; a break stands before a part, and takes the place of the space that ends the part before it. */
function fold(parts: readonly string[]): string {
  let line = "DKIM-Signature: ";
  let out = "";
  for (const part of parts) {
    if (line.length + part.trimEnd().length > LINE) {
      out += `${line.trimEnd()}\r\n`;
      line = " ";
    }
    line += part;
  }
  return out + line;
}

function base64(octets: Uint8Array): string {
  return btoa(String.fromCharCode(...octets));
}
