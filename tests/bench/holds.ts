/**
 * How long the event loop is held by one thing at a time, at 100,000 messages: `deno run -A tests/bench/holds.ts [MESSAGES [PART…]]`; parts are
 * imap, pop3, odd and folders, all without. Each line: a command, its wall time, the longest three stretches between two turns of a timer, and
 * how much of the longest was V8's collection of garbage. The work is done by hold_work.ts in a process with the flags of the task `roost`.
 * Only a quiet machine gives numbers that mean something: what others do on the processor meanwhile counts.
 */
import type { Told } from "./hold_watch.ts";

/** Milliseconds that V8 was stopped for, and when that ended; since its start. */
interface Collection {
  readonly at: number;
  readonly ms: number;
}

const task = (await import("../../deno.json", { with: { type: "json" } })).default.tasks.roost;
const flags = task.split(" ").filter((f) =>
  f.startsWith("--") && !f.startsWith("--env-file") && !f.startsWith("--v8")
);
const v8 = `${
  task.split(" ").find((f) => f.startsWith("--v8-flags")) ?? "--v8-flags="
},--trace-gc,--expose-gc`;
const child = new Deno.Command(Deno.execPath(), {
  args: ["run", ...flags, v8, "--allow-run", new URL("hold_work.ts", import.meta.url).href, ...Deno.args],
  stdout: "piped",
  stderr: "piped",
}).spawn();

/** V8 writes to the one, the work to the other. */
const [traced, told] = await Promise.all([text(child.stdout), text(child.stderr, echo)]);
const status = await child.status;

async function text(
  from: ReadableStream<Uint8Array>,
  each: (line: string) => void = () => {},
): Promise<string> {
  let all = "";
  let line = "";
  for await (const some of from.pipeThrough(new TextDecoderStream())) {
    all += some;
    const lines = `${line}${some}`.split("\n");
    line = lines.pop() ?? "";
    lines.forEach(each);
  }
  return all;
}

/** What is no result is shown at once. */
function echo(line: string): void {
  if (!line.startsWith("{")) console.error(line);
}

function collections(): Collection[] {
  const found = [
    ...traced.matchAll(
      / (\d+) ms: (Scavenge|Mark-Compact|Minor)[^\n]*? MB, (?:pooled: [\d.]+ MB, )?([\d.]+) \//g,
    ),
  ];
  return found.map(([, at, , ms]) => ({ at: Number(at), ms: Number(ms) }));
}

const all = collections();
for (const line of told.split("\n").filter((l) => l.startsWith("{"))) {
  const { what, wall, holds }: Told = JSON.parse(line);
  const longest = holds[0];
  // V8 tells whole milliseconds, and its clock is not quite ours.
  const within = longest
    ? all.filter((c) => c.at >= longest.from - 2 && c.at <= longest.from + longest.ms + 2)
    : [];
  const collected = within.reduce((sum, c) => sum + c.ms, 0);
  const times = holds.map((h) => h.ms.toFixed(1).padStart(6)).join(" ");
  const gc = collected >= 0.5 ? `  collecting ${collected.toFixed(1)}` : "";
  console.log(`${what.padEnd(52)} ${wall.toFixed(0).padStart(7)} ms  ${times}${gc}`);
}
if (!status.success) Deno.exit(status.code);
