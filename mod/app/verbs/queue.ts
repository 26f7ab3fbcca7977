import type { Config } from "../../config/config.ts";
import { parseDuration } from "../../config/values.ts";
import { formatAddress } from "../../mail/address.ts";
import { WAIT_STATES, waitStateOf } from "../../queue/filter.ts";
import { pendingOf, type QueuedMessage } from "../../queue/record.ts";
import type { QueueFilter } from "../../queue/types.ts";
import { QUEUE_ACTIONS } from "../../status/queue_query.ts";
import type { QueueAction } from "../../status/types.ts";
import { awayPlaces } from "../away_places.ts";
import { readConfig } from "../find_config.ts";
import { changeQueue, messagesOf, spoolOf } from "../queue_change.ts";
import { suppressed } from "../suppressed_addresses.ts";
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
    "queue hosts [--json]",
    "queue suppressed [list|remove ADDRESS|@DOMAIN...] [--json]",
    "queue retry|hold|release|bounce|drop ID...|all|FILTER... [--json]",
  ],
  about:
    `Mail that waits to be sent. "retry" tries now; "hold" keeps a message from being tried until "release"; "bounce" sends it back to its
sender at once; "drop" throws it away without telling anybody. "hosts" shows who cannot be reached and is left alone for a while: "retry" of what
waits there ends that. "suppressed" shows addresses elsewhere that their own servers refused again and again, so that our users may not write to them
for some days; "remove" ends that at once. Filters name those that all of them fit. With or without a running server.`,
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
    if (action === "hosts" && ids.length === 0) return await hosts(call, config);
    if (action === "suppressed") return await suppressed(call, config, ids);
    const change = QUEUE_ACTIONS.find((a) => a === action);
    if (!change && action !== "show") {
      throw new CommandFault(
        `queue needs one of list, show, hosts, suppressed, ${QUEUE_ACTIONS.join(", ")}`,
        2,
      );
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

async function list(call: Call, config: Config, filter: QueueFilter): Promise<number> {
  const all = await messagesOf(call.tools, config, filter);
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
    const { places = [] } = await awayPlaces(call.tools, config) ?? {};
    if (places.length > 0) {
      call.terminal.out(
        `\n${places.length} hosts and domains are left alone for now; "roost queue hosts" tells why`,
      );
    }
  }
  return 0;
}

async function alterEach(
  call: Call,
  config: Config,
  action: QueueAction,
  ids: readonly string[],
): Promise<number> {
  const changes = await changeQueue(call.tools, config, action, { ids });
  const { done, busy, missing } = changes;
  if (call.options.has("json")) call.terminal.out(JSON.stringify(changes, null, 2));
  else for (const id of done) call.terminal.out(`${id} ${DONE[action]}`);
  const faults = [
    ...missing.map(noMessage),
    ...busy.map((id) => `${id} is being tried at this moment; try again, or hold it first`),
  ];
  if (faults.length > 0) throw new CommandFault(faults.join("\n"));
  return 0;
}

async function alterMany(
  call: Call,
  config: Config,
  action: QueueAction,
  filter: QueueFilter,
): Promise<number> {
  const { done, busy } = await changeQueue(call.tools, config, action, { filter });
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

function noMessage(id: string): string {
  return `there is no message ${id} in the queue`;
}

/** Hosts and destinations that are left alone, and why. */
async function hosts(call: Call, config: Config): Promise<number> {
  const away = await awayPlaces(call.tools, config);
  if (!away) throw new CommandFault("no server answers; it remembers such hosts only while it runs");
  if (call.options.has("json")) call.terminal.out(JSON.stringify(away.raw, null, 2));
  else if (away.places.length === 0) call.terminal.out("no host is left alone");
  else {
    const rows = away.places.map((p) => [p.name, `${p.failures}`, seconds(p.until), p.why]);
    call.terminal.out(table([["LEFT ALONE", "TRIES", "NEXT TRY", "WHY"], ...rows]));
  }
  return 0;
}

function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}

async function show(call: Call, config: Config, id: string): Promise<number> {
  const message = await spoolOf(call.tools, config).load(id);
  if (!message) throw new CommandFault(noMessage(id));
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
    call.terminal.out(table([...rows, ...to, ...await awayRows(call, config, message)]));
  }
  return 0;
}

/** What the running server leaves alone of where a message waits to go. */
async function awayRows(call: Call, config: Config, message: QueuedMessage): Promise<string[][]> {
  const waiting = new Set(pendingOf(message).map((i) => message.envelope.recipients[i]?.address.domain));
  const { places = [] } = await awayPlaces(call.tools, config) ?? {};
  return places.flatMap(({ kind, name, until }) => {
    const concerns = kind === "destination" && waiting.has(name.split(" ")[0]);
    return concerns ? [["left alone", `${name}: next try ${seconds(until)}`]] : [];
  });
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
