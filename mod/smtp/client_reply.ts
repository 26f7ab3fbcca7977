/** Replies as a client reads them (RFC 5321 4.2). The peer may be anybody: every length is capped and text is cleaned. */
import { fromUtf8 } from "../base/bytes.ts";
import { SMTP_REPLY_KEPT, SMTP_REPLY_LINE, SMTP_REPLY_LINES } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ByteReader } from "../wire/byte_reader.ts";

/** A whole reply. The same shape as the queue's `PeerReply`. */
export interface ClientReply {
  readonly code: number;
  /** Enhanced status code of its first line that has one of the reply's own class (RFC 2034 3), or null. */
  readonly status: string | null;
  /** Printable text without codes; at least one line. Kept up to SMTP_REPLY_KEPT characters in all. */
  readonly lines: readonly string[];
}

/** `closed`: the peer ended the connection. `garbage`: what came is no reply. The connection is of no use after either. */
export type ReplyFault = "closed" | "garbage";

interface ReplyLine {
  readonly code: number;
  readonly last: boolean;
  readonly text: string;
}

/** One line of a reply without its CRLF, or null when it is none. "250" alone is a last line without text. */
export function parseReplyLine(bytes: Uint8Array): ReplyLine | null {
  const [a = 0, b = 0, c = 0, separator] = bytes;
  if (a < 0x32 || a > 0x35 || b < 0x30 || b > 0x39 || c < 0x30 || c > 0x39) return null;
  if (separator !== undefined && separator !== 0x20 && separator !== 0x2d) return null;
  const code = (a - 0x30) * 100 + (b - 0x30) * 10 + c - 0x30;
  return { code, last: separator !== 0x2d, text: printable(fromUtf8(bytes.subarray(4))) };
}

/** Reads one reply. Rejects with `ConnectionLost` when the connection breaks. */
export async function readReply(reader: ByteReader): Promise<Result<ClientReply, ReplyFault>> {
  const lines: string[] = [];
  let code = 0;
  let status: string | null = null;
  let kept = 0;
  for (let n = 0; n < SMTP_REPLY_LINES; n++) {
    const line = await reader.readLine(SMTP_REPLY_LINE);
    if (line.kind === "end") return err("closed");
    if (line.kind === "long") return err("garbage");
    // A stray CR or LF in a reply does no harm: it is text for people, cleaned below.
    const parsed = parseReplyLine(line.bytes);
    if (!parsed || (n > 0 && parsed.code !== code)) return err("garbage");
    code = parsed.code;
    const enhanced = enhancedCode(parsed.text, code);
    status ??= enhanced;
    const text = enhanced === null ? parsed.text : parsed.text.slice(enhanced.length).trimStart();
    if (kept < SMTP_REPLY_KEPT) lines.push(text.slice(0, SMTP_REPLY_KEPT - kept));
    kept += text.length;
    if (parsed.last) return ok({ code, status, lines });
  }
  return err("garbage");
}

/** The reply as one line, for logs and bounces: "550 5.1.1 No such user here". */
export function replyText(reply: ClientReply): string {
  return [reply.code, ...(reply.status === null ? [] : [reply.status]), ...reply.lines].join(" ").trim();
}

/** RFC 3463 2, at the start of a line; only of the class the code says (RFC 2034 4). */
function enhancedCode(text: string, code: number): string | null {
  const match = /^([245])\.([0-9]{1,3})\.([0-9]{1,3})(?= |$)/.exec(text);
  return match && match[1] === String(code)[0] ? match[0] : null;
}

/** Without control characters, and without what would turn a line of text about or break it elsewhere. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what must not get into logs and bounces
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
}
