import { dataPaths } from "../../config/paths.ts";
import type { Config } from "../../config/config.ts";
import { parseDuration } from "../../config/values.ts";
import { formatAddress } from "../../mail/address.ts";
import { matches, WAIT_STATES, waitStateOf } from "../../queue/filter.ts";
import { applied, isDone, type JournalLine, pendingOf, type QueuedMessage } from "../../queue/record.ts";
import { Spool } from "../../queue/spool.ts";
import type { QueueFilter } from "../../queue/types.ts";
import { QUEUE_ACTIONS } from "../../status/queue_query.ts";
import type { QueueAction, QueueChange } from "../../status/types.ts";
import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { silentLog } from "../silent_log.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

const DONE: Readonly<Record<QueueAction, string>> = {
  retry: "to be tried now",
  hold: "held",
  release: "released",
  bounce: "sent back",
  drop: "dropped",
};

export const verb: Verb = {
  usage: [
    "queue list [FILTER...] [--json]",
    "queue show ID [--json]",
    "queue retry|hold|release|bounce|drop ID...|all|FILTER... [--json]",
  ],
  about:
    `Mail that waits to be sent. "retry" tries now; "hold" keeps a message from being tried until "release"; "bounce" sends it back to its
sender at once; "drop" throws it away without telling anybody. Filters name those that all of them fit. With or without a running server.`,
  options: {
    domain: { value: "DOMAIN", doc: "filter: those that wait for a recipient there" },
    sender: { value: "ADDRESS", doc: 'filter: those from there; also "@DOMAIN", or "<>" for reports' },
    "older-than": { value: "SPAN", doc: "filter: those accepted so long ago, such as 2h or 3d" },
    state: { value: "STATE", doc: "filter: pending (not tried yet), deferred (tried in vain) or held" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [action = "", ...ids] = call.operands;
    const config = await readConfig(call);
    const filter = filterOf(call);
    if (action === "list" && ids.length === 0) return await list(call, config, filter);
    const change = QUEUE_ACTIONS.find((a) => a === action);
    if (!change && action !== "show") {
      throw new CommandFault(`queue needs one of list, show, ${QUEUE_ACTIONS.join(", ")}`, 2);
    }
    const chosen = Object.keys(filter).length > 0;
    if (ids.length === 0 && (!chosen || !change)) {
      throw new CommandFault('which message? give its ID; "roost queue list" shows all', 2);
    }
    if (!change) return await show(call, config, ids[0] ?? "");
    const all = ids.length === 1 && ids[0] === "all";
    if (chosen && ids.length > 0 && !all) throw new CommandFault("give IDs or a filter, not both", 2);
    if (chosen || all) return await alterMany(call, config, change, filter);
    return await alterEach(call, config, change, ids);
  },
};

function filterOf({ options }: Call): QueueFilter {
  const [domain, sender, age, word] = ["domain", "sender", "older-than", "state"].map((o) => options.get(o));
  const olderThan = parseDuration(age);
  const state = WAIT_STATES.find((s) => s === word);
  if (age !== undefined && olderThan === undefined) {
    throw new CommandFault(`--older-than: "${age}" is no time span such as 30m, 2h or 3d`, 2);
  }
  if (word !== undefined && !state) {
    throw new CommandFault(`--state: "${word}" is none of ${WAIT_STATES.join(", ")}`, 2);
  }
  return {
    ...(domain === undefined ? {} : { destination: domain }),
    ...(sender === undefined ? {} : { sender }),
    ...(olderThan === undefined ? {} : { olderThan }),
    ...(state ? { state } : {}),
  };
}

function spoolOf(call: Call, config: Config): Spool {
  return new Spool(dataPaths(config).queue, { ...call.tools, log: silentLog });
}

async function messages(call: Call, config: Config, filter: QueueFilter): Promise<QueuedMessage[]> {
  if (!await call.tools.fs.stat(dataPaths(config).queue)) return [];
  const spool = spoolOf(call, config);
  const found: QueuedMessage[] = [];
  for (const id of await spool.ids()) {
    const message = await spool.load(id);
    if (message && matches(message, filter, call.tools.clock.now())) found.push(message);
  }
  return found;
}

async function list(call: Call, config: Config, filter: QueueFilter): Promise<number> {
  const all = await messages(call, config, filter);
  if (call.options.has("json")) call.terminal.out(JSON.stringify(all.map(facts), null, 2));
  else if (all.length === 0) {
    call.terminal.out(Object.keys(filter).length > 0 ? "no such message in the queue" : "the queue is empty");
  } else {
    const rows = all.map((m) => {
      const f = facts(m);
      const waiting = f.recipients.filter((r) => r.state === "pending").map((r) => r.address);
      const more = waiting.length > 2
        ? `${waiting.slice(0, 2).join(", ")} and ${waiting.length - 2} more`
        : waiting.join(", ");
      return [f.id, f.arrived, `${f.size}`, f.sender, more, f.state === "held" ? "held" : f.next ?? "-"];
    });
    call.terminal.out(table([["ID", "ARRIVED", "SIZE", "FROM", "WAITING FOR", "NEXT TRY"], ...rows]));
  }
  return 0;
}

async function alterEach(
  call: Call,
  config: Config,
  action: QueueAction,
  ids: readonly string[],
): Promise<number> {
  const done: string[] = [];
  for (const id of ids) {
    const change = await alter(call, config, action, id);
    if (change === "missing") throw missing(id);
    if (change === "busy") {
      throw new CommandFault(`${id} is being tried at this moment; try again, or hold it first`);
    }
    done.push(id);
    if (!call.options.has("json")) call.terminal.out(`${id} ${DONE[action]}`);
  }
  if (call.options.has("json")) call.terminal.out(JSON.stringify({ done, busy: [] }, null, 2));
  return 0;
}

async function alterMany(
  call: Call,
  config: Config,
  action: QueueAction,
  filter: QueueFilter,
): Promise<number> {
  const done: string[] = [];
  const busy: string[] = [];
  for (const { id } of await messages(call, config, filter)) {
    const change = await alter(call, config, action, id);
    // What is delivered meanwhile needs nothing more.
    if (change !== "missing") (change === "done" ? done : busy).push(id);
  }
  if (call.options.has("json")) call.terminal.out(JSON.stringify({ done, busy }, null, 2));
  else {
    call.terminal.out(`${count(done.length)} ${DONE[action]}`);
    if (busy.length > 0) call.terminal.err(`${count(busy.length)} left alone, being tried at this moment`);
  }
  return 0;
}

function count(n: number): string {
  return `${n} ${n === 1 ? "message" : "messages"}`;
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
    const rows = [
      ["id", f.id],
      ["arrived", f.arrived],
      ["size", `${f.size}`],
      ["from", f.sender],
      [
        "attempts",
        `${f.attempts}`,
      ],
      ["state", f.state],
      ["next try", f.next ?? "-"],
    ];
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
    state: waitStateOf(m),
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

async function alter(call: Call, config: Config, action: QueueAction, id: string): Promise<QueueChange> {
  const reply = await control(call.tools, config, "POST", `/api/queue/${encodeURIComponent(id)}/${action}`);
  if (reply.kind === "ok") return "done";
  if (reply.kind === "refused" && reply.status === 404) return "missing";
  if (reply.kind === "refused" && reply.status === 409) return "busy";
  if (reply.kind === "refused") throw new CommandFault(`${id}: ${reply.why}`);
  // No server holds the queue: its files are ours to change.
  const spool = spoolOf(call, config);
  if (action === "drop") return await spool.remove(id) ? "done" : "missing";
  const message = await spool.load(id);
  if (!message) return "missing";
  const line: JournalLine = { kind: action, at: call.tools.clock.now() };
  // The report, if anybody is to have one, is written at the next start.
  if (isDone(applied(message, line))) await spool.remove(id);
  else await spool.append(message, line);
  return "done";
}
