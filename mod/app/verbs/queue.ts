import { dataPaths } from "../../config/paths.ts";
import type { Config } from "../../config/config.ts";
import { formatAddress } from "../../mail/address.ts";
import { pendingOf, type QueuedMessage } from "../../queue/record.ts";
import { Spool } from "../../queue/spool.ts";
import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { silentLog } from "../silent_log.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["queue list [--json]", "queue show ID [--json]", "queue retry ID|all", "queue drop ID"],
  about:
    `Mail that waits to be sent. "retry" tries now, "drop" throws a message away without telling its sender. With or without a running
server.`,
  options: { ...JSON_OPTION, ...CONFIG_OPTION },
  async run(call) {
    const [action = "", id] = call.operands;
    const config = await readConfig(call);
    if (action === "list") return await list(call, config);
    if (action !== "show" && action !== "retry" && action !== "drop") {
      throw new CommandFault("queue needs one of list, show, retry, drop", 2);
    }
    if (id === undefined) {
      throw new CommandFault('which message? give its ID; "roost queue list" shows all', 2);
    }
    if (action === "show") return await show(call, config, id);
    if (action === "retry" && id === "all") return await retryAll(call, config);
    if (!await alter(call, config, action, id)) throw missing(id);
    call.terminal.out(`${id} ${action === "retry" ? "to be tried now" : "dropped"}`);
    return 0;
  },
};

function spoolOf(call: Call, config: Config): Spool {
  return new Spool(dataPaths(config).queue, { ...call.tools, log: silentLog });
}

async function messages(call: Call, config: Config): Promise<QueuedMessage[]> {
  if (!await call.tools.fs.stat(dataPaths(config).queue)) return [];
  const spool = spoolOf(call, config);
  const found: QueuedMessage[] = [];
  for (const id of await spool.ids()) {
    const message = await spool.load(id);
    if (message) found.push(message);
  }
  return found;
}

async function list(call: Call, config: Config): Promise<number> {
  const all = await messages(call, config);
  if (call.options.has("json")) call.terminal.out(JSON.stringify(all.map(facts), null, 2));
  else if (all.length === 0) call.terminal.out("the queue is empty");
  else {
    const rows = all.map((m) => {
      const f = facts(m);
      const waiting = f.recipients.filter((r) => r.state === "pending").map((r) => r.address);
      const more = waiting.length > 2
        ? `${waiting.slice(0, 2).join(", ")} and ${waiting.length - 2} more`
        : waiting.join(", ");
      return [f.id, f.arrived, `${f.size}`, f.sender, more, f.next ?? "-"];
    });
    call.terminal.out(table([["ID", "ARRIVED", "SIZE", "FROM", "WAITING FOR", "NEXT TRY"], ...rows]));
  }
  return 0;
}

async function retryAll(call: Call, config: Config): Promise<number> {
  let tried = 0;
  // What is delivered meanwhile needs no further try.
  for (const { id } of await messages(call, config)) if (await alter(call, config, "retry", id)) tried++;
  call.terminal.out(`${tried} ${tried === 1 ? "message" : "messages"} to be tried now`);
  return 0;
}

function missing(id: string): CommandFault {
  return new CommandFault(`there is no message ${id} in the queue`);
}

async function show(call: Call, config: Config, id: string): Promise<number> {
  const message = await spoolOf(call, config).load(id);
  if (!message) throw missing(id);
  const f = facts(message);
  if (call.options.has("json")) call.terminal.out(JSON.stringify(f, null, 2));
  else {
    const rows = [["id", f.id], ["arrived", f.arrived], ["size", `${f.size}`], ["from", f.sender], [
      "attempts",
      `${f.attempts}`,
    ], ["next try", f.next ?? "-"]];
    const to = f.recipients.map((
      r,
    ) => ["to", `${r.address}: ${r.state}${r.reply === null ? "" : ` (${r.reply})`}`]);
    call.terminal.out(table([...rows, ...to]));
  }
  return 0;
}

/** The same shape as the API's. */
function facts(m: QueuedMessage) {
  const waiting = new Set(pendingOf(m).map((i) => m.envelope.recipients[i]?.address.domain));
  const due = [...m.destinations].filter(([name]) => waiting.has(name)).map(([, d]) => d);
  return {
    id: m.id,
    sender: m.envelope.sender === null ? "<>" : formatAddress(m.envelope.sender),
    size: m.size,
    arrived: time(m.created),
    attempts: Math.max(0, ...[...m.destinations.values()].map((d) => d.attempts)),
    next: due.length === 0 || m.held ? null : time(Math.min(...due.map((d) => d.next))),
    recipients: m.envelope.recipients.map(({ address }, i) => {
      const r = m.recipients[i];
      return {
        address: formatAddress(address),
        state: r?.state ?? "pending",
        reply: r?.last?.reply ?? r?.last?.why ?? null,
      };
    }),
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** False when there is no such message. */
async function alter(call: Call, config: Config, action: "retry" | "drop", id: string): Promise<boolean> {
  const reply = await control(call.tools, config, "POST", `/api/queue/${encodeURIComponent(id)}/${action}`);
  if (reply.kind === "ok") return true;
  if (reply.kind === "refused" && reply.status === 404) return false;
  if (reply.kind === "refused") throw new CommandFault(`${id}: ${reply.why}`);
  // No server holds the queue: its files are ours to change.
  const spool = spoolOf(call, config);
  if (action === "drop") return await spool.remove(id);
  const message = await spool.load(id);
  if (message) await spool.append(message, { kind: "retry", at: call.tools.clock.now() });
  return message !== null;
}
