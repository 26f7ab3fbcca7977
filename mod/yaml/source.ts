/**
 * YAML text with places: what is wrong in it, and where each value stands, so that every fault can name line and column.
 */
import { type Event, parseEvents, YAMLException } from "js-yaml";
import { faultMessage, type YamlFault } from "./fault.ts";
import { buildTree, type YamlNode, type YamlTree } from "./tree.ts";

/** Counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One fault in a file, in words for the person who wrote it. */
export interface YamlProblem {
  readonly position: Position;
  readonly message: string;
}

export type YamlPath = readonly (string | number)[];

/** A parsed YAML document. */
export interface YamlSource {
  /** The parsed value; only meaningful when there are no `problems`. */
  readonly value: unknown;
  /** Faults of syntax. */
  readonly problems: readonly YamlProblem[];
  /** Where the value (or, with "key", the key) at `path` begins; of the deepest part of the path there is. */
  position(path: YamlPath, part?: "key" | "value"): Position;
}

/** Reads one YAML document. Never throws. */
export function parseYamlSource(text: string): YamlSource {
  const { root, faults } = readTree(text);
  const at = placesIn(text);
  return {
    value: root?.value ?? null,
    problems: faults.map(({ offset, message }) => ({ position: at(offset), message })),
    position: (path, part = "value") => at(offsetOf(root, path, part)),
  };
}

function readTree(text: string): YamlTree {
  let events: readonly Event[];
  try {
    events = parseEvents(text, {});
  } catch (e) {
    return { root: null, faults: [faultOf(text, e)] };
  }
  return buildTree(text, events);
}

function faultOf(text: string, thrown: unknown): YamlFault {
  if (!(thrown instanceof YAMLException)) return { offset: 0, message: String(thrown) };
  const offset = thrown.mark?.position ?? 0;
  return { offset, message: faultMessage(text, offset, thrown.reason) };
}

/** Line and column of offsets; the lines are looked up once, at the first question. */
function placesIn(text: string): (offset: number) => Position {
  let starts: number[] | null = null;
  return (offset) => {
    starts ??= lineStarts(text);
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Problems as lines "FILE:LINE:COLUMN: what", in the order of the file. */
export function formatProblems(file: string, problems: readonly YamlProblem[]): string[] {
  return [...problems]
    .sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column)
    .map((p) => `${file}:${p.position.line}:${p.position.column}: ${p.message}`);
}

function offsetOf(root: YamlNode | null, path: YamlPath, part: "key" | "value"): number {
  let node = root;
  let offset = node?.start ?? 0;
  for (const [i, step] of path.entries()) {
    if (node?.kind === "mapping") {
      const entry = node.entries.get(String(step));
      if (!entry) return offset;
      offset = entry.start;
      if (part === "key" && i === path.length - 1) return offset;
      node = entry.node;
    } else if (node?.kind === "list") {
      node = node.items[Number(step)] ?? null;
    } else {
      return offset;
    }
    offset = node?.start ?? offset;
  }
  return offset;
}
