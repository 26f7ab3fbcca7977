/** Threads of the same base subject put together (RFC 5256 3, REFERENCES 5). */
import type { Slice } from "./slice.ts";
import { firstOf, ThreadNode } from "./thread.ts";

const STEP = 64;

/** Merges roots, which are in order; gives those that are left. */
export async function mergeSubjects(roots: readonly ThreadNode[], slice: Slice): Promise<ThreadNode[]> {
  const table = new Map<string, ThreadNode>();
  // (B)
  for (const root of roots) {
    const { subject } = firstOf(root);
    if (subject === "") continue;
    const known = table.get(subject);
    if (!known || replaces(root, known)) table.set(subject, root);
    if (slice.worked(STEP)) await slice.breathe();
  }
  // (C)
  const left = new Set<ThreadNode>();
  for (const root of roots) {
    const { subject } = firstOf(root);
    const known = table.get(subject);
    if (!known || known === root) left.add(root);
    else {merge(root, known, (made) => {
        left.delete(known);
        left.add(made);
        table.set(subject, made);
      });}
    if (slice.worked(STEP)) await slice.breathe();
  }
  return [...left];
}

function replaces(root: ThreadNode, known: ThreadNode): boolean {
  if (root.seq === 0) return known.seq > 0;
  return known.seq > 0 && known.isReply && !root.isReply;
}

/** Puts a root to the one of its subject; `made` is told of a new root for both. */
function merge(root: ThreadNode, known: ThreadNode, made: (root: ThreadNode) => void): void {
  if (known.seq === 0) {
    if (root.seq > 0) return known.add(root);
    for (const child of [...root.children]) known.add(child);
    return;
  }
  if (root.seq > 0 && root.isReply && !known.isReply) return known.add(root);
  const both = new ThreadNode();
  both.add(known);
  both.add(root);
  made(both);
}
