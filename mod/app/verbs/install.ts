import { absolutePath } from "../../config/paths.ts";
import {
  doInstall,
  EXECUTABLE,
  linkOnTheWay,
  pieces,
  planInstall,
  type Planned,
  type Standing,
} from "../install/install.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, table, type Verb } from "../verb.ts";

/** What quickstart writes by the commands below. */
const CONFIG = "/etc/roost/roost.yaml";
/** Is there where systemd runs, and not where a system is only being made. */
const MANAGER = "/run/systemd/system";
const SERVICES = "roost.service roost-backup.timer";

export const verb: Verb = {
  usage: ["install [--do] [--root DIR]"],
  about:
    `Puts Roost into a system with systemd: this file as ${EXECUTABLE}, its units, its user, its folders. Prints what is missing there or differs, and the
commands for what Roost has no right to do, which is to run other programs. With --do, as root, it writes the files, and standard output has nothing
but those commands: "roost install --do | sh" does it all. Run it again with a newer file to upgrade; what is as it should be is left alone.`,
  options: {
    do: { doc: "write the files, and print the commands for sh" },
    root: { value: "DIR", doc: "a system below this folder, such as a mounted SD card or a package to be" },
  },
  run,
};

async function run(call: Call): Promise<number> {
  const { tools, terminal, options } = call;
  if (call.operands.length > 0) {
    throw new CommandFault(`install takes no operand; what is "${call.operands[0]}"?`, 2);
  }
  const executable = tools.program.file();
  if (executable === null) {
    throw new CommandFault(
      'this is Roost from source, no file that could be installed; "deno task compile" makes one in dist/',
    );
  }
  const given = options.get("root");
  const root = given === undefined ? "" : absolutePath(terminal.cwd, given).replace(/\/+$/, "");
  if (root !== "" && (await tools.fs.stat(root))?.kind !== "dir") {
    throw new CommandFault(`--root ${root} is no folder`);
  }
  const { UNITS } = await import("../install/units.ts");
  const all = pieces(executable, UNITS);
  const link = root === "" ? null : await linkOnTheWay(tools.fs, root, all);
  if (link !== null) throw new CommandFault(`${link} is a link, which may lead out of ${root}`);
  const plan = await planInstall(tools.fs, root, all);
  const running = root === "" && await tools.fs.stat(MANAGER) !== null;
  const configured = await tools.fs.stat(root + CONFIG).catch(() => null) !== null;
  if (!options.has("do")) {
    terminal.out(
      `${described(plan, root)}\n\n${explained(plan, commands(plan, root, running), next(root, configured))}`,
    );
    return 0;
  }
  if (root === "" && !tools.program.isRoot) {
    throw new CommandFault("only root may write there: sudo roost install --do | sudo sh");
  }
  tools.program.readableByAll();
  await doInstall(tools.fs, root, plan);
  terminal.err(described(plan, root, (s) => s === "same" ? s : "written"));
  terminal.out(["set -e", ...commands(plan, root, running)].join("\n"));
  terminal.err(next(root, configured).join("\n"));
  return 0;
}

function described(plan: readonly Planned[], root: string, word = (s: Standing): string => s): string {
  return table(plan.map((p) => [word(p.standing), root + p.path]));
}

function explained(
  plan: readonly Planned[],
  commands: readonly string[],
  next: readonly string[],
): string {
  const lines = plan.every((p) => p.standing === "same")
    ? ["All files are as they should be. What Roost may not do itself, for root:"]
    : ['"roost install --do" writes these files. What it may not do itself, for root:'];
  return [...lines, ...commands.map((c) => `  ${c}`), ...next].join("\n");
}

/** For sh. Each may be run again at any time. */
function commands(plan: readonly Planned[], root: string, running: boolean): readonly string[] {
  const option = root === "" ? "" : ` --root=${quoted(root)}`;
  const make = [`systemd-sysusers${option} roost.conf`, `systemd-tmpfiles${option} --create roost.conf`];
  if (!running) return make;
  const changed = plan.some((p) => p.standing !== "same");
  return [...make, "systemctl daemon-reload", ...(changed ? ["systemctl try-restart roost.service"] : [])];
}

function next(root: string, configured: boolean): readonly string[] {
  if (root !== "") return [`Then, in the system: roost quickstart, and systemctl enable --now ${SERVICES}`];
  const enable = `  systemctl enable --now ${SERVICES}`;
  if (configured) return ["Then, unless it runs already:", enable];
  return [
    "Then a server for your address, and start it:",
    `  runuser -u roost -- roost quickstart you@example.org --dir /etc/roost --data /var/lib/roost`,
    enable,
  ];
}

/** As one word for sh. */
function quoted(word: string): string {
  return /^[\w\-=.,:/@%+]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
