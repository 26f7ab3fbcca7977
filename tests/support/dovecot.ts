/**
 * Dovecot without a daemon and without a port: its `imap` and `pop3` programs on standard input and output, already logged in, on a Maildir.
 * They will not touch mail as root, so where the tests run as root they run as nobody, and whoever writes there must give it to nobody.
 */
import { concat, fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { taggedEach } from "./imap_answers.ts";
import { must, run } from "./programs.ts";
import type { RoostProcess } from "./roost_process.ts";

const PROGRAMS = "/usr/lib/dovecot";
const NOBODY = 65534;
const IS_ROOT = Deno.uid() === 0;
/** Milliseconds a session may take, on a machine that is very busy. */
const PATIENCE = 300_000;
/** Octets of a tagged reply at most. */
const LINE = 4096;

export class Dovecot {
  /** What it complained about so far. */
  readonly faults: string[] = [];
  readonly #dir: string;
  readonly #config: string;
  readonly #user: string;
  /** Whether it may read and write what others own, too: for what a server that runs as root makes meanwhile. */
  readonly #mayAll: boolean;

  /** Writes its configuration into `dir`, which nobody must be able to enter. `settings` are further lines of it. */
  constructor(dir: string, maildir: string, settings = "", user = "alice", mayAll = false) {
    this.#user = user;
    this.#mayAll = mayAll;
    this.#dir = dir;
    this.#config = `${dir}/dovecot.conf`;
    const id = (own: number | null) => IS_ROOT ? NOBODY : own;
    Deno.writeTextFileSync(
      this.#config,
      `base_dir = ${dir}/base
log_path = /dev/stderr
mail_location = maildir:${maildir}
ssl = no
mail_uid = ${id(Deno.uid())}
mail_gid = ${id(Deno.gid())}
first_valid_uid = 0
first_valid_gid = 0
namespace inbox {
  inbox = yes
}
${settings}
`,
    );
  }

  /** A shell command that speaks IMAP, logged in, for clients that can start one. */
  get tunnel(): string {
    const [command, args] = this.#command("imap");
    return [command, ...args].join(" ");
  }

  /**
   * Runs IMAP commands (each with its literals inline) in one session; all that it answered, as octets. One after the other: of several that it has at
   * once it begins the next when a search takes long, and tells what it found in another order.
   */
  async octets(...commands: readonly (string | Uint8Array)[]): Promise<Uint8Array> {
    const [command, args] = this.#command("imap");
    const child = new Deno.Command(command, {
      args,
      cwd: this.#dir,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    try {
      const [stdout, err] = await Promise.all([
        converse(child, taggedEach(commands)),
        new Response(child.stderr).text(),
        child.status,
      ]);
      this.#note(err);
      return stdout;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same by line; each command must succeed. */
  async imap(...commands: string[]): Promise<string[]> {
    const lines = new TextDecoder().decode(await this.octets(...commands)).split("\r\n");
    const bad = lines.filter((l) => /^t\d+ (NO|BAD)|^\* BAD/.test(l));
    if (bad.length > 0) throw new Error(`Dovecot refused: ${bad.join("; ")}\n${lines.join("\n")}`);
    return lines;
  }

  /** Runs POP3 commands in one session; all lines that it answered. */
  async pop3(...commands: string[]): Promise<string[]> {
    const [command, args] = this.#command("pop3");
    const stdin = utf8([...commands, "QUIT"].map((c) => `${c}\r\n`).join(""));
    const { stdout, err } = await run(command, args, { stdin, cwd: this.#dir, seconds: PATIENCE / 1000 });
    this.#note(err);
    return new TextDecoder().decode(stdout).split("\r\n");
  }

  /** Program and arguments, as the user that mail belongs to. */
  #command(program: "imap" | "pop3"): [string, string[]] {
    const own =
      `PATH=/usr/bin:/bin USER=${this.#user} HOME=${this.#dir} ${PROGRAMS}/${program} -c ${this.#config}`;
    const rights = this.#mayAll ? " --inh-caps=+dac_override --ambient-caps=+dac_override" : "";
    const asNobody = `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups${rights}`;
    return ["env", `-i ${IS_ROOT ? `${asNobody} env ` : ""}${own}`.split(" ")];
  }

  #note(err: string): void {
    const faults = err.split("\n").filter((l) => /Error|Warning|Panic|Fatal/.test(l));
    // A lock file is root's for a moment before it is given away: Dovecot cannot watch it then, and polls. Nor is a slow machine a fault.
    this.faults.push(...faults.filter((l) => !/inotify.*denied|Warning: .*(?:took|seconds)/.test(l)));
  }
}

/** Says each command when the one before has its reply; all that came. */
async function converse(
  child: Deno.ChildProcess,
  commands: readonly { readonly tag: string; readonly bytes: Uint8Array }[],
): Promise<Uint8Array> {
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  const said: Uint8Array[] = [];
  let end = "";
  for (const { tag, bytes } of commands) {
    const reply = new RegExp(`(?:^|\\r\\n)${tag} (?:OK|NO|BAD) [^\\r\\n]*\\r\\n$`);
    // A program that ends before it has read all is judged by what it answered.
    const written = writer.write(bytes).catch(() => {});
    while (!reply.test(end)) {
      const { value } = await reader.read();
      if (value === undefined) return concat(said);
      said.push(value);
      end = (end + fromAscii(value.subarray(-LINE))).slice(-LINE);
    }
    await written;
  }
  await writer.close().catch(() => {});
  for (let read; !(read = await reader.read()).done;) said.push(read.value);
  return concat(said);
}

/** Dovecot on the Maildir of an account of Roost, which both then have. */
export async function dovecotBeside(roost: RoostProcess, account: string): Promise<Dovecot> {
  const mail = `${roost.dir}/data/mail`;
  for (const dir of [roost.dir, `${roost.dir}/data`, mail]) await Deno.chmod(dir, 0o755);
  const maildir = roost.maildir(account);
  await Deno.mkdir(maildir, { recursive: true });
  await giveAll(mail);
  return new Dovecot(roost.dir, maildir);
}

/** Gives one file or folder to the user Dovecot runs as. */
export function give(path: string): void {
  if (!IS_ROOT) return;
  try {
    Deno.chownSync(path, NOBODY, NOBODY);
  } catch (e) {
    if (!(e instanceof Deno.errors.NotFound)) throw e; // gone meanwhile
  }
}

/** Gives a folder with all that is in it. */
export async function giveAll(dir: string): Promise<void> {
  if (IS_ROOT) await must("chown", ["-R", `${NOBODY}:${NOBODY}`, dir]);
}
