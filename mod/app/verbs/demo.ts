import { generatePassword } from "../../account/app_password.ts";
import { utf8 } from "../../base/bytes.ts";
import { replaceFile } from "../../base/durable.ts";
import { ok } from "../../base/result.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { absolutePath, dataPaths } from "../../config/paths.ts";
import { demoConfig } from "../../config/template.ts";
import { change, kept, timestamp } from "../account_verbs.ts";
import { CommandFault } from "../terminal.ts";
import { bold, type Call, type Verb } from "../verb.ts";

const BASE = 2000;
/** Ports end at 65535, ours at the base and a few thousand. */
const BASE_MAX = 60_000;
const OURS = {
  smtp: 25,
  submission: 587,
  submissions: 465,
  imap: 143,
  imaps: 993,
  pop3: 110,
  pop3s: 995,
  http: 80,
};
/** "The outside": a second small server beside ours, so one up from the usual ports. */
const THEIRS = { smtp: 26, submission: 588, imap: 144, http: 81 };

export const verb: Verb = {
  usage: ["demo [--dir DIR] [--port-base N] [--password P]"],
  about:
    `A whole mail server on 127.0.0.1, to try out: at N + the usual port, with users alice and bob at example.test, and a second server that plays
the outside, outside.test. Prints the passwords and commands to paste. Nothing leaves this machine. Ctrl-C ends it; the mail stays in DIR.`,
  options: {
    dir: { value: "DIR", doc: "where everything is kept; default ./roost-demo" },
    "port-base": { value: "N", doc: `added to the usual port numbers; default ${BASE}` },
    password: { value: "P", doc: "password of all accounts; made up otherwise" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const { terminal } = call;
  const base = Number(call.options.get("port-base") ?? BASE);
  if (!Number.isInteger(base) || base < 0 || base > BASE_MAX) {
    throw new CommandFault(`--port-base is a number from 0 to ${BASE_MAX}`, 2);
  }
  const dir = absolutePath(terminal.cwd, call.options.get("dir") ?? "roost-demo");
  const ours = await prepare(call, `${dir}/roost.yaml`, oursAt(base));
  const theirs = await prepare(call, `${dir}/outside/roost.yaml`, theirsAt(base));
  const password = call.options.get("password") ?? generatePassword(call.tools.random);
  if (password === "") throw new CommandFault("--password may not be empty", 2);
  await setAccounts(call, ours, ["alice@example.test", "bob@example.test"], password);
  await setAccounts(call, theirs, ["someone@outside.test"], password);
  const { serve } = await import("../serve.ts");
  const stop = new AbortController();
  let waiting = 2;
  const onReady = () => {
    if (--waiting === 0) terminal.out(welcome(call, ours, theirs, dir, password));
  };
  const servers = [theirs, ours].map(async (config) => {
    const code = await serve(config.file, terminal, { onReady, stop: stop.signal, logLevel: "warning" });
    // One without the other is no demo.
    stop.abort();
    return code;
  });
  return Math.max(...await Promise.all(servers));
}

function oursAt(base: number): string {
  return demoConfig({
    hostname: "mail.example.test",
    domain: "example.test",
    ports: at(base, OURS),
    routes: { "outside.test": base + THEIRS.smtp },
    comment: "The demo of Roost: loopback only. To set up a real server: roost quickstart you@example.org",
  });
}

function theirsAt(base: number): string {
  return demoConfig({
    hostname: "mx.outside.test",
    domain: "outside.test",
    ports: at(base, THEIRS),
    routes: { "example.test": base + OURS.smtp },
    comment: "The other side of the demo: a server elsewhere, as far as the first one can tell",
  });
}

function at(base: number, ports: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(ports).map(([kind, port]) => [kind, base + port]));
}

/** Writes a config where there is none, or where another port base is wanted, and reads it. */
async function prepare(call: Call, file: string, text: string): Promise<Config> {
  const { fs } = call.tools;
  await fs.makeDir(file.slice(0, file.lastIndexOf("/")));
  if (call.options.has("port-base") || !await fs.stat(file)) await replaceFile(fs, file, utf8(text));
  const loaded = await loadConfig(fs, file);
  if (!loaded.ok) throw new CommandFault([...loaded.error, `the demo starts afresh when ${file} is removed`]);
  return loaded.value.config;
}

/** Sets the password of the accounts, making them where they are missing: it is not kept anywhere it could be read from later. */
async function setAccounts(
  call: Call,
  config: Config,
  ids: readonly string[],
  password: string,
): Promise<void> {
  const { tools } = call;
  const hash = await tools.hashPassword(password);
  const secrets = await Promise.all(
    ids.map(async (id) => [id, await kept(tools, config, id, password, hash)] as const),
  );
  await change(tools, config, (accounts) => {
    for (const [id, { scram }] of secrets) {
      const fresh = { id, appPasswords: [], disabled: false, quota: null, created: timestamp(tools) };
      accounts.set(id, { ...fresh, ...accounts.get(id), password: hash, scram });
    }
    return ok(undefined);
  });
}

/** Accounts and commands to paste; all that is printed works as it stands in a shell. */
function welcome(call: Call, ours: Config, theirs: Config, dir: string, password: string): string {
  const title = (text: string) => bold(call.terminal, text);
  const port = (config: Config, kind: keyof Config["listen"]) => config.listen[kind][0]?.port ?? 0;
  const ca = quoted(`${dataPaths(ours).tls}/ca.pem`);
  const user = (name: string) => quoted(`${name}:${password}`);
  const listening = Object.entries(ours.listen).filter(([, a]) => a.length > 0).map(([kind, a]) =>
    `${kind} ${a[0]?.port}`
  );
  return `${title("Roost is running")} on 127.0.0.1: ${listening.join(", ")}
Everything is in ${dir}; Ctrl-C ends it.

${title("Accounts")}   password of all: ${password}
  alice@example.test, bob@example.test     here
  someone@outside.test                     the outside: IMAP ${port(theirs, "imap")}, SMTP ${
    port(theirs, "smtp")
  }

${title("Send a mail")} from alice to bob and to the outside
  printf 'From: alice@example.test\\nTo: bob@example.test\\nSubject: Hello\\n\\nIt works.\\n' |
    curl -s --crlf --cacert ${ca} --user ${user("alice")} \\
      --mail-from alice@example.test --mail-rcpt bob@example.test --mail-rcpt someone@outside.test \\
      --upload-file - smtps://127.0.0.1:${port(ours, "submissions")}

${title("Read it")} as bob over IMAP, over POP3, and as someone at the outside
  curl -s --cacert ${ca} --user ${user("bob")} 'imaps://127.0.0.1:${port(ours, "imaps")}/INBOX;MAILINDEX=1'
  curl -s --cacert ${ca} --user ${user("bob")} pop3s://127.0.0.1:${port(ours, "pop3s")}/1
  curl -s --user ${user("someone")} 'imap://127.0.0.1:${port(theirs, "imap")}/INBOX;MAILINDEX=1'

${title("Look")} at http://127.0.0.1:${port(ours, "http")}/`;
}

/** A word for a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
