/** The terminal and the tools of the machine we run on. */
import { systemClock } from "../sys/clock.ts";
import { DenoFs } from "../sys/fs.ts";
import { systemRandom } from "../sys/random.ts";
import { utf8 } from "../base/bytes.ts";
import { interfaceAddresses } from "./interfaces.ts";
import { silentLog } from "./silent_log.ts";
import { readBuild } from "./version.ts";
import type { Terminal, Tools } from "./terminal.ts";

/** Milliseconds a person waits for a policy. */
const POLICY_WAIT = 15_000;

/** Standard input, output and error of this process. */
export const machineTerminal: Terminal = {
  out: (text) => writeLine(Deno.stdout, text),
  err: (text) => writeLine(Deno.stderr, text),
  status: (text) => Deno.stderr.isTerminal() ? writeAll(Deno.stderr, `\r\x1b[K${text}`) : undefined,
  // https://no-color.org
  get isTerminal() {
    return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
  },
  get cwd() {
    return Deno.cwd();
  },
  env: (name) => Deno.env.get(name),
  stdin: () => Deno.stdin.readable,
};

/** Files, clock, randomness and HTTP of this machine. */
export const machineTools: Tools = {
  fs: new DenoFs(silentLog),
  clock: systemClock,
  random: systemRandom,
  // Loaded when a verb needs it: `serve` has its own.
  async hashPassword(password) {
    const { PasswordHasher } = await import("../account/password_hasher.ts");
    return await new PasswordHasher(systemRandom, systemClock).hash(password);
  },
  async resolver(config) {
    const { buildResolver } = await import("./resolver.ts");
    return buildResolver(config, systemClock, systemRandom);
  },
  fetch: (url, init) => fetch(url, init),
  program: {
    file: programFile,
    get isRoot() {
      return Deno.uid() === 0;
    },
    readableByAll: () => void Deno.umask(0o022),
  },
  outside: {
    addresses: interfaceAddresses,
    async greet(address, port, timeout) {
      const { greet } = await import("./greet.ts");
      return await greet(address, port, timeout);
    },
    async hello(address, port, name, timeout) {
      const { hello } = await import("./greet.ts");
      return await hello(address, port, name, timeout);
    },
    hostname: () => Deno.hostname(),
    async policies(resolver) {
      const { HttpsFetcher } = await import("../sys/https.ts");
      return new HttpsFetcher(resolver, { timeout: POLICY_WAIT });
    },
  },
};

function programFile(): string | null {
  const { kind } = readBuild();
  if (kind === "executable") return Deno.execPath();
  // What runs is the unpacked runtime; its starter says where it stands itself.
  return kind === "portable" ? Deno.env.get("ROOST_FILE") ?? null : null;
}

function writeLine(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  writeAll(to, `${text}\n`);
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = utf8(text);
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
  } catch (e) {
    // "roost queue list | head": the reader has what it wanted.
    if (!(e instanceof Deno.errors.BrokenPipe)) throw e;
  }
}
