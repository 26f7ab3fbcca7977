/** Sealing what we forward (RFC 8617 5.1): a set of three fields that says what we found and that the chain before was sound. */
import { concat, utf8 } from "../../base/bytes.ts";
import { ARC_SETS, DKIM_SIGNATURES } from "../../base/limits.ts";
import { scanHeader } from "../../mail/header.ts";
import { algorithmOf, signData } from "../dkim/private_key.ts";
import type { Signing } from "../dkim/sign.ts";
import { canonicalField, fieldWithoutB, SignedFields } from "../dkim/signed_fields.ts";
import { readChain } from "./chain.ts";

export interface SealFacts {
  /** The header block that will be sent, without the new set. */
  readonly header: Uint8Array;
  /** SHA-256 of the body in "relaxed" form. */
  readonly bodyHash: Uint8Array;
  /** What was found at arrival, as `authResultsPayload` has it. */
  readonly results: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What the signature covers, where it is there: what people see, and what other signatures hang on. Trace fields change on the way. */
const SIGNED = [
  "from",
  "to",
  "cc",
  "reply-to",
  "sender",
  "subject",
  "date",
  "message-id",
  "in-reply-to",
  "references",
  "mime-version",
  "content-type",
  "content-transfer-encoding",
  "list-id",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "dkim-signature",
];
const WIDTH = 72;

/**
 * The three fields to put before the header. null when the chain is as long as it may be, or broken, and without From: nothing can be added then
 * that would be believed. That the chain is sound must have been found before.
 */
export async function sealMessage(facts: SealFacts, sealer: Signing): Promise<Uint8Array | null> {
  const header = scanHeader(facts.header);
  const chain = readChain(header, facts.now);
  const sets = chain.ok ? chain.value : [];
  const instance = sets.length + 1;
  if (!chain.ok || instance > ARC_SETS) return null;
  const present = SIGNED.flatMap((name) =>
    header.fields.filter((f) => f.name === name).slice(0, DKIM_SIGNATURES).map(() => name)
  );
  // A signature that covers no From is none.
  if (!present.includes("from")) return null;
  const fields = new SignedFields(header);
  const time = Math.floor(facts.now / 1000);
  const by = `i=${instance}; a=${algorithmOf(sealer.key)}; t=${time}`;
  const from = `d=${sealer.domain}; s=${sealer.selector}`;
  const results = utf8(`ARC-Authentication-Results: i=${instance}; ${facts.results}\r\n`);
  const message = await signed(
    `ARC-Message-Signature: ${by};\r\n\tc=relaxed/relaxed; ${from};\r\n\th=${folded(present, ":")};\r\n\tbh=${
      base64(facts.bodyHash)
    };\r\n\tb=`,
    sealer,
    (raw) => fields.data(present, "relaxed", raw, null),
  );
  const cv = instance === 1 ? "none" : "pass";
  const before = [
    ...sets.flatMap((set) => [set.results, set.message.place, set.seal.place]).map((at) =>
      fields.field(at, "relaxed")
    ),
    canonicalField(results, "relaxed"),
    canonicalField(message, "relaxed"),
  ];
  const seal = await signed(
    `ARC-Seal: ${by}; cv=${cv};\r\n\t${from};\r\n\tb=`,
    sealer,
    (raw) => new Uint8Array(concat([...before, fieldWithoutB(raw, "relaxed")])),
  );
  return concat([seal, message, results]);
}

async function signed(
  start: string,
  { key }: Signing,
  data: (raw: Uint8Array) => Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const signature = await signData(key, data(utf8(`${start}\r\n`)));
  return utf8(`${start}${wrapped(base64(signature))}\r\n`);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function wrapped(text: string): string {
  return (text.match(new RegExp(`.{1,${WIDTH}}`, "g")) ?? []).join("\r\n\t ");
}

/** A list with line ends where it grows too wide. */
function folded(words: readonly string[], separator: string): string {
  let out = "";
  let length = 2;
  for (const [i, word] of words.entries()) {
    const piece = i < words.length - 1 ? `${word}${separator}` : word;
    const fits = length + piece.length <= WIDTH;
    out += fits ? piece : `\r\n\t ${piece}`;
    length = fits ? length + piece.length : 2 + piece.length;
  }
  return out;
}
