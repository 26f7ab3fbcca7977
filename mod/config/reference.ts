/** Every key of roost.yaml with what is allowed, its default and why it is there: made from the schema itself. */
import { SCHEMA } from "./schema.ts";

/** One key. `key` is dotted, "NAME" standing for names people choose. */
export interface ReferenceLine {
  readonly key: string;
  /** "" for a mapping whose keys follow. */
  readonly allowed: string;
  /** As it would be written; "" when there is none. */
  readonly fallback: string;
  readonly doc: string;
}

/** The parts of valibot's schemas that matter here. */
interface Node {
  readonly type?: string;
  readonly pipe?: readonly Node[];
  readonly wrapped?: Node;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, Node>>;
  readonly item?: Node;
  readonly value?: Node;
  readonly metadata?: unknown;
  readonly description?: string;
}

/** All keys, in the order of the schema. */
export function configReference(): readonly ReferenceLine[] {
  const lines: ReferenceLine[] = [];
  walk(SCHEMA as unknown as Node, "", lines); // valibot's own types hide what schemas are made of
  return lines;
}

/** The reference as text for a terminal. */
export function formatReference(): string {
  return configReference().map((line) => {
    const facts = [line.allowed, line.fallback === "" ? "" : `default ${line.fallback}`].filter((f) =>
      f !== ""
    );
    return `${line.key}\n    ${line.doc}${facts.length === 0 ? "" : `\n    ${facts.join("; ")}`}`;
  }).join("\n");
}

function walk(node: Node, path: string, lines: ReferenceLine[]): void {
  for (const part of partsOf(node)) {
    for (const [name, below] of Object.entries(part.entries ?? {})) {
      const key = path === "" ? name : `${path}.${name}`;
      lines.push({ key, allowed: allowedIn(below), fallback: fallbackOf(below), doc: docOf(below) });
      walk(below, key, lines);
    }
    if (part.type === "record" && part.value) walk(part.value, `${path}.NAME`, lines);
    if (part.type === "array" && part.item) walk(part.item, `${path}[]`, lines);
  }
}

/** A node and what it is piped through or wraps, without going into entries. */
function* partsOf(node: Node): Generator<Node> {
  if (node.pipe) {
    for (const part of node.pipe) {
      if (part !== node && part.type !== undefined) {
        yield* partsOf({ ...part, ...(part.pipe === node.pipe ? { pipe: [] } : {}) });
      }
    }
  } else if (node.wrapped) yield* partsOf(node.wrapped);
  else yield node;
}

function allowedIn(node: Node): string {
  const found = new Set<string>();
  const look = (n: Node, depth: number) => {
    for (const part of n.pipe ?? []) {
      const allowed = part.type === "metadata" ? (part.metadata as { allowed?: string }).allowed : undefined;
      if (allowed !== undefined) found.add(allowed);
      else if (part !== n && depth < 6 && part.pipe !== n.pipe) look(part, depth + 1);
      if (part.item) look(part.item, depth + 1);
    }
    if (n.wrapped) look(n.wrapped, depth + 1);
    if (n.item) look(n.item, depth + 1);
  };
  look(node, 0);
  return [...found].join("; ");
}

function docOf(node: Node): string {
  const described = [node, node.wrapped].flatMap((n) => n?.pipe ?? []).find((p) => p.type === "description");
  return described?.description ?? "";
}

function fallbackOf(node: Node): string {
  const value: unknown = typeof node.default === "function" ? node.default() : undefined;
  if (
    value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0)
  ) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
