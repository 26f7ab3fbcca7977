/** Changes messages of the queue from outside: through the server that holds it, in one request, or in the files when none runs. */
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { matches } from "../queue/filter.ts";
import { applied, isDone, type JournalLine, type QueuedMessage } from "../queue/record.ts";
import { Spool } from "../queue/spool.ts";
import type { QueueFilter } from "../queue/types.ts";
import type { QueueAction, QueueChange, QueueChanges } from "../status/types.ts";
import { control } from "./control.ts";
import { silentLog } from "./silent_log.ts";
import { CommandFault, type Tools } from "./terminal.ts";

/** Which messages: those with these IDs, or those that all of the filter fits. */
export type Chosen =
  | { readonly ids: readonly string[] }
  | { readonly filter: QueueFilter };

/** Milliseconds a server may take for many: 100,000 journals on a slow disk. */
const MANY = 600_000;

/** The spool of a configuration. */
export function spoolOf(tools: Tools, config: Config): Spool {
  return new Spool(dataPaths(config).queue, { ...tools, log: silentLog });
}

/** The messages that the files show, oldest first. Throws FsError. */
export async function messagesOf(
  tools: Tools,
  config: Config,
  filter: QueueFilter,
): Promise<QueuedMessage[]> {
  if (!await tools.fs.stat(dataPaths(config).queue)) return [];
  const spool = spoolOf(tools, config);
  const found: QueuedMessage[] = [];
  for (const id of await spool.ids()) {
    const message = await spool.load(id);
    if (message && matches(message, filter, tools.clock.now())) found.push(message);
  }
  return found;
}

/** Does it to all that are chosen. Throws FsError, and CommandFault when a server refuses. */
export async function changeQueue(
  tools: Tools,
  config: Config,
  action: QueueAction,
  chosen: Chosen,
): Promise<QueueChanges> {
  const path = `/api/queue/${action}`;
  const reply = "ids" in chosen
    ? await control(tools, config, "POST", path, { ids: chosen.ids }, MANY)
    : await control(tools, config, "POST", `${path}?${queryOf(chosen.filter)}`, null, MANY);
  if (reply.kind === "refused") throw new CommandFault(reply.why);
  if (reply.kind === "ok") {
    const changes = changesIn(reply.body);
    if (!changes) throw new CommandFault("the running server is another version: restart it");
    return changes;
  }
  // No server holds the queue: its files are ours to change.
  const ids = "ids" in chosen
    ? [...new Set(chosen.ids)]
    : (await messagesOf(tools, config, chosen.filter)).map((m) => m.id);
  const changes = { done: new Array<string>(), busy: new Array<string>(), missing: new Array<string>() };
  for (const id of ids) changes[await changeFiles(tools, config, action, id)].push(id);
  return changes;
}

async function changeFiles(
  tools: Tools,
  config: Config,
  action: QueueAction,
  id: string,
): Promise<QueueChange> {
  const spool = spoolOf(tools, config);
  if (action === "drop") return await spool.remove(id) ? "done" : "missing";
  const message = await spool.load(id);
  if (!message) return "missing";
  const line: JournalLine = { kind: action, at: tools.clock.now() };
  // The report, if anybody is to have one, is written at the next start.
  if (isDone(applied(message, line))) await spool.remove(id);
  else await spool.append(message, line);
  return "done";
}

function queryOf({ destination, sender, olderThan, state }: QueueFilter): string {
  const query = new URLSearchParams();
  if (destination !== undefined) query.set("domain", destination);
  if (sender !== undefined) query.set("sender", sender);
  if (olderThan !== undefined) query.set("older_than", `${Math.ceil(olderThan / 1000)}`);
  if (state !== undefined) query.set("state", state);
  if (query.size === 0) query.set("all", "1");
  return query.toString();
}

function changesIn(body: unknown): QueueChanges | null {
  const ids = typeof body === "object" && body !== null && "ids" in body ? body.ids : null;
  if (typeof ids !== "object" || ids === null) return null;
  const list = (value: unknown) => Array.isArray(value) ? value.filter((v) => typeof v === "string") : [];
  return {
    done: list("done" in ids ? ids.done : null),
    busy: list("busy" in ids ? ids.busy : null),
    missing: list("missing" in ids ? ids.missing : null),
  };
}
