/** Programs that are not ours, for interop tests. */

export interface Ran {
  readonly code: number;
  /** Standard output as it came. */
  readonly stdout: Uint8Array;
  /** The same as text. */
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; it is killed after `seconds` (60). */
export async function run(
  command: string,
  args: readonly string[],
  options: {
    readonly stdin?: string | Uint8Array;
    readonly env?: Record<string, string>;
    readonly cwd?: string;
    readonly seconds?: number;
  } = {},
): Promise<Ran> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.env ? { env: options.env } : {}),
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), 1000 * (options.seconds ?? 60));
  try {
    const [{ code, stdout, stderr }] = await Promise.all([child.output(), feed(child, options.stdin)]);
    return { code, stdout, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** Writes all of its input while its output is read: either may be more than a pipe holds. */
async function feed(child: Deno.ChildProcess, input: string | Uint8Array | undefined): Promise<void> {
  if (input === undefined) return;
  const writer = child.stdin.getWriter();
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  // A program that ends before it has read all is judged by its exit code.
  await writer.write(bytes).then(() => writer.close()).catch(() => {});
}

/** Runs a program that must succeed; its output. */
export async function must(
  command: string,
  args: readonly string[],
  options: Parameters<typeof run>[2] = {},
): Promise<string> {
  const ran = await run(command, args, options);
  if (ran.code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${ran.code}:\n${ran.out}\n${ran.err}`);
  }
  return ran.out;
}

/** Looks again every 50 ms until `probe` gives something; fails after `seconds` with what `what` says. For programs that tell nobody when they are ready. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  seconds = 60,
): Promise<T> {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    const got = await probe();
    if (got !== null && got !== undefined && got !== false) return got;
    if (performance.now() > until) throw new Error(`Not within ${seconds} s: ${what}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** All regular files below a folder, by path relative to it; empty when it is not there. */
export async function filesBelow(dir: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string) => {
    for await (const e of Deno.readDir(`${dir}/${path}`)) {
      if (e.isDirectory) await walk(`${path}${e.name}/`);
      else if (e.isFile) found.push(path + e.name);
    }
  };
  try {
    await walk("");
  } catch (e) {
    if (!(e instanceof Deno.errors.NotFound)) throw e;
  }
  return found.sort();
}
