/** `queue suppressed`: addresses elsewhere that bounce, as the running server knows them, or as its file does. */
import { parseAddress } from "../mail/address.ts";
import { KeptFile } from "../base/kept_file.ts";
import { SUPPRESS_FILE, SUPPRESS_SAVE } from "../base/limits.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { Suppressions } from "../queue/suppressions.ts";
import { control } from "./control.ts";
import { silentLog } from "./silent_log.ts";
import { CommandFault } from "./terminal.ts";
import { type Call, table } from "./verb.ts";

/** Runs it; gives the exit code. Throws CommandFault. */
export async function suppressed(call: Call, config: Config, words: readonly string[]): Promise<number> {
  const [action = "list", ...addresses] = words;
  if (action === "list" && addresses.length === 0) return await list(call, config);
  if (action !== "remove" || addresses.length === 0) {
    throw new CommandFault("queue suppressed needs list, or remove with addresses or @DOMAIN", 2);
  }
  for (const address of addresses) {
    if (!parseAddress(address.startsWith("@") ? `x${address}` : address).ok) {
      throw new CommandFault(`"${address}" is no address such as you@example.org, and no @example.org`, 2);
    }
  }
  const removed: string[] = [];
  const missing: string[] = [];
  for (const address of addresses) (await remove(call, config, address) ? removed : missing).push(address);
  if (call.options.has("json")) call.terminal.out(JSON.stringify({ removed, missing }, null, 2));
  else for (const address of removed) call.terminal.out(`${address} may be written to`);
  if (missing.length > 0) throw new CommandFault(missing.map((a) => `${a} is not suppressed`).join("\n"));
  return 0;
}

interface Line {
  readonly address: string;
  readonly bounces: number;
  readonly last: string;
  readonly until: string | null;
  readonly why: string;
}

async function list(call: Call, config: Config): Promise<number> {
  const lines = await known(call, config);
  if (call.options.has("json")) call.terminal.out(JSON.stringify(lines, null, 2));
  else if (lines.length === 0) call.terminal.out("no address is suppressed");
  else {
    const rows = lines.map((
      l,
    ) => [l.address, `${l.bounces}`, seconds(l.last), l.until ? seconds(l.until) : "-", l.why]);
    call.terminal.out(table([["ADDRESS", "BOUNCES", "LAST", "REFUSED UNTIL", "WHY"], ...rows]));
  }
  return 0;
}

async function known(call: Call, config: Config): Promise<readonly Line[]> {
  const reply = await control(call.tools, config, "GET", "/api/queue/suppressed");
  if (reply.kind === "refused") throw new CommandFault(reply.why);
  if (reply.kind === "ok") return Array.isArray(reply.body) ? reply.body : [];
  const { suppressions } = await fileOf(call, config);
  const time = (ms: number) => new Date(ms).toISOString();
  return suppressions.list(call.tools.clock.now()).map(({ first, last, until, ...rest }) => ({
    ...rest,
    first: time(first),
    last: time(last),
    until: until === null ? null : time(until),
  }));
}

async function remove(call: Call, config: Config, address: string): Promise<boolean> {
  const path = `/api/queue/suppressed/${encodeURIComponent(address)}`;
  const reply = await control(call.tools, config, "DELETE", path);
  if (reply.kind === "ok") return true;
  if (reply.kind === "refused" && reply.status === 404) return false;
  if (reply.kind === "refused") throw new CommandFault(reply.why);
  const { suppressions, file } = await fileOf(call, config);
  const removed = suppressions.remove(address);
  await file.save();
  return removed > 0;
}

async function fileOf({ tools }: Call, config: Config) {
  const suppressions = new Suppressions(() => config.sending.suppress);
  const path = dataPaths(config).suppressed;
  const facts = { path, name: "suppressed addresses", most: SUPPRESS_FILE, every: SUPPRESS_SAVE };
  const file = new KeptFile(suppressions, facts, { ...tools, log: silentLog });
  await file.read();
  return { suppressions, file };
}

function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}
