/** A portable build for tests, and a user without rights to start it as. */
import { freePort } from "./free_ports.ts";
import { ImapFlow } from "imapflow";
import nodemailer from "nodemailer";

const TOP = new URL("../../", import.meta.url).pathname;
/** Debian's `nobody`. */
const NOBODY = 65534;

/** Builds by the compile task's program, in the tree at `top` (with a slash at its end). Gives the file's path and all that was said. */
export async function buildFile(
  top: string,
  ...args: readonly string[]
): Promise<{ readonly path: string; readonly said: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", "mod/build/compile.ts", ...args],
    cwd: top,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
  const name = /^dist\/(\S+): /m.exec(said)?.[1];
  if (code !== 0 || !name) throw new Error(`No build: ${said}`);
  return { path: `${top}dist/${name}`, said };
}

/** The built file in a folder of its own; removed with everything at the end. */
export class PortableFile implements AsyncDisposable {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Builds for the target into dist/, and copies the file out. */
  static async build(target: string): Promise<PortableFile> {
    const { path } = await buildFile(TOP, "--portable", "--target", target);
    // Not below /tmp's usual names: nobody has to get through to it.
    const portable = new PortableFile(await Deno.makeTempDir({ prefix: "roost-portable-" }));
    await Deno.copyFile(path, portable.path);
    await Deno.chmod(portable.path, 0o755);
    for (const below of ["", "/home", "/server"]) {
      await Deno.mkdir(portable.dir + below, { recursive: true });
      await Deno.chmod(portable.dir + below, 0o755);
      if (Deno.uid() === 0) await Deno.chown(portable.dir + below, NOBODY, NOBODY);
    }
    return portable;
  }

  get path(): string {
    return `${this.dir}/roost`;
  }

  /** Starts it with nothing in the environment but PATH and `env`; as nobody when the test runs as root. */
  spawn(args: readonly string[], env: Record<string, string>, path = this.path): Deno.ChildProcess {
    return new Deno.Command(path, {
      args: [...args],
      cwd: this.dir,
      clearEnv: true,
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...(Deno.uid() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
    }).spawn();
  }

  async run(
    args: readonly string[],
    env: Record<string, string> = {},
    path = this.path,
  ): Promise<{ code: number; out: string; err: string }> {
    const { code, stdout, stderr } = await this.spawn(args, env, path).output();
    return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  }

  /** The unpacked runtime in a cache folder. */
  runtime(cache: string): Promise<string> {
    return Promise.resolve(`${cache}/${entryOf(cache, /^runtime-[0-9a-f]{16}$/)}/roost`);
  }

  programFile(cache: string): Promise<string> {
    return Promise.resolve(`${cache}/${entryOf(cache, /^program-[0-9a-f]{16}$/)}/main.js`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

function entryOf(dir: string, pattern: RegExp): string {
  const names = [...Deno.readDirSync(dir)].map((e) => e.name).filter((name) => pattern.test(name));
  if (names.length !== 1) throw new Error(`${dir} holds ${names.length} of ${pattern}`);
  return names[0] ?? "";
}

/** Sends a mail over SMTP through the built file and reads it over IMAP; gives its subject and the code the server ends with. */
export async function mailThrough(
  portable: PortableFile,
): Promise<{ readonly subject: string | undefined; readonly code: number }> {
  const dir = `${portable.dir}/server`;
  const [smtp, imap] = [freePort(), freePort()];
  await Deno.writeTextFile(
    `${dir}/roost.yaml`,
    `hostname: mail.example.test
data: ${dir}/data
network: closed
listen:
  smtp: ["127.0.0.1:${smtp}"]
  imap: ["127.0.0.1:${imap}"]
auth: { cleartext: loopback }
tls: { own_ca: true }
domains:
  example.test: {}
`,
  );
  await Deno.writeTextFile(`${dir}/users`, "alice@example.test:{PLAIN}secret\n");
  const config = ["--config", `${dir}/roost.yaml`];
  const added = await portable.run(["user", "import", `${dir}/users`, ...config]);
  if (added.code !== 0) throw new Error(`No account: ${added.err}`);
  const server = portable.spawn(["serve", ...config], {});
  const log = server.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes('"event":"ready"')) {
    const { value, done } = await log.read();
    if (done) throw new Error(`The server ended: ${said}`);
    said += value;
  }
  const rest = (async () => {
    while (!(await log.read()).done);
  })();
  let subject: string | undefined;
  try {
    const mailer = nodemailer.createTransport({ host: "127.0.0.1", port: smtp, ignoreTLS: true });
    await mailer.sendMail({
      from: "bob@example.org",
      to: "alice@example.test",
      subject: "through one file",
      text: "It fits.",
    });
    const client = new ImapFlow({
      ...{ host: "127.0.0.1", port: imap, secure: false, logger: false },
      auth: { user: "alice@example.test", pass: "secret" },
      tls: { rejectUnauthorized: false },
    });
    await client.connect();
    await client.mailboxOpen("INBOX");
    const message = await client.fetchOne("*", { envelope: true });
    subject = message ? message.envelope?.subject : undefined;
    await client.logout();
  } finally {
    server.kill("SIGTERM");
  }
  const { code } = await server.status;
  await rest;
  await server.stdout.cancel();
  return { subject, code };
}
