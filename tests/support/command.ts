/** Runs verbs without a process: files in memory, a terminal that remembers, a server that is not there unless given. */
import { scryptSync } from "node:crypto";
import { utf8 } from "../../mod/base/bytes.ts";
import { runCommandLine } from "../../mod/app/command_line.ts";
import type { Greeting, Outside, Terminal, Tools } from "../../mod/app/terminal.ts";
import { err, ok } from "../../mod/base/result.ts";
import type { Config } from "../../mod/config/config.ts";
import type { Resolver } from "../../mod/dns/resolver.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemFs } from "./mem_fs.ts";
import { SeededRandom } from "./seeded_random.ts";
import { zone } from "./zone.ts";

export const CONFIG = `# head
hostname: mail.example.test
data: data
listen: { smtp: ["127.0.0.1:25"], submissions: ["127.0.0.1:465"], http: ["127.0.0.1:8080"] }
domains:
  # ours
  example.test: { aliases: { postmaster: [you] } }
`;

/** A real hash at a cost that tests can afford. */
function quickHash(password: string): string {
  const salt = new Uint8Array(16).fill(1);
  const hash = scryptSync(password, salt, 32, { N: 16, r: 1, p: 1 });
  const base64 = (bytes: Uint8Array) => bytes.toBase64({ omitPadding: true });
  return `$scrypt$ln=4,r=1,p=1$${base64(salt)}$${base64(hash)}`;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A machine with /home/roost.yaml. */
export class Machine {
  readonly clock: FakeClock = new FakeClock();
  readonly fs: MemFs;
  readonly random: SeededRandom = new SeededRandom(9);
  /** Requests that the server got, "POST /api/reload". */
  readonly requests: string[] = [];
  readonly environment: Record<string, string> = {};
  /** Answers requests, where a server runs. */
  server: ((method: string, path: string, token: string, body: string) => Response) | null = null;
  isTerminal = false;
  /** Lines of progress that were shown. */
  readonly statuses: string[] = [];
  /** What verbs look names up in. */
  dns: Resolver = zone({});
  /** The configurations of the resolvers that verbs asked for. */
  readonly resolvers: Pick<Config, "dns" | "network">[] = [];

  /** Addresses of its interfaces. */
  addresses: readonly string[] = ["127.0.0.1", "::1"];
  /** What ports say, by "ADDRESS:PORT"; nobody is at the others. */
  readonly greetings: Map<string, Greeting> = new Map();
  /** What is answered to EHLO, by "ADDRESS:PORT". */
  readonly hellos: Map<string, string> = new Map();
  hostname = "pi";
  /** The file Roost was started from; null for its sources. */
  executable: string | null = null;
  isRoot = true;
  /** MTA-STS policies by host. */
  readonly policies: Map<string, string> = new Map();
  readonly outside: Outside = {
    addresses: () => this.addresses,
    greet: (address, port) =>
      Promise.resolve(
        this.greetings.get(`${address}:${port}`) ?? { kind: "nobody", why: "connection refused" },
      ),
    hello: (address, port) => Promise.resolve(this.hellos.get(`${address}:${port}`) ?? null),
    hostname: () => this.hostname,
    policies: () =>
      Promise.resolve({
        fetch: (host) => {
          const text = this.policies.get(host);
          return Promise.resolve(text === undefined ? err(`cannot reach ${host}`) : ok(utf8(text)));
        },
      }),
  };

  constructor(files: Readonly<Record<string, string>> = { "/home/roost.yaml": CONFIG }) {
    this.fs = new MemFs({ clock: this.clock, files, dirs: ["/home"] });
  }

  /** Starts a server that says yes to everything. */
  async startServer(): Promise<void> {
    await this.fs.makeDir("/home/data");
    await this.fs.createWith("/home/data/control.token", [utf8("secret\n")]);
    this.server = () => Response.json({ ok: true });
  }

  get tools(): Tools {
    return {
      fs: this.fs,
      clock: this.clock,
      random: this.random,
      hashPassword: (password) => Promise.resolve(quickHash(password)),
      resolver: (config) => {
        this.resolvers.push(config);
        return Promise.resolve(this.dns);
      },
      fetch: (url, init) => this.#answer(url, init),
      outside: this.outside,
      program: {
        file: () => this.executable,
        isRoot: this.isRoot,
        readableByAll: () => {},
      },
    };
  }

  /** Runs `roost ARGS…`. */
  async run(args: readonly string[], stdin: string | Uint8Array = ""): Promise<Ran> {
    const out: string[] = [];
    const err: string[] = [];
    const terminal: Terminal = {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      status: (text) => void this.statuses.push(text),
      isTerminal: this.isTerminal,
      cwd: "/home",
      env: (name) => this.environment[name],
      async *stdin() {
        await Promise.resolve();
        yield typeof stdin === "string" ? utf8(stdin) : stdin;
      },
    };
    const code = await runCommandLine(args, terminal, this.tools);
    return { code, out: out.join("\n"), err: err.join("\n") };
  }

  /** A file's text, "" when there is none. */
  async text(path: string): Promise<string> {
    const bytes = await this.fs.readFile(path, 1024 * 1024);
    return bytes ? new TextDecoder().decode(bytes) : "";
  }

  #answer(url: string, init: RequestInit): Promise<Response> {
    const { pathname, search } = new URL(url);
    if (!this.server) return Promise.reject(new TypeError("connection refused"));
    this.requests.push(`${init.method} ${pathname}${search}`);
    const token = new Headers(init.headers).get("authorization") ?? "";
    const body = typeof init.body === "string" ? init.body : "";
    return Promise.resolve(this.server(init.method ?? "", pathname, token, body));
  }
}
