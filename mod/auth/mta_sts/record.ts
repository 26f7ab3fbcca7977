/** The TXT record by which a domain says that it has an MTA-STS policy (RFC 8461 3.1). */
import { createHash } from "node:crypto";
import { asciiLower, fromAscii } from "../../base/bytes.ts";

const FIELD = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x21-\x3a\x3c\x3e-\x7e]+)$/;
const VERSION = /^v=STSv1[ \t]*;/;

/**
 * The policy's id from the TXT records of `_mta-sts.DOMAIN`; null when they do not name one policy: none or several records, or one that is
 * malformed. Records of other kinds do not count.
 */
export function parseStsRecords(records: readonly Uint8Array[]): string | null {
  const texts = records.filter((r) => r.every((b) => b < 0x80)).map(fromAscii).filter((t) => VERSION.test(t));
  const [text] = texts;
  if (text === undefined || texts.length > 1) return null;
  const fields = text.split(";").map((f) => f.replace(/^[ \t]+|[ \t]+$/g, ""));
  // A semicolon at the end is fine, an empty field elsewhere is not.
  if (fields.at(-1) === "") fields.pop();
  let id: string | null = null;
  for (const field of fields.slice(1)) {
    const [, name = "", value = ""] = FIELD.exec(field) ?? [];
    if (name === "") return null;
    const known = asciiLower(name);
    if (known === "v") return null;
    if (known !== "id") continue;
    if (id !== null || !/^[A-Za-z0-9]{1,32}$/.test(value)) return null;
    id = value;
  }
  return id;
}

/** The record for a policy's text. Its id is made from the text, so it changes when that does. */
export function formatStsRecord(policy: string): string {
  return `v=STSv1; id=${createHash("sha256").update(policy).digest("hex").slice(0, 20)};`;
}
