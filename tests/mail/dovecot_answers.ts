/** What Dovecot 2.3.19 answered for messages in `fixtures/`, and our values in the same shape: arrays, texts of one character an octet, null. */
import type { EnvelopeAddress, ImapEnvelope, Param, Part } from "../../mod/mail/types.ts";

export type Value = string | number | null | readonly Value[];

export interface Answer {
  readonly message: string;
  readonly answer: readonly Value[];
}

/** Reads a fixture file. */
export function answers(name: string): readonly Answer[] {
  return JSON.parse(Deno.readTextFileSync(new URL(`fixtures/${name}`, import.meta.url)));
}

/** One octet for each character. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** One character for each octet. */
export function text(bytes: Uint8Array): string {
  return Array.from(bytes, (c) => String.fromCharCode(c)).join("");
}

function nstring(bytes: Uint8Array | null): Value {
  return bytes ? text(bytes) : null;
}

function addresses(list: readonly EnvelopeAddress[]): Value {
  return list.length === 0 ? null : list.map((a) => [a.name, a.route, a.mailbox, a.host].map(nstring));
}

/** An ENVELOPE. */
export function envelopeValues(e: ImapEnvelope): readonly Value[] {
  const lists = [e.from, e.sender, e.replyTo, e.to, e.cc, e.bcc].map(addresses);
  return [nstring(e.date), nstring(e.subject), ...lists, nstring(e.inReplyTo), nstring(e.messageId)];
}

function params(list: readonly Param[]): Value {
  return list.length === 0 ? null : list.flatMap((p) => [text(p.name), text(p.value)]);
}

/** A BODYSTRUCTURE. */
export function structureValues(p: Part): readonly Value[] {
  const f = p.fields;
  const d = f.disposition;
  const languages = f.languages.length === 0 ? null : f.languages.map(text);
  const rest = [d ? [text(d.kind), params(d.params)] : null, languages, nstring(f.location)];
  if (p.type === "multipart") {
    const dummy = [
      "text",
      "plain",
      ["charset", "us-ascii"],
      null,
      null,
      "7bit",
      0,
      0,
      null,
      null,
      null,
      null,
    ];
    const children = p.children.length === 0 ? [dummy] : p.children.map(structureValues);
    return [...children, text(f.subtype), params(f.params), ...rest];
  }
  const head = [text(f.type), text(f.subtype), params(f.params), nstring(f.id), nstring(f.description)];
  const size = [f.encoding ? text(f.encoding) : "7bit", p.bodyEnd - p.bodyStart];
  const inner = p.inner ? [envelopeValues(p.inner.envelope), structureValues(p.inner.part), p.lines] : [];
  return [...head, ...size, ...inner, ...(p.type === "text" ? [p.lines] : []), nstring(f.md5), ...rest];
}
