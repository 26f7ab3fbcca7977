import { fromAscii, utf8 } from "../../mod/base/bytes.ts";
import type { Piece } from "../../mod/imap/types.ts";

/**
 * Pieces of a command written as one text: `{abc}` is a literal of these characters, `~{abc}` a binary one, `{*12}` a streamed one
 * of 12 octets.
 */
export function pieces(text: string): Piece[] {
  const all: Piece[] = [];
  let at = 0;
  for (const found of text.matchAll(/(~?)\{([^}]*)\}/g)) {
    all.push({ kind: "text", bytes: utf8(text.slice(at, found.index)) });
    const inner = found[2] ?? "";
    const binary = found[1] === "~";
    if (inner.startsWith("*")) all.push({ kind: "streamed", size: Number(inner.slice(1)), binary });
    else all.push({ kind: "literal", bytes: utf8(inner), binary });
    at = found.index + found[0].length;
  }
  all.push({ kind: "text", bytes: utf8(text.slice(at)) });
  return all;
}

/** Octets that stand for the characters of `text`, one each. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Everything a buffer holds, as text. */
export function taken(buffer: { take(): Uint8Array }): string {
  return fromAscii(buffer.take());
}
