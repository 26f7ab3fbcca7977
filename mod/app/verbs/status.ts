import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";
import type { StatusSnapshot } from "../../status/types.ts";

export const verb: Verb = {
  usage: ["status [--json] [--config FILE]"],
  about: "How the running server fares: listeners, queue, mail since its start, disk, memory, certificates.",
  options: { ...JSON_OPTION, ...CONFIG_OPTION },
  async run(call) {
    const config = await readConfig(call);
    const reply = await control(call.tools, config, "GET", "/api/status");
    if (reply.kind !== "ok") throw new CommandFault(reply.why);
    // Our own server's answer, of the same version as a rule; a part that is missing shows as a dash.
    const status = reply.body as Partial<StatusSnapshot>;
    call.terminal.out(call.options.has("json") ? JSON.stringify(status, null, 2) : formatStatus(status));
    return 0;
  },
};

function formatStatus(s: Partial<StatusSnapshot>): string {
  const rows = [
    ["server", `${s.hostname ?? "-"}, Roost ${s.version ?? "-"}, network ${s.network ?? "-"}`],
    ["up", s.uptime === undefined ? "-" : span(s.uptime)],
    [
      "queue",
      s.queue
        ? `${s.queue.size} messages, ${s.queue.pending} recipients waiting${
          s.queue.oldest ? `, oldest of ${s.queue.oldest}` : ""
        }`
        : "-",
    ],
    ["mail", s.mail ? Object.entries(s.mail).map(([what, n]) => `${n} ${what}`).join(", ") : "-"],
    ["logins", s.logins ? `${s.logins.ok} ok, ${s.logins.refused} refused` : "-"],
    ["disk", s.disk ? `${mebibytes(s.disk.free)} free of ${mebibytes(s.disk.total)} at ${s.disk.path}` : "-"],
    ["memory", s.memory ? mebibytes(s.memory.rss) : "-"],
    ...(s.listeners ?? []).map((l) => [l.kind, `${l.address} port ${l.port}, ${l.connections} connections`]),
    ...(s.certificates ?? []).map((
      c,
    ) => ["certificate", `${c.names.join(", ")} until ${c.expires} (${c.source})`]),
  ];
  return table(rows);
}

function span(seconds: number): string {
  const days = Math.floor(seconds / 86400);
  const rest = new Date(Math.floor(seconds % 86400) * 1000).toISOString().slice(11, 19);
  return days > 0 ? `${days} days ${rest}` : rest;
}

function mebibytes(octets: number | null): string {
  return octets === null ? "?" : `${Math.round(octets / 1024 / 1024)} MB`;
}
