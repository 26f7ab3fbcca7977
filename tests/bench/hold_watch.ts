/** Watches how long the event loop is held, and a client that costs it little. */
import { fromUtf8 } from "../../mod/base/bytes.ts";
import { ScriptConn } from "../support/script_conn.ts";

/** A stretch in which no timer ran: milliseconds since the start of the process, and its length. */
export interface Hold {
  readonly from: number;
  readonly ms: number;
}

/** A line of the result. */
export interface Told {
  readonly what: string;
  /** Milliseconds. */
  readonly wall: number;
  /** The longest, descending. */
  readonly holds: readonly Hold[];
}

const LONGEST = 3;

/** Watches the loop until it is stopped. */
function watch(): () => readonly Hold[] {
  const holds: Hold[] = [];
  let on = true;
  let at = performance.now();
  const turn = () => {
    const now = performance.now();
    if (holds.length < LONGEST || now - at > (holds.at(-1)?.ms ?? 0)) {
      holds.push({ from: at, ms: now - at });
      holds.sort((a, b) => b.ms - a.ms);
      holds.splice(LONGEST);
    }
    at = now;
    if (on) setTimeout(turn, 0);
  };
  setTimeout(turn, 0);
  return () => {
    on = false;
    return holds;
  };
}

/** Does something and tells how long the loop was held meanwhile, on standard error. */
export async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  await new Promise((r) => setTimeout(r, 5));
  const began = performance.now();
  const held = watch();
  await work();
  await new Promise((r) => setTimeout(r, 5));
  const told: Told = { what, wall: performance.now() - began, holds: held() };
  console.error(JSON.stringify(told));
}

/** A client that looks at the end of what it is told only: 50 MB of answers would hold the loop longer than whoever writes them. */
export class BenchConn extends ScriptConn {
  #commands = 0;
  #wake = () => {};

  override write(bytes: Uint8Array): Promise<void> {
    const done = super.write(bytes);
    this.written.splice(0, this.written.length - 2);
    this.#wake();
    return done;
  }

  /** Lends, as sockets do: an array for each write would be collected in time that is not the server's. */
  async lend(bytes: Uint8Array): Promise<void> {
    await this.write(bytes.subarray(-4000));
  }

  /** An IMAP command; `after` is fed as it is. */
  async ok(command: string, after: readonly Uint8Array[] = []): Promise<void> {
    const tag = `b${++this.#commands}`;
    this.feed(`${tag} ${command}\r\n`);
    for (const bytes of after) this.feed(bytes, 64 * 1024);
    for (let reply = ""; !reply.startsWith("OK");) {
      await this.#more();
      reply = this.#end().split(`\r\n${tag} `)[1] ?? "";
      if (/^(NO|BAD)/.test(reply)) throw new Error(`${command.slice(0, 60)}: ${reply}`);
    }
  }

  /** A POP3 command; `end` is what the last of its answer looks like. */
  async pop(command: string, end = /^\+OK/m): Promise<void> {
    this.feed(`${command}\r\n`);
    for (;;) {
      await this.#more();
      const told = this.#end();
      if (told.includes("\r\n-ERR")) throw new Error(`${command}: ${told}`);
      if (end.test(told)) return void this.written.splice(0);
    }
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => this.#wake = resolve);
  }

  #end(): string {
    return `\r\n${this.written.map((bytes) => fromUtf8(bytes.subarray(-2000))).join("")}`;
  }
}
