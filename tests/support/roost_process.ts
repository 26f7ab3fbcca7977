/** A real Roost process for end-to-end tests: own folder, own ports, the command line that deno.json has (or ROOST_EXE, a compiled one). */
import { freePorts } from "./free_ports.ts";

export interface RoostOptions {
  /** Domain -> YAML flow value of its settings. Default: example.test. */
  readonly domains?: Readonly<Record<string, string>>;
  /** Accounts and their passwords. Default: alice and bob at example.test with "secret-alice" and "secret-bob". */
  readonly users?: Readonly<Record<string, string>>;
  /** Further lines of roost.yaml. */
  readonly config?: string;
  /** Address to listen on. */
  readonly address?: string;
  /** Fixed ports for some services. */
  readonly ports?: Partial<Ports>;
  /** Port of a listener for old devices; there is none without it. */
  readonly devices?: number;
  /** Port of listen.https; there is none without it. */
  readonly https?: number;
  /** "open" lets it ask DNS. Default closed. */
  readonly network?: "open" | "closed";
  /** Value of `tls`. Default: an own authority. */
  readonly tls?: string;
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ports {
  smtp: number;
  submission: number;
  submissions: number;
  imap: number;
  imaps: number;
  pop3: number;
  pop3s: number;
  lmtp: number;
  http: number;
}

const TOP = new URL("../../", import.meta.url);
/** All listeners. */
export const SERVICES: readonly (keyof Ports)[] = [
  "smtp",
  "submission",
  "submissions",
  "imap",
  "imaps",
  "pop3",
  "pop3s",
  "lmtp",
  "http",
];

/** Milliseconds a stop may take: longer than Roost gives connections and deliveries to end. */
const END_WITHIN = 30_000;

const LOOPBACK = "127.0.0.1";

/** A port for each service. */
function choosePorts(hostname: string, fixed: Partial<Ports>): Ports {
  const free = freePorts(SERVICES.length, hostname);
  const ports = {} as Ports; // filled by the loop
  SERVICES.forEach((s, i) => ports[s] = fixed[s] ?? free[i] ?? 0);
  return ports;
}

/** Command and arguments that start Roost. */
export function roostCommand(...args: string[]): { command: string; args: string[] } {
  const exe = Deno.env.get("ROOST_EXE");
  if (exe) return { command: exe, args };
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", TOP))) as {
    tasks: Record<string, string>;
  };
  const [, ...rest] = (config.tasks["roost"] ?? "").split(/\s+/);
  return {
    command: Deno.execPath(),
    args: [...rest.map((a) => a === "main.ts" ? new URL("main.ts", TOP).pathname : a), ...args],
  };
}

/** Runs a verb to its end. */
export async function runRoost(
  args: readonly string[],
  options: { readonly stdin?: string; readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<{ code: number; out: string; err: string }> {
  const { command, args: all } = roostCommand(...args);
  const child = new Deno.Command(command, {
    args: all,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd ? { cwd: options.cwd } : {}),
    env: { NO_COLOR: "1", ...options.env },
  }).spawn();
  const writer = child.stdin.getWriter();
  if (options.stdin) await writer.write(new TextEncoder().encode(options.stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** A running server. `await using` stops it and removes its folder. */
export class RoostProcess implements AsyncDisposable {
  readonly dir: string;
  readonly ports: Ports;
  readonly address: string;
  readonly #options: RoostOptions;
  #child: Deno.ChildProcess | null = null;
  #lines: string[] = [];
  #pump: Promise<void> = Promise.resolve();
  #wake: (() => void)[] = [];

  private constructor(dir: string, ports: Ports, options: RoostOptions) {
    this.dir = dir;
    this.ports = ports;
    this.address = options.address ?? LOOPBACK;
    this.#options = options;
  }

  /** Writes config and accounts, starts the server, waits until it is ready. */
  static async start(options: RoostOptions = {}): Promise<RoostProcess> {
    const ports = choosePorts(options.address ?? LOOPBACK, options.ports ?? {});
    const dir = await Deno.makeTempDir({ prefix: "roost-e2e-" });
    const roost = new RoostProcess(dir, ports, options);
    try {
      await roost.#prepare();
      await roost.launch();
    } catch (e) {
      await roost[Symbol.asyncDispose]();
      throw e;
    }
    return roost;
  }

  get config(): string {
    return `${this.dir}/roost.yaml`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Everything logged so far, JSON lines. */
  get log(): string {
    return this.#lines.join("\n");
  }

  maildir(account: string): string {
    const [user, domain] = account.split("@");
    return `${this.dir}/data/mail/${domain}/${user}`;
  }

  /** Runs a verb with this server's config. */
  verb(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    return runRoost([...args, "--config", this.config]);
  }

  /** Starts the process again, after `stop` or `kill`. */
  async launch(): Promise<void> {
    const { command, args } = roostCommand("serve", "--config", this.config);
    this.#lines = [];
    const child = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1", ...this.#options.env },
    })
      .spawn();
    this.#child = child;
    this.#pump = Promise.all([this.#read(child.stderr), this.#read(child.stdout)]).then(() => {});
    await this.logged('"event":"ready"');
  }

  /** Resolves once a log line holds `text`; rejects when the process ends before, or after a minute. */
  async logged(text: string): Promise<string> {
    let ended = false;
    const end = this.#pump.then(() => {
      ended = true;
      this.#wakeAll();
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.#wakeAll();
    }, 60_000);
    try {
      for (;;) {
        const line = this.#lines.find((l) => l.includes(text));
        if (line) return line;
        if (ended || timedOut) {
          throw new Error(
            `${timedOut ? "Time is up" : "Roost ended"} before "${text}" was logged:\n${this.log}`,
          );
        }
        await new Promise<void>((wake) => this.#wake.push(wake));
      }
    } finally {
      clearTimeout(timer);
      if (ended) await end;
    }
  }

  /** SIGTERM, and waits for the end. */
  async stop(): Promise<number> {
    return await this.#end("SIGTERM");
  }

  /** SIGKILL: as a power cut for the process, not for the disk. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#end("SIGTERM");
    } finally {
      await Deno.remove(this.dir, { recursive: true });
    }
  }

  async #end(signal: Deno.Signal): Promise<number> {
    const child = this.#child;
    if (!child) return 0;
    this.#child = null;
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself; the status below tells.
    }
    // One that does not end would be left behind; its exit code then tells of the signal.
    const timer = setTimeout(() => child.kill("SIGKILL"), END_WITHIN);
    const { code } = await child.status;
    clearTimeout(timer);
    await this.#pump;
    return code;
  }

  async #prepare(): Promise<void> {
    const {
      domains = { "example.test": "{}" },
      users = { "alice@example.test": "secret-alice", "bob@example.test": "secret-bob" },
    } = this.#options;
    const at = (s: keyof Ports) => `  ${s}: ["${this.address}:${this.ports[s]}"]`;
    await Deno.writeTextFile(
      this.config,
      [
        "hostname: mail.example.test",
        `data: ${this.dir}/data`,
        `network: ${this.#options.network ?? "closed"}`,
        "listen:",
        ...SERVICES.map(at),
        ...(this.#options.devices ? [`  devices: "${this.address}:${this.#options.devices}"`] : []),
        ...(this.#options.https ? [`  https: "${this.address}:${this.#options.https}"`] : []),
        'trusted: ["127.0.0.0/8"]',
        "auth: { cleartext: loopback }",
        `tls: ${this.#options.tls ?? "{ own_ca: true }"}`,
        "domains:",
        ...Object.entries(domains).map(([d, v]) => `  ${d}: ${v}`),
        this.#options.config ?? "",
        "",
      ].join("\n"),
    );
    const lines = Object.entries(users).map(([address, password]) => `${address}:{PLAIN}${password}\n`).join(
      "",
    );
    await Deno.writeTextFile(`${this.dir}/users`, lines);
    const { code, err } = await this.verb("user", "import", `${this.dir}/users`);
    if (code !== 0) throw new Error(`user import failed: ${err}`);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wakeAll();
    }
    if (rest) this.#lines.push(rest);
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const w of waiting) w();
  }
}
