/** The word of `known` that `word` was probably meant to be, or null: one slip of the finger in short words, two in longer ones. */
export function suggest(word: string, known: Iterable<string>): string | null {
  const lower = word.toLowerCase();
  const allowed = word.length < 5 ? 1 : 2;
  let best: string | null = null;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    const d = editDistance(lower, candidate.toLowerCase(), allowed);
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** Insertions, removals, changes and swaps of neighbours from `a` to `b`; anything past `most` may come back as `most + 1`. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        d = Math.min(d, (before[j - 2] ?? 0) + 1);
      }
      row.push(d);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? most + 1;
}
