/** What a verb sees of the terminal and the machine; tests hand in their own. */
import type { PolicyFetcher } from "../auth/mta_sts/cache.ts";
import type { Clock } from "../base/clock.ts";
import type { Fs } from "../base/fs.ts";
import type { Random } from "../base/random.ts";
import type { Config } from "../config/config.ts";
import type { Resolver } from "../dns/resolver.ts";

export interface Terminal {
  /** Writes a line (or several) to standard output; the line end is added. */
  out(text: string): void;
  /** Writes a line to standard error. */
  err(text: string): void;
  /** Shows a line on standard error in place of the one shown before; "" takes it away. Only for a person who looks. */
  status?(text: string): void;
  /** A person looks at standard output: colours and progress are welcome. */
  readonly isTerminal: boolean;
  /** The current folder, absolute. */
  readonly cwd: string;
  env(name: string): string | undefined;
  /** Standard input. */
  stdin(): AsyncIterable<Uint8Array>;
}

/** The machine as the verbs use it. */
export interface Tools {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  /** The stored form of a password; takes a good part of a second. */
  hashPassword(password: string): Promise<string>;
  /** Looks names up as a configuration says. */
  resolver(config: Pick<Config, "dns" | "network">): Promise<Resolver>;
  /** As the global `fetch`. Rejects when nobody answers. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  readonly outside: Outside;
  readonly program: Program;
}

/** This program as a file, for who installs it. */
export interface Program {
  /** The path of the one file; null where Roost runs from source. */
  file(): string | null;
  readonly isRoot: boolean;
  /** From now on files and folders get just the mode they are made with. */
  readableByAll(): void;
}

/** The machine's place in the network, for the verbs that look at it. */
export interface Outside {
  /** Addresses of its interfaces. */
  addresses(): readonly string[];
  /** Connects and waits for what is said first, for `timeout` milliseconds at most each. Never throws. */
  greet(address: string, port: number, timeout: number): Promise<Greeting>;
  /** The first line a server of mail answers to EHLO by that name; null when it does not. Never throws. */
  hello(address: string, port: number, name: string, timeout: number): Promise<string | null>;
  /** What the machine calls itself. */
  hostname(): string;
  /** Fetches MTA-STS policies, as others do. */
  policies(resolver: Resolver): Promise<PolicyFetcher>;
}

/** What a port says to who connects: a line, nothing, or there is nobody. */
export type Greeting =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "nothing" }
  | { readonly kind: "nobody"; readonly why: string };

/** Exit codes: done, failed, wrong use. */
export type ExitCode = 0 | 1 | 2;

/** Ends a verb: its lines go to standard error, the code to the shell. Not a bug, so without a stack. */
export class CommandFault extends Error {
  override readonly name = "CommandFault";
  readonly code: ExitCode;
  readonly lines: readonly string[];
  constructor(lines: string | readonly string[], code: ExitCode = 1) {
    const all = typeof lines === "string" ? [lines] : lines;
    super(all.join("\n"));
    this.lines = all;
    this.code = code;
  }
}

/** All of standard input. Throws CommandFault past `max` octets. */
export async function readInput(terminal: Terminal, max: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of terminal.stdin()) {
    size += chunk.length;
    if (size > max) throw new CommandFault(`standard input: more than ${max} octets`);
    chunks.push(chunk.slice());
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
