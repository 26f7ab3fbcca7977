/** `roost VERB …`: finds the verb, answers --help and --version, turns faults into lines and exit codes. Verbs are loaded when called. */
import { suggest } from "../base/suggest.ts";
import { isFsError } from "../base/fs.ts";
import { type Options, parseArguments } from "./arguments.ts";
import { CommandFault, type Terminal, type Tools } from "./terminal.ts";
import { bold, table, type Verb } from "./verb.ts";

interface Entry {
  readonly about: string;
  load(): Promise<{ readonly verb: Verb }>;
}

/** In the order of the help. */
const VERBS: Readonly<Record<string, Entry>> = {
  demo: { about: "a whole mail server on 127.0.0.1, to try out", load: () => import("./verbs/demo.ts") },
  quickstart: { about: "set up a server for an address", load: () => import("./verbs/quickstart.ts") },
  install: {
    about: "put this file, its units and its user into the system",
    load: () => import("./verbs/install.ts"),
  },
  serve: { about: "run the server", load: () => import("./verbs/serve.ts") },
  check: {
    about: "look at all that mail hangs on, and say what to do",
    load: () => import("./verbs/check.ts"),
  },
  dns: { about: "the DNS records to publish", load: () => import("./verbs/dns.ts") },
  user: { about: "accounts and their passwords", load: () => import("./verbs/user.ts") },
  domain: { about: "the domains whose mail is ours", load: () => import("./verbs/domain.ts") },
  alias: { about: "names that lead to accounts or elsewhere", load: () => import("./verbs/alias.ts") },
  dkim: { about: "the keys that sign our mail, and new ones", load: () => import("./verbs/dkim.ts") },
  cert: { about: "the certificates, their dates, and new ones", load: () => import("./verbs/cert.ts") },
  srs: {
    about: "return addresses of what is forwarded, there and back",
    load: () => import("./verbs/srs.ts"),
  },
  queue: { about: "mail that waits to be sent", load: () => import("./verbs/queue.ts") },
  why: {
    about: "all that was decided about a message, and what to do",
    load: () => import("./verbs/why.ts"),
  },
  rehearse: {
    about: "what would happen to a message now, without delivering it",
    load: () => import("./verbs/rehearse.ts"),
  },
  spf: { about: "whether SPF lets a client send in a sender's name", load: () => import("./verbs/spf.ts") },
  auth: {
    about: "what SPF, DKIM, DMARC and ARC say of a message",
    load: () => import("./verbs/auth.ts"),
  },
  import: {
    about: "take mail from elsewhere into an account",
    load: () => import("./verbs/import.ts"),
  },
  backup: { about: "a snapshot of all there is", load: () => import("./verbs/backup.ts") },
  restore: { about: "bring back what a snapshot has", load: () => import("./verbs/restore.ts") },
  verify: {
    about: "whether the mail, or a snapshot, is whole and can be read",
    load: () => import("./verbs/verify.ts"),
  },
  acl: { about: "who else may use the folders of an account", load: () => import("./verbs/acl.ts") },
  export: { about: "copy an account's mail to files", load: () => import("./verbs/export.ts") },
  sendmail: {
    about: "put a message on standard input into the queue",
    load: () => import("./verbs/sendmail.ts"),
  },
  reload: { about: "make the running server read its files again", load: () => import("./verbs/reload.ts") },
  status: { about: "how the running server fares", load: () => import("./verbs/status.ts") },
  token: {
    about: "tokens for the status page and the API",
    load: () => import("./verbs/token.ts"),
  },
  help: {
    about: "this, one verb, or every key of the configuration (help config)",
    load: () => import("./verbs/help.ts"),
  },
};

const HELP: Options = { help: { short: "h", doc: "this text" } };

/** Runs one command; gives the exit code: 0 done, 1 failed, 2 wrong use. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  tools: Tools,
): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined) {
      terminal.err(overview(terminal));
      return 2;
    }
    if (name === "--help" || name === "-h") return print(terminal, overview(terminal));
    if (name === "--version" || name === "-V") {
      const { formatBuild, readBuild } = await import("./version.ts");
      return print(terminal, formatBuild(readBuild()));
    }
    if (name === "help" && rest[0] !== "config") return await help(rest, terminal);
    const verb = await loadVerb(name);
    // -i, -t and the like are sendmail's own letters; only its long --help is ours.
    const options = name === "sendmail"
      ? { ...verb.options, help: { doc: "this text" } }
      : { ...verb.options, ...HELP };
    const parsed = parseArguments(rest, options);
    if (parsed.options.has("help")) return print(terminal, describe(verb, terminal));
    return await verb.run({ ...parsed, terminal, tools });
  } catch (e) {
    return failed(e, name ?? "", terminal);
  }
}

async function help(rest: readonly string[], terminal: Terminal): Promise<number> {
  if (rest[0] === undefined || rest[0].startsWith("-")) return print(terminal, overview(terminal));
  return print(terminal, describe(await loadVerb(rest[0]), terminal));
}

async function loadVerb(name: string): Promise<Verb> {
  const entry = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (entry) return (await entry.load()).verb;
  const meant = suggest(name, Object.keys(VERBS));
  throw new CommandFault(
    `there is no verb "${name}"${meant ? `; did you mean "${meant}"?` : ""} ("roost --help" lists all)`,
    2,
  );
}

function failed(e: unknown, name: string, terminal: Terminal): number {
  if (e instanceof CommandFault) {
    const label = terminal.isTerminal ? "\x1b[31mroost:\x1b[0m" : "roost:";
    for (const line of e.lines) terminal.err(`${label} ${line}`);
    if (e.code === 2 && Object.hasOwn(VERBS, name)) {
      terminal.err(`"roost ${name} --help" tells how it is used`);
    }
    return e.code;
  }
  if (isFsError(e)) {
    const hint = e.code === "denied" || e.code === "read-only"
      ? "; run it as the user that the server runs as"
      : e.code === "full"
      ? "; make room on the disk"
      : "";
    terminal.err(`roost: ${e.message}${hint}`);
    return 1;
  }
  throw e;
}

function print(terminal: Terminal, text: string): number {
  terminal.out(text);
  return 0;
}

function overview(terminal: Terminal): string {
  const rows = Object.entries(VERBS).map(([name, { about }]) => [`  ${name}`, about]);
  return `Roost, a whole mail server in one file.

${bold(terminal, "Usage:")} roost VERB …

${table(rows)}

"roost VERB --help" tells more; "roost --version" which Roost this is.
To try it out: roost demo. To set up a server: roost quickstart you@example.org`;
}

function describe(verb: Verb, terminal: Terminal): string {
  const rows = Object.entries({ ...verb.options, help: { doc: "this text" } }).map((
    [name, o]: [string, Options[string]],
  ) => [
    `  --${name}${o.value === undefined ? "" : ` ${o.value}`}${o.short === undefined ? "" : `, -${o.short}`}`,
    o.doc,
  ]);
  const usage = verb.usage.map((line) => `  roost ${line}`).join("\n");
  return `${bold(terminal, "Usage:")}\n${usage}\n\n${verb.about}\n\n${bold(terminal, "Options:")}\n${
    table(rows)
  }`;
}
