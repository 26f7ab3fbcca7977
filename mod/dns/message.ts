/**
 * DNS messages (RFC 1035 4.1, EDNS0 by RFC 6891): a question as octets, the answer to it from octets.
 * Answers come from anybody who guesses a port: every length is checked against what is there, names are followed only backwards,
 * and whatever does not fit is an error value, never an exception.
 */
import { DNS_ALIASES, DNS_ANSWER_RECORDS, DNS_UDP_SIZE } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeData, readName, TYPES } from "./record.ts";
import type { RecordTypes } from "./resolver.ts";
import type { RecordType } from "./source.ts";

export interface Question<T extends RecordType = RecordType> {
  /** 16 bits. */
  readonly id: number;
  /** As `parseQuestionName` gives it. */
  readonly name: string;
  readonly type: T;
  /** With an OPT record; without for servers that cannot read one. */
  readonly edns: boolean;
}

/** An answer to our question, as far as it is of use. */
export interface Reply<T extends RecordType> {
  readonly rcode: number;
  /** Ask again over TCP. */
  readonly truncated: boolean;
  /** AD bit. */
  readonly authentic: boolean;
  readonly records: readonly RecordTypes[T][];
  /** Seconds: the least of all records used, aliases included; 0 when there are none. */
  readonly ttl: number;
  /** Name at the end of the CNAMEs, or the name asked for. */
  readonly finalName: string;
  /** Seconds a "no" may be believed, by the SOA record that came with it (RFC 2308 5); null when none came. */
  readonly negativeTtl: number | null;
}

/** `foreign`: not an answer to this question, wait for the real one. `malformed`: broken within, ask another server. */
export type ReplyFault = "foreign" | "malformed";

const CLASS_IN = 1;
const TYPE_SOA = 6;
const TYPE_OPT = 41;

/** Octets of a question: recursion desired, and AD set to hear of validation (RFC 6840 5.7). */
export function formatQuestion(question: Question): Uint8Array {
  const labels = question.name === "" ? [] : question.name.split(".");
  const bytes = new Uint8Array(
    12 + question.name.length + (labels.length > 0 ? 2 : 1) + 4 + (question.edns ? 11 : 0),
  );
  const view = new DataView(bytes.buffer);
  view.setUint16(0, question.id);
  view.setUint16(2, 0x0120);
  view.setUint16(4, 1);
  view.setUint16(10, question.edns ? 1 : 0);
  let at = 12;
  for (const label of labels) {
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  at++;
  view.setUint16(at, TYPES[question.type]);
  view.setUint16(at + 2, CLASS_IN);
  at += 4;
  if (question.edns) {
    view.setUint16(at + 1, TYPE_OPT);
    view.setUint16(at + 3, DNS_UDP_SIZE);
  }
  return bytes;
}

/** Whether these octets answer this question: ID, QR bit, opcode, and the question repeated (RFC 5452 9.1). */
export function isReplyTo(bytes: Uint8Array, question: Question): boolean {
  return afterQuestion(bytes, question) !== null;
}

interface RawRecord {
  readonly owner: string | null;
  readonly type: number;
  readonly ttl: number;
  readonly start: number;
  readonly end: number;
}

/** Reads an answer. CNAMEs within it are followed. Never throws. */
export function parseReply<T extends RecordType>(
  bytes: Uint8Array,
  question: Question<T>,
): Result<Reply<T>, ReplyFault> {
  const start = afterQuestion(bytes, question);
  if (start === null) return err("foreign");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  const head = {
    rcode: flags & 15,
    truncated: (flags & 0x0200) !== 0,
    authentic: (flags & 0x0020) !== 0,
  };
  const none = { ...head, records: [], ttl: 0, finalName: question.name, negativeTtl: null };
  // What a truncated answer holds is thrown away anyhow; it may end anywhere (RFC 2181 9).
  if (head.truncated) return ok(none);
  const answers = readRecords(bytes, view, start, view.getUint16(6));
  if (!answers) return err("malformed");
  const authority = readRecords(bytes, view, answers.next, view.getUint16(8));
  if (!authority) return err("malformed");
  const chain = followAliases(bytes, answers.records, question.name, TYPES[question.type]);
  if (!chain) return err("malformed");
  const records: RecordTypes[T][] = [];
  let ttl = chain.ttl;
  for (const r of chain.records) {
    const data = decodeData(question.type, bytes, r.start, r.end);
    if (data === null) return err("malformed");
    records.push(data);
    ttl = Math.min(ttl, r.ttl);
  }
  return ok({
    ...head,
    records,
    ttl: Number.isFinite(ttl) ? ttl : 0,
    finalName: chain.name,
    negativeTtl: negativeTtl(bytes, view, authority.records),
  });
}

/** Offset of the answer section, or null when the message does not answer `question`. */
function afterQuestion(bytes: Uint8Array, question: Question): number | null {
  if (bytes.length < 12) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  if (view.getUint16(0) !== question.id || (flags & 0x8000) === 0 || (flags & 0x7800) !== 0) return null;
  // A server that cannot read the question may leave it out, but then it has nothing to tell but that: FORMERR, NOTIMP.
  if (view.getUint16(4) === 0 && (flags & 15) !== 0 && (flags & 15) !== 3) {
    return view.getUint16(6) === 0 ? 12 : null;
  }
  if (view.getUint16(4) !== 1) return null;
  const name = readName(bytes, 12);
  if (!name || name.text !== question.name || name.next + 4 > bytes.length) return null;
  if (view.getUint16(name.next) !== TYPES[question.type] || view.getUint16(name.next + 2) !== CLASS_IN) {
    return null;
  }
  return name.next + 4;
}

/** Records of one section, those of class IN; null when a length does not fit. */
function readRecords(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  count: number,
): { readonly records: readonly RawRecord[]; readonly next: number } | null {
  if (count > DNS_ANSWER_RECORDS) return null;
  const records: RawRecord[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    const owner = readName(bytes, at);
    if (!owner || owner.next + 10 > bytes.length) return null;
    const start = owner.next + 10;
    const end = start + view.getUint16(owner.next + 8);
    if (end > bytes.length) return null;
    // A TTL with the top bit set counts as 0 (RFC 2181 8).
    const ttl = view.getInt32(owner.next + 4);
    if (view.getUint16(owner.next + 2) === CLASS_IN) {
      records.push({
        owner: owner.text,
        type: view.getUint16(owner.next),
        ttl: Math.max(0, ttl),
        start,
        end,
      });
    }
    at = end;
  }
  return { records, next: at };
}

/** From `name` along the CNAMEs to the records of `type`; null on a loop, or on a target that is no usable name. */
function followAliases(
  bytes: Uint8Array,
  answers: readonly RawRecord[],
  name: string,
  type: number,
): { readonly name: string; readonly records: readonly RawRecord[]; readonly ttl: number } | null {
  let at = name;
  let ttl = Infinity;
  for (let hops = 0; hops <= DNS_ALIASES; hops++) {
    const owner = at;
    const records = answers.filter((r) => r.owner === owner && r.type === type);
    const alias = answers.find((r) => r.owner === owner && r.type === TYPES.CNAME);
    if (records.length > 0 || !alias || type === TYPES.CNAME) return { name: at, records, ttl };
    const target = decodeData("CNAME", bytes, alias.start, alias.end);
    if (target === null) return null;
    ttl = Math.min(ttl, alias.ttl);
    at = target;
  }
  return null;
}

/** RFC 2308 5: the lesser of the SOA's own TTL and its MINIMUM field. */
function negativeTtl(bytes: Uint8Array, view: DataView, authority: readonly RawRecord[]): number | null {
  const soa = authority.find((r) => r.type === TYPE_SOA);
  if (!soa) return null;
  const primary = readName(bytes, soa.start);
  const mailbox = primary ? readName(bytes, primary.next) : null;
  if (!mailbox || mailbox.next + 20 !== soa.end) return null;
  return Math.min(soa.ttl, view.getUint32(mailbox.next + 16));
}

/** The name of a response code, for logs. */
export function rcodeName(rcode: number): string {
  return ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"][rcode] ?? `RCODE ${rcode}`;
}
