/**
 * How fast a queue drains to Postfix's smtp-sink, ours and (asked for by name) Postfix's own on the same machine: `deno task bench drain postfix`. Each
 * queue is filled while nothing may be sent: ours by the spool with no server running, Postfix's by smtp-source under `defer_transports`.
 * Left out where smtp-sink is not installed; Postfix wants root.
 */
import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { Spool } from "../../mod/queue/spool.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { Postfix } from "../support/postfix.ts";
import { filesBelow, must } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";
import type { Row } from "./table.ts";

const MESSAGES = 10_000;
const SINK = "/usr/sbin/smtp-sink";
const TEXT = `From: u1@example.test\r\nTo: x@far.test\r\nSubject: bench\r\n\r\n${
  `${"x".repeat(70)}\r\n`.repeat(56)
}`;

class Sink implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  constructor() {
    using held = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = held.addr.port;
    held.close();
    this.#child = new Deno.Command(SINK, {
      args: ["-u", "root", `127.0.0.1:${this.port}`, "1000"],
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

/** Seconds until the folders hold no file any more. */
async function drained(folders: readonly string[], start: number): Promise<number> {
  for (;;) {
    const left = await Promise.all(folders.map(filesBelow));
    const seconds = (performance.now() - start) / 1000;
    if (left.every((f) => f.length === 0)) return seconds;
    if (seconds > 120) throw new Error("The queue does not drain");
    await new Promise((r) => setTimeout(r, 20));
  }
}

async function fill(dir: string): Promise<void> {
  const ports = {
    fs: new DenoFs(new MemoryLog()),
    clock: systemClock,
    random: systemRandom,
    log: new MemoryLog(),
  };
  const spool = new Spool(dir, ports);
  await spool.open();
  const sender = { local: "u1", domain: "example.test" };
  const recipients = [{ address: { local: "x", domain: "far.test" } }];
  let left = MESSAGES;
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (left-- > 0) {
      const envelope = {
        sender,
        recipients,
        eightBit: false,
        smtpUtf8: false,
        account: null,
        traceId: `t${left}`,
      };
      await spool.add(envelope, memoryBody(utf8(TEXT)));
    }
  }));
}

async function ours(): Promise<Row> {
  await using sink = new Sink();
  await using roost = await RoostProcess.start({
    config: `routes: { "*": "smtp://127.0.0.1:${sink.port}" }`,
  });
  await roost.stop();
  await fill(`${roost.dir}/data/queue`);
  await roost.launch();
  const seconds = await drained([`${roost.dir}/data/queue`], performance.now());
  return {
    what: "10,000 queued messages of 4 KB drain to a sink",
    value: MESSAGES / seconds,
    unit: "messages/s",
  };
}

async function postfixs(): Promise<Row> {
  await using sink = new Sink();
  const address = "127.0.0.77";
  const tls = await Deno.makeTempDir();
  for (const f of ["server.pem", "server.key"]) await Deno.writeTextFile(`${tls}/${f}`, "");
  const none = "smtpd_tls_security_level = none\nsmtp_tls_security_level = none\n";
  await using postfix = await Postfix.start({
    address,
    domain: "example.test",
    users: [],
    relay: `[127.0.0.1]:${sink.port}`,
    tls,
    settings: `${none}defer_transports = smtp\n`,
  });
  await Deno.remove(tls, { recursive: true });
  const source = [
    "-d",
    "-4",
    "-s",
    "10",
    "-m",
    `${MESSAGES}`,
    "-l",
    "4096",
    "-t",
    "x@far.test",
    `${address}:25`,
  ];
  await must("/usr/sbin/smtp-source", source);
  const queues = ["incoming", "active", "deferred"].map((q) => `${postfix.dir}/spool/${q}`);
  while ((await filesBelow(`${postfix.dir}/spool/deferred`)).length < MESSAGES) {
    await new Promise((r) => setTimeout(r, 100));
  }
  const conf = `${postfix.dir}/conf`;
  await must("/usr/sbin/postconf", ["-c", conf, "-e", "defer_transports="]);
  await postfix.stop();
  await postfix.launch();
  const start = performance.now();
  await postfix.flush();
  const seconds = await drained(queues, start);
  return { what: "the same by Postfix", value: MESSAGES / seconds, unit: "messages/s" };
}

/** A row for ours and, if wanted, one for Postfix. */
export async function drainRows(withPostfix: boolean): Promise<Row[]> {
  const there = await Deno.stat(SINK).catch(() => null);
  if (!there) return [];
  return withPostfix ? [await ours(), await postfixs()] : [await ours()];
}
