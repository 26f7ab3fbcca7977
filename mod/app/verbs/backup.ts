import { makeSnapshot } from "../../backup/snapshot.ts";
import { listSnapshots, UNFINISHED } from "../../backup/snapshots.ts";
import { absolutePath, dataPaths } from "../../config/paths.ts";
import { removeTree } from "../../maildir/tidying.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { Progress, withMaildirs } from "../transfer.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["backup DST [--keep N] [--json]"],
  about:
    `Makes a snapshot of all there is, in DST/DATE: mail, accounts, keys, certificates, the queue and the configuration; the index is left out, since it
can be made anew. The server may run meanwhile. Messages that the snapshot before has are links to its files, so each costs what is new; DST/latest
names the newest. Certificates that the configuration names elsewhere are not in it. Put DST on another disk or machine. A snapshot that is cut off never looks like a whole one: "roost verify DST" tells.`,
  options: {
    keep: { value: "N", doc: "afterwards remove all but the newest N snapshots" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const { tools, terminal, options } = call;
    const [to] = call.operands;
    if (to === undefined) throw new CommandFault("backup to where? give the path of a folder", 2);
    const keep = options.get("keep");
    if (keep !== undefined && !/^[1-9]\d{0,5}$/.test(keep)) {
      throw new CommandFault(`--keep "${keep}" is no number above 0`, 2);
    }
    const config = await readConfig(call);
    const path = absolutePath(terminal.cwd, to);
    const { mail } = dataPaths(config);
    for (const ours of [config.data, mail]) {
      if (!`${path}/`.startsWith(`${ours}/`)) continue;
      throw new CommandFault(`${path} lies in ${ours}, which is what is backed up; choose another folder`);
    }
    return await withMaildirs(tools, config, path, async ({ fs, clock, locks }) => {
      const unlock = await locks.tryTake(`${path}/backup.lock`);
      if (!unlock) throw new CommandFault(`another backup to ${path} is under way`);
      const progress = new Progress(call, "backup");
      try {
        const report = await makeSnapshot({ fs, clock }, {
          data: config.data,
          mail,
          config: config.file,
          hostname: config.hostname,
          to: path,
          progress: (files, octets) => progress.count(`${files} files, ${Math.round(octets / 1048576)} MB`),
        });
        progress.end();
        const removed = keep === undefined ? [] : await prune(call, path, Number(keep));
        if (options.has("json")) terminal.out(JSON.stringify({ ...report, removed }, null, 2));
        else {
          const { name, files, octets, linked } = report;
          terminal.out(
            `${path}/${name}: ${files} files, ${
              (octets / 1048576).toFixed(1)
            } MB; ${linked} of them were in the snapshot before`,
          );
          for (const left of report.skipped) {
            terminal.out(`note: ${config.data}/${left} is a link, or no file: it was left out`);
          }
          for (const old of removed) terminal.out(`${path}/${old} removed`);
        }
        return 0;
      } finally {
        progress.end();
        await unlock();
      }
    });
  },
};

/** Removes old snapshots; gives their names. */
async function prune({ tools: { fs } }: Call, path: string, keep: number): Promise<string[]> {
  const old = (await listSnapshots(fs, path)).slice(0, -keep);
  for (const name of old) {
    // Out of sight first: what is cut off is no snapshot any more, and cleared away by the next one.
    await fs.rename(`${path}/${name}`, `${path}/${UNFINISHED}${name}`);
    await removeTree({ fs }, `${path}/${UNFINISHED}${name}`);
  }
  return old;
}
