import { type CrashMode, MemFs, PowerCut } from "./mem_fs.ts";
import { settle } from "./fake_clock.ts";

/** Where the power was cut and what survived of it, for messages. */
export interface Cut {
  /** The step that was not done, from 1; one more than there are when the scenario ran to its end first. */
  readonly step: number;
  readonly what: string;
  readonly mode: CrashMode;
}

export interface EveryCrashOptions {
  /** The machine before the scenario; all it did is on the medium when the scenario starts. Default: an empty one. */
  readonly make?: () => MemFs | Promise<MemFs>;
  /** How many seeded survivals per step, besides "synced-only" and "all". */
  readonly seeds?: number;
  /** Which steps are tried, besides the end; all without it. */
  readonly at?: readonly number[];
}

/**
 * Runs `scenario` again and again with the power cut at its first, second, ... step until one run gets to its end, and each time
 * hands `check` what survived in every mode with all that the scenario had acknowledged to its peers by then. Gives the number of steps.
 */
export async function everyCrash<A>(
  scenario: (fs: MemFs, acknowledge: (what: A) => void) => Promise<void>,
  check: (survivor: MemFs, acknowledged: readonly A[], cut: Cut) => Promise<void> | void,
  options: EveryCrashOptions = {},
): Promise<number> {
  for (let i = 0;; i++) {
    const n = options.at ? options.at[i] ?? Infinity : i + 1;
    const fs = await options.make?.() ?? new MemFs();
    fs.syncAll();
    fs.crashAt(n);
    const acknowledged: A[] = [];
    const heard = (what: A) => {
      if (fs.cut === null) acknowledged.push(what);
    };
    await untilCut(fs, scenario(fs, heard));
    const seeds = Array.from(
      { length: options.seeds ?? 3 },
      (_, j): CrashMode => ({ seed: (i + 1) * 1000 + j }),
    );
    const modes: CrashMode[] = ["synced-only", "all", ...seeds];
    for (const mode of modes) {
      const cut: Cut = { step: n, what: fs.cut ?? "the end", mode };
      try {
        await check(fs.afterCrash(mode), acknowledged, cut);
      } catch (e) {
        const where = `Power cut at ${cut.what}, survival ${JSON.stringify(mode)}`;
        throw new Error(`${where}: ${e instanceof Error ? e.message : e}`, { cause: e });
      }
    }
    if (fs.cut === null) return i;
  }
}

/** A scenario ends with the power, even where it waits for something that can no longer come. */
async function untilCut(fs: MemFs, run: Promise<void>): Promise<void> {
  const ended = run.catch((e) => {
    if (fs.cut === null || !causedByCut(e)) throw e;
  });
  await Promise.race([ended, fs.whenCut().then(() => settle())]);
}

function causedByCut(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof PowerCut) return true;
  return error instanceof AggregateError && error.errors.some(causedByCut);
}
