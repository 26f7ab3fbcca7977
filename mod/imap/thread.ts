/**
 * THREAD (RFC 5256 3): which messages belong together. ORDEREDSUBJECT and REFERENCES are the RFC's, step by step; REFS is REFERENCES without
 * subjects, the threads in order of their newest messages, as Dovecot has it. Nothing here is recursive: threads may be as deep as senders like.
 */
import { THREAD_DEPTH } from "../base/limits.ts";
import type { Message } from "../store/store.ts";
import { baseSubject } from "./base_subject.ts";
import type { HeaderFacts } from "./header_facts.ts";
import { type HeaderPorts, Headers } from "./headers.ts";
import { lackingOf, messagesOf } from "./lacking.ts";
import type { Slice } from "./slice.ts";
import { compareText, sortSliced } from "./sliced_sort.ts";
import { sentTime } from "./sort.ts";
import { mergeSubjects } from "./thread_subjects.ts";
import type { ThreadAlgorithm } from "./types.ts";

/** What a step of building costs, as octets of a slice. */
const STEP = 32;

/** A message in a tree of answers; `seq` 0 for one that is only spoken of ("dummy"). */
export class ThreadNode {
  seq = 0;
  sent = 0;
  /** The base subject, and whether the subject is that of an answer. */
  subject = "";
  isReply = false;
  parent: ThreadNode | null = null;
  readonly children = new Set<ThreadNode>();

  add(child: ThreadNode): void {
    child.parent?.children.delete(child);
    child.parent = this;
    this.children.add(child);
  }

  leave(): void {
    this.parent?.children.delete(this);
    this.parent = null;
  }
}

/** A thread as it is told: siblings in order. `seq` 0 where the one they answer is not there. */
export interface Thread {
  readonly seq: number;
  readonly children: readonly Thread[];
}

export interface ThreadRequest extends HeaderPorts {
  readonly mailbox: HeaderPorts["mailbox"] & {
    prepare(messages: readonly Message[], want: { readonly date?: boolean }): Promise<void>;
  };
  /** Messages by sequence number, from 1 at index 0. */
  readonly view: readonly Message[];
  /** The messages to thread, ascending. */
  readonly seqs: readonly number[];
  readonly algorithm: ThreadAlgorithm;
}

/** The threads in order. Messages that vanished meanwhile are left out. Throws what the store throws. */
export async function threadMessages(request: ThreadRequest): Promise<readonly Thread[]> {
  const { view, seqs, mailbox, algorithm } = request;
  const headers = new Headers(request);
  const unknown = await lackingOf(messagesOf(view, seqs), { date: true }, headers.slice);
  if (unknown.length > 0) await mailbox.prepare(unknown, { date: true });
  const forest = new Forest();
  for (const seq of seqs) {
    const message = view[seq - 1];
    const facts = message && await headers.read(message);
    if (!message || !facts) continue;
    const steps = algorithm === "ORDEREDSUBJECT"
      ? forest.addAlone(seq, message, facts)
      : forest.add(seq, message, facts);
    if (headers.slice.worked(steps * STEP)) await headers.slice.breathe();
  }
  const { slice } = headers;
  if (algorithm === "ORDEREDSUBJECT") return await bySubject(forest.nodes, slice);
  const roots = await pruned(forest.nodes, slice);
  if (algorithm === "REFS") return await inOrder(roots, await byNewest(roots, slice), slice);
  const sorted = await sortSliced(roots, compareRoots, slice);
  return await inOrder(await mergeSubjects(sorted, slice), compareRoots, slice);
}

/** Messages and those they speak of, linked (RFC 5256 3, REFERENCES 1). */
class Forest {
  readonly nodes: ThreadNode[] = [];
  readonly #byId = new Map<string, ThreadNode>();

  /** Adds a message by itself. */
  addAlone(seq: number, message: Message, facts: HeaderFacts): number {
    fillIn(this.#make(), seq, message, facts);
    return 1;
  }

  /** Adds a message under what it answers; gives the steps that took. */
  add(seq: number, message: Message, facts: HeaderFacts): number {
    const { own, references, inReplyTo } = facts.ids;
    let steps = 1;
    // A second message of the same ID counts as one without.
    const known = own === null ? undefined : this.#byId.get(own);
    const node = own === null || (known && known.seq > 0) ? this.#make() : this.#of(own);
    fillIn(node, seq, message, facts);
    let before: ThreadNode | null = null;
    // (A)
    for (const id of references.length > 0 ? references : inReplyTo === null ? [] : [inReplyTo]) {
      const next = this.#of(id);
      if (before !== null && next.parent === null) steps += linkUnlessLoop(before, next);
      before = next;
      steps++;
    }
    // (B) What the message itself says of its parent is right; others' References may be cut.
    node.leave();
    if (before !== null) steps += linkUnlessLoop(before, node);
    return steps;
  }

  #of(id: string): ThreadNode {
    let node = this.#byId.get(id);
    if (!node) this.#byId.set(id, node = this.#make());
    return node;
  }

  #make(): ThreadNode {
    const node = new ThreadNode();
    this.nodes.push(node);
    return node;
  }
}

function fillIn(node: ThreadNode, seq: number, message: Message, facts: HeaderFacts): void {
  const { base, isReply } = baseSubject(facts.subject);
  node.seq = seq;
  node.sent = sentTime(message, facts);
  node.subject = base;
  node.isReply = isReply;
}

/** Makes `child` a child, unless it is above; or unless that is too far to see. Gives the steps that took. */
function linkUnlessLoop(parent: ThreadNode, child: ThreadNode): number {
  let steps = 0;
  for (let at: ThreadNode | null = parent; at !== null; at = at.parent) {
    if (at === child || ++steps > THREAD_DEPTH) return steps;
  }
  parent.add(child);
  return steps;
}

/** Takes out those that are only spoken of, but for tops of several (2 and 3); gives the tops. */
async function pruned(nodes: readonly ThreadNode[], slice: Slice): Promise<ThreadNode[]> {
  const ordered = nodes.filter((n) => n.parent === null);
  // Grows as it is gone through: parents come before their children.
  for (const node of ordered) {
    for (const child of node.children) ordered.push(child);
    if (slice.worked(STEP)) await slice.breathe();
  }
  const roots: ThreadNode[] = [];
  for (let i = ordered.length - 1; i >= 0; i--) {
    const node = ordered[i];
    if (!node) continue;
    if (slice.worked(STEP * (1 + node.children.size))) await slice.breathe();
    const { parent } = node;
    if (node.seq === 0 && parent !== null) {
      for (const child of [...node.children]) parent.add(child);
      node.leave();
    } else if (node.seq === 0 && node.children.size < 2) {
      for (const child of [...node.children]) {
        child.leave();
        roots.push(child);
      }
    } else if (parent === null) roots.push(node);
  }
  return roots;
}

/** By when they were sent; one that is not there by its first child (4). */
export function compareRoots(a: ThreadNode, b: ThreadNode): number {
  return compareSent(firstOf(a), firstOf(b));
}

function compareSent(a: ThreadNode, b: ThreadNode): number {
  return a.sent - b.sent || a.seq - b.seq;
}

/** The message itself, or its earliest child where it is not there. */
export function firstOf(node: ThreadNode): ThreadNode {
  if (node.seq > 0) return node;
  let first: ThreadNode | null = null;
  for (const child of node.children) if (!first || compareSent(child, first) < 0) first = child;
  return first ?? node;
}

/** Roots by when the newest message of each thread was sent. */
async function byNewest(
  roots: readonly ThreadNode[],
  slice: Slice,
): Promise<(a: ThreadNode, b: ThreadNode) => number> {
  const newest = new Map<ThreadNode, number>();
  for (const root of roots) {
    let sent = -Infinity;
    const below = [root];
    for (const node of below) {
      if (node.seq > 0) sent = Math.max(sent, node.sent);
      for (const child of node.children) below.push(child);
      if (slice.worked(STEP)) await slice.breathe();
    }
    newest.set(root, sent);
  }
  return (a, b) => (newest.get(a) ?? 0) - (newest.get(b) ?? 0) || firstOf(a).seq - firstOf(b).seq;
}

/** The threads with all siblings sorted (6). */
async function inOrder(
  roots: readonly ThreadNode[],
  compare: (a: ThreadNode, b: ThreadNode) => number,
  slice: Slice,
): Promise<readonly Thread[]> {
  interface Told {
    readonly seq: number;
    readonly children: Told[];
  }
  const told: Told[] = [];
  const left: [ThreadNode, Told[]][] = [];
  for (const root of (await sortSliced(roots, compare, slice)).reverse()) left.push([root, told]);
  for (let next = left.pop(); next; next = left.pop()) {
    const [node, into] = next;
    const thread: Told = { seq: node.seq, children: [] };
    into.push(thread);
    if (slice.worked(STEP)) await slice.breathe();
    if (node.children.size === 0) continue;
    const children = await sortSliced([...node.children], compareRoots, slice);
    for (const child of children.reverse()) left.push([child, thread.children]);
  }
  return told;
}

/** ORDEREDSUBJECT: the first of each subject, and the others below it. */
async function bySubject(nodes: readonly ThreadNode[], slice: Slice): Promise<readonly Thread[]> {
  const sorted = await sortSliced(
    nodes,
    (a, b) => compareText(a.subject, b.subject) || compareSent(a, b),
    slice,
  );
  const roots: ThreadNode[] = [];
  for (const node of sorted) {
    const root = roots.at(-1);
    if (root && root.subject === node.subject) root.add(node);
    else roots.push(node);
    if (slice.worked(STEP)) await slice.breathe();
  }
  return await inOrder(roots, compareSent, slice);
}
