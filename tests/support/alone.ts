/** A network that is loopback and nothing else, and what the kernel tells of attempts to leave it. Needs root. */
import { must, run } from "./programs.ts";
import { roostCommand } from "./roost_process.ts";

/** What counts attempts to leave, in /proc/net/snmp and snmp6. */
const ATTEMPTS = ["Ip OutNoRoutes", "Udp OutDatagrams", "Ip6 OutNoRoutes", "Udp6 OutDatagrams"];
export const NO_ATTEMPTS: Readonly<Record<string, number>> = Object.fromEntries(
  ATTEMPTS.map((name) => [name, 0]),
);

/** A network namespace with loopback alone, and programs in it. */
export class Alone implements AsyncDisposable {
  readonly #keeper: Deno.ChildProcess;

  private constructor(keeper: Deno.ChildProcess) {
    this.#keeper = keeper;
  }

  static async make(): Promise<Alone> {
    const keeper = new Deno.Command("unshare", {
      args: [
        "--net",
        "sh",
        "-c",
        "ip link set lo up && ip -6 route flush table main && echo ready && exec cat",
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const alone = new Alone(keeper);
    const reader = keeper.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    if (done) {
      await alone[Symbol.asyncDispose]();
      throw new Error(
        "No network namespace can be made on this machine, so nothing shows that Roost keeps to a closed network",
      );
    }
    return alone;
  }

  #enter(command: string, args: readonly string[]): [string, string[]] {
    return ["nsenter", [`--net=/proc/${this.#keeper.pid}/ns/net`, command, ...args]];
  }

  must(command: string, ...args: string[]): Promise<string> {
    return must(...this.#enter(command, args));
  }

  run(command: string, ...args: string[]): ReturnType<typeof run> {
    return run(...this.#enter(command, args));
  }

  roost(...words: string[]): ReturnType<typeof run> {
    const { command, args } = roostCommand(...words);
    return this.run(command, ...args);
  }

  /** Starts Roost; gives it once it printed what matches `ready`. */
  start(ready: RegExp, ...words: string[]): Promise<Started> {
    const { command, args } = roostCommand(...words);
    return this.launch(ready, command, ...args);
  }

  /** The same with a command of one's own. */
  async launch(ready: RegExp, command: string, ...args: string[]): Promise<Started> {
    const [program, all] = this.#enter(command, args);
    return await started(ready, program, all);
  }

  /** Attempts to leave since it was made. */
  async attempts(): Promise<Record<string, number>> {
    const counted: Record<string, number> = {};
    const text = await this.must("cat", "/proc/net/snmp", "/proc/net/snmp6");
    const names = new Map<string, string[]>();
    for (const line of text.split("\n")) {
      const [kind = "", ...words] = line.split(/\s+/);
      if (/^(?:Ip|Udp)6/.test(kind)) counted[kind.replace("6", "6 ")] = Number(words[0]);
      else if (!names.has(kind)) names.set(kind, words);
      else words.forEach((w, i) => counted[`${kind.replace(":", "")} ${names.get(kind)?.[i]}`] = Number(w));
    }
    return Object.fromEntries(ATTEMPTS.map((name) => [name, counted[name] ?? NaN]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper.stdin.close().catch(() => {}); // it may have ended
    await this.#keeper.status;
    await this.#keeper.stdout.cancel();
  }
}

/** Starts a program; gives it once it printed what matches `ready`. */
export async function started(
  ready: RegExp,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Started> {
  // Whatever it says goes to one place.
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec "$@" 2>&1', "sh", command, ...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const program = new Started(child);
  await program.printed(ready);
  return program;
}

/** A program that runs until it is stopped. */
export class Started implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #said = "";
  #rest: Promise<void> | null = null;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get said(): string {
    return this.#said;
  }

  async printed(what: RegExp): Promise<void> {
    while (!what.test(this.#said)) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`It ended before it said ${what}: ${this.#said}`);
      this.#said += value;
    }
    this.#rest = (async () => {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) return;
        this.#said += value;
      }
    })();
  }

  async stop(signal: Deno.Signal = "SIGINT"): Promise<number> {
    this.#child.kill(signal);
    const { code } = await this.#child.status;
    await this.#rest;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.#child.status;
    await this.#rest;
  }
}
