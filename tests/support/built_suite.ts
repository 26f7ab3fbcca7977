/**
 * `deno task built`: makes the executable and runs end-to-end tests against it, each Roost among them under what the systemd unit allows:
 * another user, in an empty folder of root's, with nothing to write to but the unit's own folders. Arguments: files of tests; all that
 * start a Roost if there are none; `--brief` leaves out those that take long by waiting or by load, which the source shows as well.
 */
import { Confinement, USER } from "./confinement.ts";
import { buildFile } from "./portable.ts";

const TOP = new URL("../../", import.meta.url).pathname;
/** What the sandbox takes to be made. The tests run as the same user as Roost, so that files they put into its folders are as if its own. */
const TO_CONFINE = [
  "sys_admin",
  "sys_chroot",
  "setpcap",
  "setuid",
  "setgid",
  "dac_override",
  "net_bind_service",
];
/** They start no Roost, or build one themselves. */
const OTHERS = ["build", "std", "sys"];
const LONG = ["drain", "hostile_mail", "kill", "kill_changes", "queue", "reload", "transfer", "ways"].map((
  name,
) => `${name}_test.ts`);

function testFiles(dir: string, left: readonly string[]): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(TOP + dir)) {
    if (left.includes(name)) continue;
    if (isDirectory) found.push(...testFiles(`${dir}/${name}`, left));
    else if (name.endsWith("_test.ts")) found.push(`${dir}/${name}`);
  }
  return found.sort();
}

async function main(args: readonly string[]): Promise<number> {
  const files = args.filter((a) => a !== "--brief");
  const { path, said } = await buildFile(TOP);
  console.log(said.trim());
  await using confinement = await Confinement.make(path);
  const rights = TO_CONFINE.map((c) => `+${c}`).join(",");
  const { code } = await new Deno.Command("setpriv", {
    args: [
      ...[`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", `--inh-caps=-all,${rights}`],
      // With the last, access(2) counts what the user may by its capabilities: Deno's cache is in root's home.
      ...[`--ambient-caps=-all,${rights}`, "--securebits=+no_setuid_fixup"],
      ...[Deno.execPath(), "test", "--no-prompt", "-A"],
      ...(files.length > 0
        ? files
        : testFiles("tests/e2e", args.includes("--brief") ? [...OTHERS, ...LONG] : OTHERS)),
    ],
    cwd: TOP,
    env: { ROOST_EXE: confinement.command, TMPDIR: confinement.state },
    stdin: "null",
  }).spawn().status;
  return code;
}

Deno.exit(await main(Deno.args));
