/** The trace of this server, DATA/log/trace.sqlite: kept by the running server, read by it or, when none runs, from the file. */
import type { Clock } from "../base/clock.ts";
import type { Fs } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { Recorder } from "../trace/recorder.ts";
import type { Story } from "../trace/story.ts";
import type { TraceFile } from "../trace/trace_file.ts";

interface TracePorts {
  readonly fs: Fs;
  readonly clock: Clock;
  /** Not one that is traced. */
  readonly log: Log;
}

export function tracePath(config: Pick<Config, "data">): string {
  return `${dataPaths(config).log}/trace.sqlite`;
}

/** Keeps the trace; SQLite is loaded with the first event. */
export function traceRecorder(config: Config, { fs, clock, log }: TracePorts): Recorder {
  const database = async () => (await import("../sys/sqlite.ts")).openSqlite;
  return new Recorder(tracePath(config), config.trace, { database, fs, clock, log });
}

/** The file for as long as it is `using`; for when no server has it. Throws DatabaseError. */
export async function openTrace(config: Pick<Config, "data">): Promise<TraceFile & Disposable> {
  const [{ TraceFile }, { openSqlite }] = await Promise.all([
    import("../trace/trace_file.ts"),
    import("../sys/sqlite.ts"),
  ]);
  const path = tracePath(config);
  const db = openSqlite(path);
  try {
    const file = new TraceFile(db, path);
    return Object.assign(file, { [Symbol.dispose]: () => file.close() });
  } catch (e) {
    db.close();
    throw e;
  }
}

/** What the trace has of something; `since` in milliseconds since 1970. Throws DatabaseError. */
export async function askTrace(
  file: TraceFile | null,
  asked: string,
  since: number,
  clock: Clock,
): Promise<Story> {
  const [{ findTraced }, { storyOf }] = await Promise.all([
    import("../trace/search.ts"),
    import("../trace/story.ts"),
  ]);
  return storyOf(
    asked,
    file ? await findTraced(file, asked, since, clock) : { messages: [], refusals: [], more: false },
  );
}
