/** SORT (RFC 5256 3, RFC 5957): which order messages come in. */
import type { Message } from "../store/store.ts";
import { baseSubject } from "./base_subject.ts";
import type { HeaderFacts, SortFacts } from "./header_facts.ts";
import { type HeaderPorts, Headers } from "./headers.ts";
import { lackingOf, messagesOf } from "./lacking.ts";
import { compareText, sortSliced } from "./sliced_sort.ts";
import type { SortCriterion, SortKey } from "./types.ts";

/** What taking note of a message costs, as octets of a slice. */
const ITEM_WORK = 64;

type Value = number | string;

/** A message with what it is sorted by, a value for each criterion. */
interface Sortable {
  readonly seq: number;
  readonly values: readonly Value[];
}

/** Which keys ask for the header. */
const OF_HEADER: ReadonlySet<SortKey> = new Set([
  "CC",
  "DATE",
  "DISPLAYFROM",
  "DISPLAYTO",
  "FROM",
  "SUBJECT",
  "TO",
]);

export interface SortRequest extends HeaderPorts {
  readonly mailbox: HeaderPorts["mailbox"] & {
    prepare(
      messages: readonly Message[],
      want: { readonly size?: boolean; readonly date?: boolean },
    ): Promise<void>;
  };
  /** Messages by sequence number, from 1 at index 0. */
  readonly view: readonly Message[];
  /** The messages to sort, ascending. */
  readonly seqs: readonly number[];
  readonly criteria: readonly SortCriterion[];
}

/** Whether the index can be of use. */
export function asksHeaders(criteria: readonly SortCriterion[]): boolean {
  return criteria.some(({ key }) => OF_HEADER.has(key));
}

/** The sequence numbers in order. A message that vanished meanwhile is left out. Throws what the store throws. */
export async function sortMessages(request: SortRequest): Promise<readonly number[]> {
  const { view, seqs, criteria, mailbox } = request;
  const headers = new Headers(request);
  const size = criteria.some(({ key }) => key === "SIZE");
  const date = criteria.some(({ key }) => key === "ARRIVAL" || key === "DATE");
  const unknown = await lackingOf(messagesOf(view, seqs), { size, date }, headers.slice);
  if (unknown.length > 0) await mailbox.prepare(unknown, { size, date });
  const needsHeader = asksHeaders(criteria);
  const sortables: Sortable[] = [];
  for (const seq of seqs) {
    const message = view[seq - 1];
    if (!message) continue;
    const facts = needsHeader ? await headers.read(message) : null;
    if (needsHeader && !facts) continue;
    sortables.push({ seq, values: criteria.map(({ key }) => valueOf(key, message, facts)) });
    if (!needsHeader && headers.slice.worked(ITEM_WORK)) await headers.slice.breathe();
  }
  const sorted = await sortSliced(sortables, (a, b) => compare(a, b, criteria), headers.slice);
  return sorted.map(({ seq }) => seq);
}

/** When a message was sent, in milliseconds since 1970: by its Date field, else when it came (RFC 5256 2.2). */
export function sentTime(message: Message, facts: SortFacts): number {
  return facts.sent ?? message.internalDate;
}

function valueOf(key: SortKey, message: Message, facts: HeaderFacts | null): Value {
  if (key === "ARRIVAL") return message.internalDate;
  if (key === "SIZE") return message.size;
  // All that matches is as relevant.
  if (key === "RELEVANCY") return 0;
  if (!facts) return 0;
  switch (key) {
    case "DATE":
      return sentTime(message, facts);
    case "SUBJECT":
      return titled(baseSubject(facts.subject).base);
    case "FROM":
      return titled(facts.from);
    case "TO":
      return titled(facts.to);
    case "CC":
      return titled(facts.cc);
    case "DISPLAYFROM":
      return titled(facts.displayFrom);
    case "DISPLAYTO":
      return titled(facts.displayTo);
  }
}

/** i;unicode-casemap (RFC 5051) compares in title case, so that "_" comes after "Z". */
function titled(text: string): string {
  return text.toUpperCase();
}

/** RFC 5256 3: what is the same by all criteria stays in the order of the mailbox, reversed or not. */
function compare(a: Sortable, b: Sortable, criteria: readonly SortCriterion[]): number {
  for (let i = 0; i < criteria.length; i++) {
    const [left, right] = [a.values[i], b.values[i]];
    if (left === right) continue;
    const order = typeof left === "string" && typeof right === "string"
      ? compareText(left, right)
      : Number(left) - Number(right);
    if (order !== 0) return criteria[i]?.reverse ? -order : order;
  }
  return a.seq - b.seq;
}
