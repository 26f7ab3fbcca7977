/** Checksums of what goes into a build and of what comes out of it. */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Whether the bytes are those that npm's integrity (`sha512-BASE64`) was made of. Any other kind of sum is refused. */
export function hasIntegrity(bytes: Uint8Array, integrity: string): boolean {
  const expected = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity)?.[1];
  if (expected === undefined) return false;
  return timingSafeEqual(createHash("sha512").update(bytes).digest(), Buffer.from(expected, "base64"));
}

/** The text of a SHA256SUMS file, as `sha256sum -c` reads it. */
export function formatSums(sums: ReadonlyMap<string, string>): string {
  return [...sums].sort(([a], [b]) => a < b ? -1 : 1).map(([name, sum]) => `${sum}  ${name}\n`).join("");
}
