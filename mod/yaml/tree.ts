/** What a YAML file holds as nodes that know their places, made of the parser's events. */
import { type Event, EVENT_ID, getScalarValue, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import { UNFOLDED_ALIASES } from "../base/limits.ts";
import {
  DUPLICATE_KEY,
  NAMED_KEY,
  SECOND_DOCUMENT,
  TAG,
  TOO_MANY_ALIASES,
  unknownAlias,
  type YamlFault,
} from "./fault.ts";
import { plainScalar } from "./scalar.ts";

/** A value and where it begins, in UTF-16 units; null for an empty value, which stands nowhere. */
export type YamlNode =
  & { readonly start: number | null; readonly value: unknown }
  & (
    | { readonly kind: "scalar" | "alias" }
    | { readonly kind: "list"; readonly items: readonly YamlNode[] }
    | { readonly kind: "mapping"; readonly entries: ReadonlyMap<string, YamlEntry> }
  );

export interface YamlEntry {
  /** Where the key begins. */
  readonly start: number;
  readonly node: YamlNode;
}

export interface YamlTree {
  /** Null for a file without a value. */
  readonly root: YamlNode | null;
  readonly faults: readonly YamlFault[];
}

/** The tree of the one document in `text`, of which `events` are. Aliases share the value they name. */
export function buildTree(text: string, events: readonly Event[]): YamlTree {
  const builder = new TreeBuilder(text);
  for (const event of events) if (!builder.take(event)) break;
  return builder;
}

interface OpenList {
  readonly kind: "list";
  readonly start: number;
  readonly value: unknown[];
  readonly items: YamlNode[];
}
interface OpenMapping {
  readonly kind: "mapping";
  readonly start: number;
  readonly value: Record<string, unknown>;
  readonly entries: Map<string, YamlEntry>;
  key: { readonly name: string; readonly start: number } | null;
}
type Open = (OpenList | OpenMapping) & { readonly anchor: string | null; readonly sizeBefore: number };

class TreeBuilder implements YamlTree {
  root: YamlNode | null = null;
  readonly faults: YamlFault[] = [];
  readonly #text: string;
  readonly #open: Open[] = [];
  /** What is named so far, with the number of its values; null while it is not complete. */
  readonly #anchors = new Map<string, { readonly node: YamlNode; readonly size: number } | null>();
  /** Values so far, aliases counted as what they unfold to. */
  #size = 0;
  #unfolded = 0;
  #documents = 0;
  /** Behind the last value. */
  #end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** False when there is no use in going on. */
  take(event: Event): boolean {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        return this.#document();
      case EVENT_ID.SCALAR:
        this.#scalar(event);
        return true;
      case EVENT_ID.ALIAS:
        return this.#alias(event.anchorStart, event.anchorEnd);
      case EVENT_ID.POP:
        this.#close();
        return true;
      default: {
        const anchor = this.#begin(event);
        const open = { start: event.start, anchor, sizeBefore: this.#size };
        this.#open.push(
          event.type === EVENT_ID.SEQUENCE
            ? { kind: "list", value: [], items: [], ...open }
            : { kind: "mapping", value: {}, entries: new Map(), key: null, ...open },
        );
        if (anchor !== null) this.#anchors.set(anchor, null);
        return true;
      }
    }
  }

  #document(): boolean {
    if (++this.#documents === 1) return true;
    const marker = /^(?:---|\.\.\.)(?=\s|$)/gm;
    marker.lastIndex = this.#end;
    this.#fault(marker.exec(this.#text)?.index ?? this.#end, SECOND_DOCUMENT);
    return false;
  }

  #scalar(event: ScalarEvent): void {
    const anchor = this.#begin(event);
    const { valueStart, valueEnd, style } = event;
    if (valueStart < 0) {
      this.#add({ kind: "scalar", start: null, value: null }, anchor, 1);
      return;
    }
    this.#end = Math.max(this.#end, valueEnd);
    const text = getScalarValue(this.#text, event);
    const quoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
    const value = style === SCALAR_STYLE.PLAIN ? plainScalar(text) : text;
    this.#add({ kind: "scalar", start: quoted ? valueStart - 1 : valueStart, value }, anchor, 1);
  }

  #alias(from: number, end: number): boolean {
    this.#end = Math.max(this.#end, end);
    const name = this.#text.slice(from, end);
    const start = from - 1; // the sign before the name
    const target = this.#anchors.get(name);
    this.#unfolded += target?.size ?? 0;
    if (this.#unfolded > UNFOLDED_ALIASES) this.#fault(start, TOO_MANY_ALIASES);
    else if (!target) this.#fault(start, unknownAlias(name));
    this.#add({ kind: "alias", start, value: target?.node.value ?? null }, null, target?.size ?? 1);
    return this.#unfolded <= UNFOLDED_ALIASES;
  }

  /** Name and tag before a value. */
  #begin(event: { anchorStart: number; anchorEnd: number; tagStart: number }): string | null {
    if (event.tagStart >= 0) this.#fault(event.tagStart, TAG);
    return event.anchorStart < 0 ? null : this.#text.slice(event.anchorStart, event.anchorEnd);
  }

  #close(): void {
    const open = this.#open.pop();
    if (open === undefined) return; // the document itself
    this.#add(open, open.anchor, 1 + this.#size - open.sizeBefore);
  }

  #add(node: YamlNode, anchor: string | null, size: number): void {
    if (node.kind === "alias") this.#size += size;
    else this.#size++;
    if (anchor !== null) this.#anchors.set(anchor, { node, size });
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      this.root = node;
    } else if (parent.kind === "list") {
      parent.items.push(node);
      parent.value.push(node.value);
    } else if (parent.key === null) {
      parent.key = this.#key(node, parent);
    } else {
      const { name, start } = parent.key;
      parent.key = null;
      parent.entries.set(name, { start, node });
      if (name !== "__proto__") parent.value[name] = node.value;
      else Object.defineProperty(parent.value, name, { value: node.value, enumerable: true });
    }
  }

  #key(node: YamlNode, parent: OpenMapping): { readonly name: string; readonly start: number } {
    const start = node.start ?? parent.start;
    const name = node.value === null ? "" : String(node.value);
    if (node.kind !== "scalar") this.#fault(start, NAMED_KEY);
    else if (parent.entries.has(name)) this.#fault(start, DUPLICATE_KEY);
    return { name, start };
  }

  #fault(offset: number, message: string): void {
    this.faults.push({ offset, message });
  }
}
