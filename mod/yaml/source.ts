/**
 * YAML text with places: what is wrong in it, and where each value stands, so that every fault can name line and column.
 */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseDocument,
} from "yaml";

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

/** The library's texts where ours can say what to do. */
const HINTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this key is there twice; keep one of them",
  MULTIPLE_DOCS: "a second document starts here; remove the line with ---",
  TAB_AS_INDENT: "a tab cannot indent; use spaces",
  UNEXPECTED_TOKEN:
    'cannot be read from here on; a value that holds [ ] { } : # or quotes needs quotes around it, such as "[::]:25"',
};

/** Reads one YAML document. Never throws. */
export function parseYamlSource(text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    // An empty file has no lines at all.
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: YamlProblem[] = document.errors.map((e) => ({
    position: at(e.pos[0]),
    message: HINTS[e.code] ?? e.message.replace(/\s+/g, " "),
  }));
  let value: unknown = null;
  try {
    if (problems.length === 0) value = document.toJS({ maxAliasCount: 100 });
  } catch (e) {
    // Aliases that would unfold without end ("billion laughs"), or to nothing.
    problems.push({ position: at(0), message: e instanceof Error ? e.message : String(e) });
  }
  return {
    value,
    problems,
    position: (path, part = "value") => at(offsetOf(document, path, part)),
  };
}

/** Problems as lines "FILE:LINE:COLUMN: what", in the order of the file. */
export function formatProblems(file: string, problems: readonly YamlProblem[]): string[] {
  return [...problems]
    .sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column)
    .map((p) => `${file}:${p.position.line}:${p.position.column}: ${p.message}`);
}

function offsetOf(document: Document.Parsed, path: YamlPath, part: "key" | "value"): number {
  let node: ParsedNode | null = document.contents;
  let offset = node?.range[0] ?? 0;
  for (const [i, step] of path.entries()) {
    if (isMap(node)) {
      const pair: Pair<ParsedNode, ParsedNode | null> | undefined = node.items.find((p) =>
        isScalar(p.key) && String(p.key.value) === String(step)
      );
      if (!pair) return offset;
      offset = pair.key.range[0];
      if (part === "key" && i === path.length - 1) return offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)] as ParsedNode | undefined ?? null; // a parsed sequence holds parsed nodes
    } else {
      return offset;
    }
    if (node && node.range[0] !== node.range[1]) offset = node.range[0];
  }
  return offset;
}
