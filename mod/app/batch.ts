/** `--batch`: one JSON object a line in, one a line out, in the order in which answers are known. */
import { fromUtf8 } from "../base/bytes.ts";
import { BATCH_AT_ONCE, BATCH_LINE } from "../base/limits.ts";
import type { Terminal } from "./terminal.ts";

/** A line of the input, parsed. */
export type BatchQuestion = Readonly<Record<string, unknown>>;

/** What was wrong with a line, for whoever wrote it; becomes its answer's `error`. */
export class BatchFault extends Error {
  override readonly name = "BatchFault";
}

/**
 * Answers standard input line by line until it ends. `answer` gives an answer without its `id`; what it throws becomes an `error`, as does a
 * line that is no JSON object or is too long. Not more than BATCH_AT_ONCE are under way: then the input waits.
 */
export async function runBatch(
  terminal: Terminal,
  answer: (question: BatchQuestion) => Promise<object>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for await (const line of linesOf(terminal.stdin())) {
    if (line !== null && line.trim() === "") continue;
    const task: Promise<void> = answerLine(line, answer).then((text) => {
      underWay.delete(task);
      terminal.out(text);
    });
    underWay.add(task);
    if (underWay.size >= BATCH_AT_ONCE) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

async function answerLine(
  line: string | null,
  answer: (question: BatchQuestion) => Promise<object>,
): Promise<string> {
  let id: unknown = null;
  try {
    const question = parseLine(line);
    id = question["id"] ?? null;
    return JSON.stringify({ id, ...await answer(question) });
  } catch (e) {
    return JSON.stringify({ id, error: e instanceof Error ? e.message : String(e) });
  }
}

function parseLine(line: string | null): BatchQuestion {
  if (line === null) throw new BatchFault(`the line has more than ${BATCH_LINE} octets`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BatchFault("the line is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BatchFault("the line is no JSON object");
  }
  return value as BatchQuestion;
}

/** A text of a question. Throws BatchFault when it is no text, or is missing and there is no `otherwise`. */
export function textOf(question: BatchQuestion, key: string, otherwise?: string): string {
  const value = question[key] ?? otherwise;
  if (typeof value !== "string") {
    throw new BatchFault(value === undefined ? `"${key}" is missing` : `"${key}" is no text`);
  }
  return value;
}

/** Lines without their ends (LF or CRLF); null for one that is too long. The last need not have an end. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = () => {
    const line = size > BATCH_LINE ? null : decode(parts, size);
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of input) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      parts.push(chunk.subarray(from, at));
      size += at - from;
      yield take();
      from = at + 1;
    }
    size += chunk.length - from;
    // The rest of an overlong line is counted, not kept.
    if (size > BATCH_LINE) parts = [];
    else if (from < chunk.length) parts.push(chunk.slice(from));
  }
  if (size > 0) yield take();
}

function decode(parts: readonly Uint8Array[], size: number): string {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return fromUtf8(all);
}
