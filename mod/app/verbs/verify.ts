import { snapshotsAt } from "../../backup/snapshots.ts";
import { Verification, verifyMail, verifyQueue, verifySnapshot } from "../../backup/verify.ts";
import { loadAccounts } from "../../account/accounts_file.ts";
import { absolutePath, dataPaths } from "../../config/paths.ts";
import type { Config } from "../../config/config.ts";
import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { Progress } from "../transfer.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: [
    "verify [--json]               what the server holds",
    "verify SRC [--all] [--json]   a snapshot, or the newest one in a folder of them",
  ],
  about:
    `Reads everything and says what is broken and what to do about it; changes nothing, and the server may run. Of a snapshot every file is compared with
its checksum. Of the server's own: that messages can be read and have the sizes their names tell, that UID lists make sense, that what waits in
the queue can be read, that accounts and index are sound. Exits with 1 if something is broken.`,
  options: {
    all: { doc: "with SRC: all snapshots in it, not only the newest" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const { tools, terminal, options } = call;
    const [from] = call.operands;
    const progress = new Progress(call, "verify");
    const seen: Verification = new Verification(() =>
      progress.count(`${seen.files} files, ${Math.round(seen.octets / 1048576)} MB`)
    );
    try {
      if (from === undefined) await verifyStore(call, await readConfig(call), seen);
      else {
        const path = absolutePath(terminal.cwd, from);
        const all = await snapshotsAt(tools.fs, path, null);
        if (all.length === 0) {
          throw new CommandFault(`${path} is no snapshot, and holds none that was finished`);
        }
        for (const dir of options.has("all") ? all : all.slice(0, 1)) {
          await verifySnapshot(tools.fs, dir, seen);
        }
      }
    } finally {
      progress.end();
    }
    return print(call, seen);
  },
};

function print({ terminal, options }: Call, { files, octets, findings }: Verification): number {
  const failed = findings.filter((f) => f.grade === "fail").length;
  if (options.has("json")) terminal.out(JSON.stringify({ files, octets, failed, findings }, null, 2));
  else {
    for (const { grade, where, what, todo } of findings) {
      terminal.out(`${grade}  ${where} ${what}\n      ${todo}`);
    }
    const size = `${files} files read, ${(octets / 1048576).toFixed(1)} MB`;
    terminal.out(failed === 0 ? `${size}: nothing is broken` : `${size}: ${failed} broken`);
  }
  return failed === 0 ? 0 : 1;
}

async function verifyStore({ tools }: Call, config: Config, seen: Verification): Promise<void> {
  const { fs, clock } = tools;
  const paths = dataPaths(config);
  const accounts = await loadAccounts(fs, paths.accounts);
  if (!accounts.ok) {
    for (const fault of accounts.error) {
      seen.fail(paths.accounts, fault, "mend the line, or restore the file");
    }
  }
  await verifyMail(fs, paths.mail, clock.now(), seen);
  await verifyQueue(fs, paths.queue, seen);
  // Whoever has an index open has it alone; it is checked where no server runs.
  if ((await control(tools, config, "GET", "/api/status")).kind === "not-running") {
    await verifyIndexes(tools, paths.index, seen);
  }
}

async function verifyIndexes(
  { fs }: Pick<Call["tools"], "fs">,
  dir: string,
  seen: Verification,
): Promise<void> {
  if (!await fs.stat(dir)) return;
  for (const { name, kind } of await fs.list(dir)) {
    const path = `${dir}/${name}`;
    if (kind === "dir") await verifyIndexes({ fs }, path, seen);
    if (kind !== "file" || !name.endsWith(".sqlite")) continue;
    const { checkSqlite } = await import("../../sys/sqlite_check.ts");
    const fault = checkSqlite(path);
    if (fault !== null) {
      seen.warn(path, `is broken (${fault})`, "take it away: it is only a cache, and is made anew");
    }
    seen.looked((await fs.stat(path))?.size ?? 0);
  }
}
