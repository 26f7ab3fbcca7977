/** Items sorted at once: under a millisecond. */
const RUN = 256;

/**
 * The items in order, equal ones in the order they came; other work gets its turn however many they are. `worked` is told how many items were
 * sorted or put in their place since it was last called, and gives what to wait for when it is time, else null.
 */
export async function sortInTurns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  worked: (items: number) => Promise<void> | null,
): Promise<T[]> {
  let sorted: T[] = [];
  let inOrder = true;
  for (let at = 0; at < items.length; at += RUN) {
    const run = items.slice(at, at + RUN).sort(compare);
    inOrder &&= at === 0 || compare(sorted[at - 1] as T, run[0] as T) <= 0; // neither run is empty
    for (const item of run) sorted.push(item);
    const turn = worked(run.length);
    if (turn) await turn;
  }
  if (inOrder) return sorted;
  for (let run = RUN; run < sorted.length; run *= 2) sorted = await mergeRuns(sorted, run, compare, worked);
  return sorted;
}

/** Each two runs put together. */
async function mergeRuns<T>(
  from: readonly T[],
  run: number,
  compare: (a: T, b: T) => number,
  worked: (items: number) => Promise<void> | null,
): Promise<T[]> {
  const to: T[] = [];
  for (let start = 0; start < from.length; start += run * 2) {
    const middle = Math.min(start + run, from.length);
    const end = Math.min(middle + run, from.length);
    let [one, other] = [start, middle];
    while (one < middle || other < end) {
      const first = other === end || (one < middle && compare(from[one] as T, from[other] as T) <= 0);
      to.push(from[first ? one++ : other++] as T); // within both
      const turn = worked(1);
      if (turn) await turn;
    }
  }
  return to;
}
