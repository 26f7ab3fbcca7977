import type { ResponseBuffer } from "./response_buffer.ts";
import type { Thread } from "./thread.ts";

/** One thread: "(3 6 (4 23)(44 7 96))" (RFC 5256 4). Gives how many messages it has. */
export function writeThread(out: ResponseBuffer, thread: Thread, numberOf: (seq: number) => number): number {
  let told = 0;
  /** What is yet to be written: threads, and null for each ")". */
  const left: (Thread | null)[] = [thread];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next === null) {
      out.ascii(")");
      continue;
    }
    out.ascii("(");
    left.push(null);
    let last = next;
    for (let blank = "";; blank = " ") {
      if (last.seq > 0) {
        out.ascii(blank);
        out.number(numberOf(last.seq));
        told++;
      }
      const [only] = last.children;
      if (last.children.length !== 1 || !only) break;
      last = only;
    }
    if (last.children.length > 0 && last.seq > 0) out.ascii(" ");
    for (let i = last.children.length - 1; i >= 0; i--) left.push(last.children[i] ?? null);
  }
  return told;
}
