/** What the status app asks, answered by the running server. */
import { STATUS_ACCOUNTS } from "../base/limits.ts";
import { formatAddress } from "../mail/address.ts";
import { waitStateOf } from "../queue/filter.ts";
import { pendingOf, type QueuedMessage } from "../queue/record.ts";
import type { ClientFacts } from "../status/clients.ts";
import { formatMetrics, type Metric } from "../status/metrics.ts";
import type { Queue } from "../queue/queue.ts";
import type { Suppressed } from "../queue/suppressions.ts";
import type {
  AccountStatus,
  AcmeStatus,
  AwayPlaces,
  QueueAction,
  QueueChanges,
  QueueItem,
  StatusPorts,
  StatusSnapshot,
  SuppressedAddress,
} from "../status/types.ts";
import { dataPaths } from "../config/paths.ts";
import { rightOf } from "../status/tokens.ts";
import type { DomainStates } from "./domain_states.ts";
import type { ControlToken } from "./http.ts";
import { ownStsText } from "./own_sts.ts";
import { isPublicName, mayBeStrict, secureOrigin } from "./public_names.ts";
import type { Server } from "./server.ts";
import { askTrace } from "./trace.ts";
import { serverHealth } from "./server_health.ts";

/** Ports over a server. */
export function statusPorts(server: Server, token: ControlToken): StatusPorts {
  const { queue } = server.services;
  const { platform, observed } = server;
  let domains: DomainStates | null = null;
  return {
    clock: platform.clock,
    random: platform.random,
    stopping: server.stopping,
    async rightOf(given) {
      return token.isRight(given)
        ? "change"
        : await rightOf(platform.fs, dataPaths(server.config).tokens, given);
    },
    clients: () => clientFacts(server.config),
    health: () => serverHealth(server),
    day: () => observed.history.day(platform.clock.now()),
    decisions: () => observed.decisions.list(),
    revision: () => `${observed.history.revision} ${observed.decisions.count} ${queue.stats().messages}`,
    accounts: () => accountStates(server),
    async domains() {
      // Loaded with the first look: an idle server holds a megabyte less.
      domains ??= new (await import("./domain_states.ts")).DomainStates(() => server.config);
      return await domains.list();
    },
    isPublicName: (host) => isPublicName(server.config, host),
    secureOrigin: () => secureOrigin(server.config),
    strictTransport: () => server.keeper.isAcme && mayBeStrict(server.config),
    stsPolicy: (host) => host.startsWith("mta-sts.") ? ownStsText(server.config, host.slice(8)) : null,
    snapshot: () => snapshot(server),
    async metrics() {
      const { timings } = observed;
      timings.watchLoop(platform.clock);
      return formatMetrics(metricsOf(await snapshot(server), server)) + timings.format();
    },
    challenge: (asked) => server.keeper.challenges.find(asked),
    renewCertificate: (revoke) => server.keeper.renew(revoke),
    authority: () => server.keeper.authority,
    async queue() {
      return (await queue.list()).map(itemOf);
    },
    async select(which) {
      return (await queue.list({ ...which, limit: Infinity })).map((m) => m.id);
    },
    async change(action, id) {
      if (action === "bounce") return await queue.bounce(id);
      return await queue[action](id) ? "done" : "missing";
    },
    changeMany: (action, ids) => changeMany(queue, action, ids),
    away: () => awayPlaces(server),
    suppressed: () => server.services.suppressed.list().map(suppressedOf),
    unsuppress: (address) => server.services.suppressed.remove(address),
    async rescan() {
      await queue.rescan();
      return queue.stats().messages;
    },
    received: () => server.services.reports.received(),
    sendReports: () => server.services.reports.sendAll(),
    reload: () => server.reload(),
    async why(asked, within) {
      const { trace, clock } = server.platform;
      const since = within === null ? 0 : clock.now() - within;
      return await askTrace(await trace.file(), asked, since, clock);
    },
    failed: (e) => server.platform.log.error("http request failed", {}, e),
  };
}

/** Listeners for mail programs: TLS from the first octet before STARTTLS (RFC 8314 3), IMAP before POP3. */
const CLIENT_SERVICES = [
  ["imaps", "imap", "tls"],
  ["imap", "imap", "starttls"],
  ["pop3s", "pop3", "tls"],
  ["pop3", "pop3", "starttls"],
  ["submissions", "smtp", "tls"],
  ["submission", "smtp", "starttls"],
] as const;

function clientFacts({ hostname, domains, listen }: Server["config"]): ClientFacts {
  const services = CLIENT_SERVICES.flatMap(([listener, kind, security]) => {
    const port = listen[listener][0]?.port;
    return port === undefined ? [] : [{ kind, port, security }];
  });
  return { hostname, domains: [...domains.keys()], services };
}

/** The accounts of the server; what is used is known of those with a quota. */
async function accountStates({ accounts, services, platform }: Server): Promise<readonly AccountStatus[]> {
  const states: AccountStatus[] = [];
  for (const account of [...accounts.values()].slice(0, STATUS_ACCOUNTS)) {
    const quota = { octets: account.quota, messages: account.quotaMessages ?? null };
    const counted = quota.octets !== null || quota.messages !== null;
    const kept = counted
      ? await services.store.account(account.id).then((mail) => mail.quota()).catch((cause) => {
        platform.log.warn("quota not known", { account: account.id, why: String(cause) });
        return null;
      })
      : null;
    states.push({ address: account.id, disabled: account.disabled, quota, used: kept?.used ?? null });
  }
  return states;
}

/** Messages changed at once. */
const TOGETHER = 50;

async function changeMany(queue: Queue, action: QueueAction, ids: readonly string[]): Promise<QueueChanges> {
  const changes = { done: new Array<string>(), busy: new Array<string>(), missing: new Array<string>() };
  const wanted = [...new Set(ids)];
  if (action === "retry") {
    const done = new Set(await queue.retryAll(wanted));
    return { ...changes, done: [...done], missing: wanted.filter((id) => !done.has(id)) };
  }
  const change = async (id: string): Promise<void> => {
    const came = action === "bounce" ? await queue.bounce(id) : await queue[action](id) ? "done" : "missing";
    changes[came].push(id);
  };
  for (let i = 0; i < wanted.length; i += TOGETHER) {
    await Promise.all(wanted.slice(i, i + TOGETHER).map(change));
  }
  return changes;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms);
}

function acmeOf({ keeper }: Server): AcmeStatus | null {
  const { acme } = keeper;
  return acme && { ...acme, next: time(acme.next), tried: timeOrNull(acme.tried) };
}

function suppressedOf({ first, last, until, ...rest }: Suppressed): SuppressedAddress {
  return { ...rest, first: time(first), last: time(last), until: until === null ? null : time(until) };
}

function awayPlaces({ services }: Server): AwayPlaces {
  return {
    hosts: services.awayHosts().map((h) => ({ ...h, since: time(h.since), until: time(h.until) })),
    destinations: services.queue.away().map(({ name, until, failures }) => ({
      destination: name,
      until: time(until),
      failures,
    })),
  };
}

async function snapshot(server: Server): Promise<StatusSnapshot> {
  const { platform, config, observed: { counts, totals }, services } = server;
  const stats = services.queue.stats();
  const space = await platform.fs.space(config.data).catch(() => ({ free: null, total: null }));
  const memory = Deno.memoryUsage();
  return {
    version: platform.version,
    commit: platform.commit,
    hostname: config.hostname,
    network: config.network,
    started: new Date(server.started).toISOString(),
    uptime: Math.round((platform.clock.now() - server.started) / 1000),
    listeners: [
      ...server.listeners.list().map(({ kind, address, port, connections }) => ({
        kind,
        address,
        port,
        connections,
      })),
      ...server.http.map(({ kind, address, port, connections }) => ({ kind, address, port, connections })),
    ],
    queue: {
      size: stats.messages,
      pending: stats.active,
      oldest: stats.oldest === null ? null : new Date(stats.oldest).toISOString(),
    },
    mail: {
      accepted: counts.get("mail accepted"),
      refused: counts.get("mail refused") + counts.get("recipient refused"),
      delivered: totals.delivered,
      sent: totals.sent,
      bounced: stats.failed,
    },
    logins: {
      ok: counts.get("login"),
      refused: counts.get("login refused"),
    },
    disk: { path: config.data, free: space.free, total: space.total },
    memory: { rss: memory.rss, heap: memory.heapUsed },
    certificates: server.keeper.certificates.list().map((c) => ({
      source: c.source,
      names: [...c.dnsNames, ...c.ipNames],
      issuer: c.issuer,
      begins: time(c.notBefore),
      expires: time(c.notAfter),
      days: Math.floor((c.notAfter - platform.clock.now()) / 86_400_000),
      renews: timeOrNull(server.keeper.renewal(c)),
      fingerprint: c.fingerprint,
    })),
    acme: acmeOf(server),
  };
}

function itemOf(m: QueuedMessage): QueueItem {
  const waiting = new Set(pendingOf(m).map((i) => m.envelope.recipients[i]?.address.domain));
  const due = [...m.destinations].flatMap(([name, d]) => waiting.has(name) ? [d.next] : []);
  const next = Math.min(...due);
  return {
    id: m.id,
    state: waitStateOf(m),
    sender: m.envelope.sender ? formatAddress(m.envelope.sender) : "<>",
    size: m.size,
    arrived: new Date(m.created).toISOString(),
    attempts: Math.max(0, ...[...m.destinations.values()].map((d) => d.attempts)),
    next: !m.held && Number.isFinite(next) && next > m.created ? new Date(next).toISOString() : null,
    recipients: m.envelope.recipients.map((r, i) => ({
      address: formatAddress(r.address),
      state: m.recipients[i]?.state ?? "pending",
      reply: m.recipients[i]?.last?.reply ?? m.recipients[i]?.last?.why ?? null,
    })),
  };
}

function metricsOf(s: StatusSnapshot, server: Server): Metric[] {
  const gauge = (name: string, help: string, value: number): Metric => ({
    name,
    type: "gauge",
    help,
    samples: [{ value }],
  });
  return [
    gauge(
      "roost_start_time_seconds",
      "When the server started, in seconds since 1970.",
      server.started / 1000,
    ),
    gauge("roost_resident_memory_bytes", "Resident memory.", s.memory.rss),
    gauge("roost_heap_bytes", "Heap in use.", s.memory.heap),
    gauge("roost_disk_free_bytes", "Free space where mail is kept.", s.disk.free ?? -1),
    gauge("roost_queue_messages", "Messages in the queue.", s.queue.size),
    gauge(
      "roost_queue_oldest_seconds",
      "Age of the oldest message in the queue; 0 for an empty one.",
      s.queue.oldest === null ? 0 : (server.platform.clock.now() - Date.parse(s.queue.oldest)) / 1000,
    ),
    {
      name: "roost_connections",
      type: "gauge",
      help: "Open connections.",
      samples: s.listeners.map((l) => ({
        labels: { service: l.kind, port: String(l.port) },
        value: l.connections,
      })),
    },
    {
      name: "roost_certificate_expiry_seconds",
      type: "gauge",
      help: "When each certificate ends, in seconds since 1970.",
      samples: s.certificates.map((c) => ({
        labels: { name: c.names[0] ?? "" },
        value: Date.parse(c.expires) / 1000,
      })),
    },
    {
      name: "roost_recipients_total",
      type: "counter",
      help: "Recipients the queue is done with.",
      samples: [
        { labels: { outcome: "delivered" }, value: s.mail.sent },
        { labels: { outcome: "failed" }, value: s.mail.bounced },
      ],
    },
    ...server.observed.verdicts.metrics(),
    {
      name: "roost_events_total",
      type: "counter",
      help: "Log lines by event: one a decision.",
      samples: server.observed.counts.entries().map(([event, value]) => ({ labels: { event }, value })),
    },
  ];
}
