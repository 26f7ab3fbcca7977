/** Finds and reads the configuration a verb is to work with. */
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { absolutePath } from "../config/paths.ts";
import { CommandFault, type Terminal, type Tools } from "./terminal.ts";

const SYSTEM_WIDE = "/etc/roost/roost.yaml";

interface Where {
  readonly options: ReadonlyMap<string, string>;
  readonly terminal: Terminal;
  readonly tools: Tools;
}

/** Path of the configuration: --config, $ROOST_CONFIG, ./roost.yaml, /etc/roost/roost.yaml. Throws CommandFault when there is none. */
export async function findConfig(where: Where): Promise<string> {
  const path = await configPath(where);
  if (path !== null) return path;
  const here = absolutePath(where.terminal.cwd, "roost.yaml");
  throw new CommandFault(
    `no configuration: neither ${here} nor ${SYSTEM_WIDE} is there; make one with "roost quickstart ADDRESS" or name it with --config`,
  );
}

/** The same for verbs that can do without: null when there is none. */
export async function configPath({ options, terminal, tools }: Where): Promise<string | null> {
  const named = options.get("config") ?? (terminal.env("ROOST_CONFIG") || undefined);
  if (named !== undefined) return absolutePath(terminal.cwd, named);
  const here = absolutePath(terminal.cwd, "roost.yaml");
  for (const path of [here, SYSTEM_WIDE]) if (await tools.fs.stat(path)) return path;
  return null;
}

/** The configuration, checked. Throws CommandFault with all that is wrong in it. */
export async function readConfig(where: Where): Promise<Config> {
  const loaded = await loadConfig(where.tools.fs, await findConfig(where));
  if (!loaded.ok) throw new CommandFault(loaded.error);
  return loaded.value.config;
}
