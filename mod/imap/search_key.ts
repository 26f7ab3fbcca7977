/**
 * Search keys compiled to tests (RFC 3501 6.4.4). A test answers from what is known of a message so far: yes, no, or UNKNOWN while its
 * header or text was not looked at. So cheap keys decide wherever they can, and a message is read only when they do not.
 */
import { unreachable } from "../base/result.ts";
import type { ModSeqs } from "../store/mail_index.ts";
import { KEYWORD_SHIFT, type Message, SEEN, type Uid } from "../store/store.ts";
import { dayOf } from "./date.ts";
import { fold } from "./search_text.ts";
import { inRanges, resolveSet } from "./set.ts";
import type { SearchKey } from "./types.ts";

// deno-lint-ignore no-control-regex -- exactly what JSON escapes
const JSON_ESCAPES = /["\\\u0000-\u001f]/;

export const NO = 0;
export const YES = 1;
export const UNKNOWN = 2;
export type Answer = typeof NO | typeof YES | typeof UNKNOWN;

/** Text to look for in the values of a header field. */
export interface FieldNeedle {
  /** In lower case. */
  readonly field: string;
  /** Folded. */
  readonly text: string;
  /** Stands in JSON as it is. */
  readonly inJson: boolean;
}

/** What is known of a message's header. */
export interface FieldFacts {
  /** The Date field's day as written. */
  readonly sentDay: number;
  /** Whether a field's value holds a text; null: that field was not looked at. */
  has(needle: FieldNeedle): boolean | null;
}

/** What was found out about one message. */
export interface SearchFacts {
  /** null: the header was not looked at. */
  readonly fields: FieldFacts | null;
  /** For each of `CompiledSearch.needles` whether it is there; null: not looked at, for one or for all. */
  readonly found: readonly (boolean | null)[] | null;
}

/** Text to look for. */
export interface Needle {
  readonly text: string;
  /** Also in headers (TEXT), or only in the text of the body (BODY). */
  readonly headers: boolean;
}

export type Test = (message: Message, seq: number, facts: SearchFacts) => Answer;

export interface CompiledSearch {
  readonly test: Test;
  /** Header fields that are looked at, lower case; "date" for SENT... keys too. */
  readonly fields: ReadonlySet<string>;
  readonly needles: readonly Needle[];
  /** What is looked for in header fields. */
  readonly fieldNeedles: readonly FieldNeedle[];
  readonly size: boolean;
  readonly date: boolean;
}

export interface CompileContext {
  readonly view: readonly Message[];
  readonly keywords: readonly string[];
  /** What "$" stands for (RFC 5182). */
  readonly saved?: readonly Uid[];
  /** The mailbox's own; without them nothing is known of it. */
  emailId?(uid: Uid): string | null;
  /** Where a key asks for them. */
  readonly threadIds?: ReadonlyMap<Uid, string>;
  savedAt?(uid: Uid): number | null;
  /** Without them nothing is known of changes. */
  readonly modSeqs?: Pick<ModSeqs, "of" | "changedSince"> | null;
  /** Milliseconds since 1970. */
  readonly now: number;
  isRecent(uid: Uid): boolean;
}

/** Whether a key asks for mod-sequences. */
export function asksModSeqs(key: SearchKey): boolean {
  return asks(key, "modseq");
}

/** Whether a kind of key is among the keys. */
export function asks(key: SearchKey, kind: SearchKey["kind"]): boolean {
  switch (key.kind) {
    case "and":
      return key.keys.some((k) => asks(k, kind));
    case "or":
      return asks(key.left, kind) || asks(key.right, kind);
    case "not":
      return asks(key.key, kind);
    default:
      return key.kind === kind;
  }
}

export function compileSearch(key: SearchKey, context: CompileContext): CompiledSearch {
  const compiler = new Compiler(context);
  const test = compiler.compile(key);
  const { fields, needles, fieldNeedles, size, date } = compiler;
  return { test, fields, needles, fieldNeedles, size, date };
}

class Compiler {
  readonly fields = new Set<string>();
  readonly needles: Needle[] = [];
  readonly fieldNeedles: FieldNeedle[] = [];
  size = false;
  date = false;
  readonly #context: CompileContext;

  constructor(context: CompileContext) {
    this.#context = context;
  }

  compile(key: SearchKey): Test {
    switch (key.kind) {
      case "all":
        return () => YES;
      case "and":
        return all(key.keys.map((k) => this.compile(k)));
      case "or":
        return any(this.compile(key.left), this.compile(key.right));
      case "not": {
        const test = this.compile(key.key);
        return (m, seq, facts) => {
          const answer = test(m, seq, facts);
          return answer === UNKNOWN ? UNKNOWN : answer === YES ? NO : YES;
        };
      }
      case "sequence":
      case "uid": {
        if (key.set.saved) {
          const saved = new Set(this.#context.saved);
          return (m) => yesIf(saved.has(m.uid));
        }
        return this.#numbers(key);
      }
      case "header":
      case "body":
      case "text":
        return this.#text(key);
      case "before":
      case "on":
      case "since":
        return this.#date(key);
      case "older":
      case "younger":
        return this.#age(key);
      case "saved":
        return this.#saved(key);
      case "modseq":
        return this.#modSeq(key.least);
      case "email-id":
        return (m) => yesIf(this.#context.emailId?.(m.uid) === key.id);
      case "thread-id":
        return (m) => yesIf(this.#context.threadIds?.get(m.uid) === key.id);
      default:
        return this.#simple(key);
    }
  }

  #numbers({ kind, set }: Extract<SearchKey, { kind: "sequence" | "uid" }>): Test {
    const { view } = this.#context;
    if (kind === "sequence") {
      const ranges = resolveSet(set, view.length);
      return (_, seq) => yesIf(inRanges(ranges, seq));
    }
    const ranges = resolveSet(set, view.at(-1)?.uid ?? 0);
    return (m) => yesIf(inRanges(ranges, m.uid));
  }

  #simple(
    key: Extract<SearchKey, { kind: "flag" | "keyword" | "recent" | "new" | "old" | "larger" | "smaller" }>,
  ): Test {
    const { isRecent, keywords } = this.#context;
    switch (key.kind) {
      case "flag":
        return (m) => yesIf(((m.flags & key.bit) !== 0) === key.on);
      case "keyword": {
        const wanted = key.keyword.toLowerCase();
        const at = keywords.findIndex((k) => k !== "" && k.toLowerCase() === wanted);
        const bit = at < 0 ? 0 : 1 << (KEYWORD_SHIFT + at);
        return (m) => yesIf(((m.flags & bit) !== 0) === key.on);
      }
      case "recent":
        return (m) => yesIf(isRecent(m.uid));
      case "new":
        return (m) => yesIf((m.flags & SEEN) === 0 && isRecent(m.uid));
      case "old":
        return (m) => yesIf(!isRecent(m.uid));
      case "larger":
        this.size = true;
        return (m) => yesIf(m.size > key.octets);
      case "smaller":
        this.size = true;
        return (m) => yesIf(m.size >= 0 && m.size < key.octets);
      default:
        return unreachable(key);
    }
  }

  /** What another index told counts as changed since. */
  #modSeq(least: number): Test {
    const { modSeqs } = this.#context;
    return (m) => yesIf(!!modSeqs && (modSeqs.of(m) >= least || modSeqs.changedSince(m, least)));
  }

  #saved(key: Extract<SearchKey, { kind: "saved" }>): Test {
    return (m) => {
      const at = this.#context.savedAt?.(m.uid) ?? null;
      return at === null ? NO : compareDay(dayOf(at), key.compare, key.day);
    };
  }

  /** WITHIN (RFC 5032 2): an interval counts back from now. */
  #age(key: Extract<SearchKey, { kind: "older" | "younger" }>): Test {
    this.date = true;
    const limit = this.#context.now - key.seconds * 1000;
    const older = key.kind === "older";
    return (m) => yesIf(m.internalDate >= 0 && (older ? m.internalDate <= limit : m.internalDate >= limit));
  }

  #date(key: Extract<SearchKey, { kind: "before" | "on" | "since" }>): Test {
    const compare = (day: number): Answer => compareDay(day, key.kind, key.day);
    if (!key.sent) {
      this.date = true;
      return (m) => m.internalDate < 0 ? NO : compare(dayOf(m.internalDate));
    }
    this.fields.add("date");
    return (_, __, { fields }) => fields ? compare(fields.sentDay) : UNKNOWN;
  }

  #text(key: Extract<SearchKey, { kind: "header" | "body" | "text" }>): Test {
    const text = fold(key.text);
    if (key.kind === "header") {
      const { field } = key;
      this.fields.add(field);
      const needle = { field, text, inJson: !JSON_ESCAPES.test(text) };
      this.fieldNeedles.push(needle);
      return (_, __, facts) => known(facts.fields?.has(needle));
    }
    // An empty string is in every text, even in that of a message without any.
    if (text === "") return () => YES;
    const index = this.needles.push({ text, headers: key.kind === "text" }) - 1;
    return (_, __, facts) => known(facts.found?.[index]);
  }
}

function compareDay(day: number, how: "before" | "on" | "since", wanted: number): Answer {
  return yesIf(how === "on" ? day === wanted : how === "before" ? day < wanted : day >= wanted);
}

function yesIf(condition: boolean): Answer {
  return condition ? YES : NO;
}

function known(condition: boolean | null | undefined): Answer {
  return condition === null || condition === undefined ? UNKNOWN : yesIf(condition);
}

function all(tests: readonly Test[]): Test {
  return (m, seq, facts) => {
    let answer: Answer = YES;
    for (const test of tests) {
      const one = test(m, seq, facts);
      if (one === NO) return NO;
      if (one === UNKNOWN) answer = UNKNOWN;
    }
    return answer;
  };
}

function any(left: Test, right: Test): Test {
  return (m, seq, facts) => {
    const one = left(m, seq, facts);
    if (one === YES) return YES;
    const other = right(m, seq, facts);
    return other === YES || one === NO ? other : UNKNOWN;
  };
}
