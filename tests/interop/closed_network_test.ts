/**
 * A closed network as it is meant: loopback and nothing else, no route to anywhere. The demo and a server made by `quickstart --closed` do all
 * their work in it, and the kernel's counters tell that nothing was tried: no datagram (which a question to a name server would be), no
 * connection without a route. Needs root, for the network namespace.
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { eventually, must, run } from "../support/programs.ts";
import { roostCommand } from "../support/roost_process.ts";

const MESSAGE =
  "From: <you@home.test>\r\nTo: <bob@home.test>\r\nSubject: at home\r\n\r\nNobody else knows.\r\n";
/** What counts attempts to leave, in /proc/net/snmp and snmp6. */
const ATTEMPTS = ["Ip OutNoRoutes", "Udp OutDatagrams", "Ip6 OutNoRoutes", "Udp6 OutDatagrams"];

/** A network namespace with loopback alone, and programs in it. */
class Alone implements AsyncDisposable {
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
  async start(ready: RegExp, ...words: string[]): Promise<Started> {
    const { command, args } = roostCommand(...words);
    const [program, all] = this.#enter(command, args);
    // Whatever it says goes to one place.
    const child = new Deno.Command("sh", {
      args: ["-c", 'exec "$@" 2>&1', "sh", program, ...all],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const started = new Started(child);
    await started.printed(ready);
    return started;
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

/** A Roost that runs until it is stopped. */
class Started implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #said = "";
  #rest: Promise<void> | null = null;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  get said(): string {
    return this.#said;
  }

  async printed(what: RegExp): Promise<void> {
    while (!what.test(this.#said)) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`Roost ended before it said ${what}: ${this.#said}`);
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

  async stop(): Promise<number> {
    this.#child.kill("SIGINT");
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

Deno.test("closed: the demo works without any route, and tries none", async () => {
  await using alone = await Alone.make();
  const dir = await Deno.makeTempDir({ prefix: "roost-closed-" });
  try {
    await using demo = await alone.start(/Look.* at /, "demo", "--dir", dir, "--password", "secret-word");
    await Deno.writeTextFile(`${dir}/message`, MESSAGE.replaceAll("you@home.test", "alice@example.test"));
    await alone.must(
      "curl",
      ...[
        "-sS",
        "smtp://127.0.0.1:2587",
        "-u",
        "alice:secret-word",
        "--mail-from",
        "alice@example.test",
      ],
      ...["--mail-rcpt", "bob@example.test", "--mail-rcpt", "someone@outside.test", "-T", `${dir}/message`],
    );
    const inbox = (port: number, user: string) =>
      eventually(`mail for ${user}`, async () => {
        const got = await alone.run(
          "curl",
          "-sS",
          `imap://127.0.0.1:${port}/INBOX;MAILINDEX=1`,
          "-u",
          `${user}:secret-word`,
        );
        return got.code === 0 && got.out;
      });
    assertMatch(await inbox(2143, "bob"), /Nobody else knows/);
    assertMatch(await inbox(2144, "someone"), /Nobody else knows/);
    assertMatch(await alone.must("curl", "-sS", "http://127.0.0.1:2080/api/status"), /example\.test/);
    assertEquals(await demo.stop(), 0, demo.said);
    assertEquals(await alone.attempts(), none());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("closed: a server by quickstart --closed works without any route, and tries none", async () => {
  await using alone = await Alone.make();
  const dir = await Deno.makeTempDir({ prefix: "roost-closed-" });
  try {
    const made = await alone.roost(
      "quickstart",
      "you@home.test",
      "--closed",
      "--hostname",
      "mail.home.test",
      "--dir",
      dir,
    );
    assertEquals([made.code, made.err], [0, ""], made.out);
    const password = /password\D*?(\S{4}-\S+)/i.exec(made.out)?.[1] ?? "";
    const config = ["--config", `${dir}/roost.yaml`];
    await using server = await alone.start(/"event":"ready"/, "serve", ...config);
    await Deno.writeTextFile(`${dir}/message`, MESSAGE);
    const curl = (...args: string[]) =>
      alone.run(
        "curl",
        ...[
          "-sS",
          "--cacert",
          `${dir}/data/tls/ca.pem`,
          "--connect-to",
          "mail.home.test::127.0.0.1:",
          ...args,
        ],
      );
    const send = (to: string) =>
      curl(
        ...["smtps://mail.home.test:465", "-u", `you@home.test:${password}`, "--mail-from", "you@home.test"],
        ...["--mail-rcpt", to, "-T", `${dir}/message`],
      );
    const sent = await send("you@home.test");
    assertEquals([sent.code, sent.err], [0, ""]);
    // To the outside there is no way, and that is told at once or by a report: nobody is asked.
    await send("stranger@example.org");
    const got = await curl("imaps://mail.home.test:993/INBOX;MAILINDEX=1", "-u", `you@home.test:${password}`);
    assertMatch(got.out, /Nobody else knows/, got.err);
    // A neighbour's mail, whose domain, name and keys an open network would ask for.
    await alone.must(
      "curl",
      "-sS",
      "smtp://127.0.0.1:25/mail.example.org",
      "--mail-from",
      "a@example.org",
      "--mail-rcpt",
      "you@home.test",
      "-T",
      `${dir}/message`,
    );
    for (
      const verb of [["check"], ["dns"], ["status"], ["queue", "list"], [
        "rehearse",
        "--from",
        "a@example.org",
        "--to",
        "you@home.test",
        "--ip",
        "192.0.2.7",
      ]]
    ) {
      const ran = await alone.roost(...verb, ...config);
      assert(ran.code <= 1, `${verb}: ${ran.err}`);
    }
    assertEquals(await server.stop(), 0, server.said);
    assertEquals(await alone.attempts(), none(), server.said);
    // The counters do count: whoever tries is seen.
    await alone.run("curl", "-sS", "http://192.0.2.1/");
    assert((await alone.attempts())["Ip OutNoRoutes"] !== 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

function none(): Record<string, number> {
  return Object.fromEntries(ATTEMPTS.map((name) => [name, 0]));
}
