/**
 * The queue's transport: one attempt to deliver one message to one destination. Hosts are tried in order, each at its addresses, until one
 * has answered for every recipient. Invariants:
 * - Once a host may have taken the message (final dot sent), no other host gets it for the same recipients.
 * - For good is only what a host, or the DNS without doubt, says so; everything unforeseen is deferred.
 */
import type { Clock } from "../base/clock.ts";
import { CLIENT_RECIPIENTS, OUTBOUND_ADDRESSES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { err } from "../base/result.ts";
import type { Random } from "../base/random.ts";
import { addressScope } from "../dns/address.ts";
import { findAddresses } from "../dns/mx.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Batch, BatchRecipient, RecipientOutcome, Transport } from "../queue/transport.ts";
import type { SmtpClient } from "../smtp/client.ts";
import type { SendOutcome } from "../smtp/client_outcome.ts";
import type { ClientEnvelope } from "../smtp/client_envelope.ts";
import { sendMessage } from "../smtp/client_send.ts";
import type { Conn } from "../wire/conn.ts";
import { type AddressFamily, inOrder } from "./address_order.ts";
import { Attempt } from "./attempt.ts";
import type { Connector } from "./connector.ts";
import { Dialer, type Target } from "./dial.ts";
import { faultOf, type HostFault, hostFault } from "./fault.ts";
import { faultFor, policyFor } from "./required_tls.ts";
import { type AwayHost, type HostAddress, Hosts } from "./hosts.ts";
import { planFor, type PlannedHost, type PlanPorts } from "./plan.ts";
import { Pool } from "./pool.ts";
import { connectFirst } from "./race.ts";
import type { Route, Routes } from "./route.ts";
import { type Decided, OPPORTUNISTIC, type TlsPolicies, type TlsPolicy } from "./tls_policy.ts";
import { policyFaultOf, sessionOf, type TlsSeen, type TlsSessions } from "./tls_session.ts";

export interface TransportPorts {
  readonly resolver: Resolver;
  readonly connector: Connector;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Our name in EHLO. */
  readonly hostname: string;
  readonly network: "open" | "closed";
  readonly routes: Routes;
  /** Whether a name in lower case is this server's own, so that an MX naming it is a loop. */
  readonly isOwnName: (name: string) => boolean;
  /** Whether we listen for mail ourselves at this address and port. Routes are not asked: the config knows what it wants. */
  readonly isOwnAddress: (address: string, port: number) => boolean;
  /** The password of a route's user, or null when none is known. */
  readonly passwordFor: (user: string, host: string) => Promise<string | null>;
  /** Opportunistic unless given. */
  readonly tlsPolicies?: TlsPolicies;
  /** Told what TLS came to with hosts found by MX. */
  readonly tlsSessions?: TlsSessions;
  /** Addresses to come from, of each family one at most; the system's choice where there is none, and where a route has its own. */
  readonly sources?: readonly string[];
  /** Which addresses of a host are tried, and in what order; IPv6 and IPv4 in turn unless given. */
  readonly family?: AddressFamily;
  /** A host that was away answers again; these destinations waited for it. */
  readonly back?: (destinations: ReadonlySet<string>) => void;
  /** Port of mail hosts found by MX; 25 unless given. */
  readonly mxPort?: number;
}

/** Delivers over SMTP and LMTP, by routes and MX records. */
export class SmtpTransport implements Transport {
  readonly #ports: TransportPorts;
  readonly #plan: PlanPorts;
  readonly #dialer: Dialer;
  readonly #pool: Pool;
  readonly #hosts: Hosts;
  readonly #policies: TlsPolicies;

  constructor(ports: TransportPorts) {
    this.#ports = ports;
    this.#plan = { ...ports, mxPort: ports.mxPort ?? 25 };
    this.#dialer = new Dialer(ports);
    this.#pool = new Pool(ports.clock);
    this.#hosts = new Hosts(ports);
    this.#policies = ports.tlsPolicies ?? OPPORTUNISTIC;
  }

  async deliver(batch: Batch, signal: AbortSignal): Promise<readonly RecipientOutcome[]> {
    const attempt = new Attempt(batch, signal);
    try {
      const plan = await planFor(batch.destination, batch.sender, this.#plan);
      if (plan.kind === "fault") attempt.note(plan.fault);
      else await this.#tryHosts(plan.hosts, attempt);
    } catch (error) {
      this.#ports.log.error("delivery attempt broke", {
        trace: batch.traceId,
        destination: batch.destination,
      }, error);
      attempt.note({
        ...hostFault("deferred", "4.3.0", "internal fault, see the log", null),
        hostDown: false,
      });
    }
    return attempt.result();
  }

  forgive(destination: string): void {
    this.#hosts.forgive(destination);
  }

  /** Hosts that are left alone. */
  awayHosts(): readonly AwayHost[] {
    return this.#hosts.list();
  }

  /** Ends the connections that wait for another message. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  async #tryHosts(hosts: readonly PlannedHost[], attempt: Attempt): Promise<void> {
    for (const [n, host] of hosts.entries()) {
      if (attempt.spent || attempt.open.length === 0) return;
      const { addresses, secure } = await this.#addressesOf(host, attempt);
      if (!host.route && addresses.some((a) => this.#ports.isOwnAddress(a, host.port))) {
        // RFC 5321 5.1: we are in the list under another name; hosts from here on would only send to us.
        if (n === 0) {
          attempt.note(
            hostFault(
              "failed",
              "5.4.6",
              `${host.name} is this server, which is not set up for it`,
              host.name,
            ),
          );
        }
        return;
      }
      if (addresses.length === 0) continue;
      if (!host.route) this.#noticeInner(host.name, addresses, attempt.batch);
      const way = await this.#wayTo(host, secure, attempt.batch);
      if ("status" in way) {
        attempt.note(way);
        continue;
      }
      await this.#tryAddresses(way, addresses, attempt);
    }
  }

  /** A DNS of one's own at home has such records, and so has who would have us knock at doors within our network: told, and tried. */
  #noticeInner(host: string, addresses: readonly string[], batch: Batch): void {
    const inner = addresses.filter((a) => addressScope(a) !== "public").slice(0, OUTBOUND_ADDRESSES);
    if (inner.length === 0) return;
    const { traceId: trace, destination } = batch;
    this.#ports.log.info("mx is not public", { trace, destination, host, addresses: inner.join(" ") });
  }

  /** One host: over a kept connection where there is one, else at the address that answers first, until all recipients have an answer. */
  async #tryAddresses(
    way: Omit<Target, "address">,
    addresses: readonly string[],
    attempt: Attempt,
  ): Promise<void> {
    let left = addresses.map((address): Target => ({ ...way, address }));
    while (left.length > 0 && !attempt.spent && attempt.open.length > 0) {
      const kept = left.find((t) => this.#pool.has(keyOf(t)));
      const { target, conn, failed } = kept
        ? { target: kept, conn: null, failed: [] }
        : await this.#connect(left.slice(0, OUTBOUND_ADDRESSES - attempt.addresses), attempt);
      if (target) {
        attempt.addresses++;
        await this.#tryTarget(target, conn, attempt);
      } else if (failed.length === 0) return;
      left = left.filter((t) => t !== target && !failed.includes(t));
    }
  }

  /** A connection to the first of these that answers, and those that did not; none is made to who is left alone. */
  async #connect(
    targets: readonly Target[],
    attempt: Attempt,
  ): Promise<
    { readonly target: Target | null; readonly conn: Conn | null; readonly failed: readonly Target[] }
  > {
    const { destination } = attempt.batch;
    const of = (address: string) => targets.find((t) => t.address === address);
    const note = (address: string, fault: HostFault) => {
      const target = of(address);
      if (target && fault.unready && !attempt.signal.aborted) {
        this.#hosts.failed(target, fault.why, destination);
      }
    };
    const raced = await connectFirst<HostFault>(
      targets.map((t) => t.address),
      (address) => {
        const target = of(address);
        if (!target) throw new RangeError("Cannot connect to an address that was not asked for");
        const away = this.#hosts.ask(target, destination);
        return away ? Promise.resolve(err(awayFault(away))) : this.#dialer.connect(target);
      },
      this.#ports.clock,
      note,
    );
    for (const { address, error } of raced.failed) {
      note(address, error);
      if (error.until === undefined) attempt.addresses++;
      attempt.note(faultFor(attempt.batch, error));
    }
    return {
      target: raced.won ? of(raced.won.address) ?? null : null,
      conn: raced.won?.conn ?? null,
      failed: raced.failed.flatMap(({ address }) => of(address) ?? []),
    };
  }

  async #addressesOf(
    host: PlannedHost,
    attempt: Attempt,
  ): Promise<{ readonly addresses: readonly string[]; readonly secure: boolean }> {
    if (host.addresses) return { addresses: host.addresses, secure: false };
    const found = await findAddresses(host.name, this.#ports.resolver);
    if (found.kind === "addresses") {
      const { family = "any" } = this.#ports;
      const addresses = inOrder(found.addresses, family);
      if (addresses.length === 0) {
        const why = `${host.name} has no address of the family that sending.address_family asks for`;
        attempt.note(hostFault("deferred", "4.4.4", why, host.name));
      }
      return { ...found, addresses };
    }
    attempt.note(
      found.kind === "temp"
        ? hostFault(
          "deferred",
          "4.4.3",
          `cannot look up the address of ${host.name}: ${found.why}`,
          host.name,
        )
        // A route is the operator's word: what it names may come back, and mail must wait for the config to be mended.
        : hostFault(
          host.route ? "deferred" : "failed",
          host.route ? "4.4.4" : "5.4.4",
          `${host.name} has no address`,
          host.name,
        ),
    );
    return { addresses: [], secure: false };
  }

  /** How to speak to a host, all but the address. `secure`: its addresses came with the AD bit. */
  async #wayTo(
    host: PlannedHost,
    secure: boolean,
    batch: Batch,
  ): Promise<Omit<Target, "address"> | HostFault> {
    const { route, name, port } = host;
    if (!route) {
      const secured = { name, port, secure: host.secure && secure };
      const asked = await this.#policies.decide(batch.destination, secured);
      const observe = this.#observer(batch, name, asked);
      const barred = "why" in asked;
      if (barred && (batch.requireTls || !batch.tlsOptional)) {
        const why = asked.kind === "temp" ? `cannot find out the TLS policy: ${asked.why}` : asked.why;
        this.#ports.log.warn("tls policy bars host", {
          trace: batch.traceId,
          destination: batch.destination,
          host: name,
          why,
        });
        return hostFault("deferred", "4.7.5", why, name);
      }
      const tls = policyFor(batch, host, barred ? { kind: "opportunistic" } : asked);
      if ("status" in tls) return tls;
      return { protocol: "smtp", host: name, port, tls, login: null, ...this.#from(null), ...observe };
    }
    const asked: TlsPolicy = route.tls === "opportunistic"
      ? { kind: "opportunistic" }
      : { kind: "required", name, implicit: route.tls === "implicit" };
    const tls = policyFor(batch, host, asked);
    if ("status" in tls) return tls;
    const { protocol } = route;
    const from = this.#from(route);
    if (route.user === null) return { protocol, host: name, port, tls, login: null, ...from };
    const password = await this.#ports.passwordFor(route.user, name);
    if (password === null) {
      return hostFault("deferred", "4.7.8", `no password is known for "${route.user}" at ${name}`, name);
    }
    return { protocol, host: name, port, tls, login: { user: route.user, password }, ...from };
  }

  /** Where to come from, and under what name. */
  #from(route: Route | null): Pick<Target, "sources" | "hostname"> {
    const sources = route?.sources ?? this.#ports.sources;
    return { ...(sources ? { sources } : {}), ...(route?.hostname ? { hostname: route.hostname } : {}) };
  }

  /**
   * Tells of the sessions with a host. Messages that do as they please with TLS say nothing about the destination's; reports of failures
   * are among them (RFC 8460 4.1).
   */
  #observer(batch: Batch, host: string, policy: Decided): Pick<Target, "observe"> {
    const { tlsSessions } = this.#ports;
    const { destination } = batch;
    if (!tlsSessions || batch.requireTls || batch.tlsOptional || destination.startsWith("[")) return {};
    const fault = policyFaultOf(destination, host, policy);
    if (fault) tlsSessions.note(fault);
    return {
      observe: (address: string, seen: TlsSeen) =>
        tlsSessions.note(sessionOf(destination, host, policy, address, seen)),
    };
  }

  /** One address, over `conn` where it was connected to already. A kept connection that has died is replaced by a new one. */
  async #tryTarget(target: Target, conn: Conn | null, attempt: Attempt): Promise<void> {
    const key = keyOf(target);
    const { destination } = attempt.batch;
    const kept = conn ? null : this.#pool.take(key);
    if (kept) {
      const fault = await this.#useClient(kept, key, target, attempt);
      if (!fault) return;
      if (fault.chunksBroken) this.#dialer.avoidChunks(target);
      else if (!isStale(fault)) return attempt.note(fault);
    }
    const dialed = await this.#dialer.dial(target, attempt.signal, conn);
    if (!dialed.ok) {
      const { unready, why } = dialed.error;
      if (!unready) this.#seen(target);
      else if (!attempt.signal.aborted) this.#hosts.failed(target, why, destination);
      if (dialed.error.status !== "4.4.1") attempt.sessions++;
      this.#logBarred(target, dialed.error, attempt.batch);
      return attempt.note(faultFor(attempt.batch, dialed.error));
    }
    const fault = await this.#useClient(dialed.value, key, target, attempt);
    if (!fault) return;
    // Once more by DATA, where that can help.
    if (fault.chunksBroken && this.#dialer.avoidChunks(target)) {
      return await this.#tryTarget(target, null, attempt);
    }
    attempt.sessions++;
    attempt.note(fault);
  }

  /** It greeted us, whatever came then. */
  #seen(at: HostAddress): void {
    this.#hosts.answered(at);
    this.#hosts.left(at);
  }

  /** A host whose TLS is not as its policy wants it. */
  #logBarred(target: Target, fault: HostFault, batch: Batch): void {
    if (target.tls.kind === "opportunistic" || !fault.status.startsWith("4.7.")) return;
    this.#ports.log.warn("tls policy not met", {
      trace: batch.traceId,
      destination: batch.destination,
      host: target.host,
      address: target.address,
      policy: target.tls.kind,
      why: fault.why,
    });
  }

  /** Sends to all open recipients over a ready connection; null when each got an outcome. */
  async #useClient(
    client: SmtpClient,
    key: string,
    target: Target,
    attempt: Attempt,
  ): Promise<HostFault | null> {
    const stop = () => client.abort();
    attempt.signal.addEventListener("abort", stop, { once: true });
    if (attempt.signal.aborted) stop();
    let clean = false;
    this.#hosts.answered(target);
    try {
      const fault = await this.#transactions(client, target, attempt);
      clean = fault === null;
      return fault;
    } finally {
      this.#hosts.left(target);
      attempt.signal.removeEventListener("abort", stop);
      // After a fault the peer may be in the middle of anything. Nobody waits for the goodbye.
      if (clean) this.#pool.give(key, client);
      else void client.quit();
    }
  }

  /** As many transactions as it takes: the peer may cap recipients, and so do we. */
  async #transactions(client: SmtpClient, target: Target, attempt: Attempt): Promise<HostFault | null> {
    const { batch } = attempt;
    let left = attempt.open;
    while (left.length > 0) {
      const now = left.slice(0, CLIENT_RECIPIENTS);
      const recipients = now.flatMap((i): BatchRecipient[] =>
        batch.recipients[i] ? [batch.recipients[i]] : []
      );
      const by = batch.deliverBy ? { by: timeLeft(batch.deliverBy, this.#ports.clock.now()) } : {};
      const sent = await sendMessage(client, { ...batch, recipients, ...by }, batch.body);
      if (sent.kind === "not-taken") return faultOf(sent.fault, target.host);
      const delivered = sent.outcomes.some((o) => o.kind === "delivered");
      const later: number[] = [];
      sent.outcomes.forEach((outcome, n) => {
        const i = now[n] ?? -1;
        // Without progress "try them next" would go round for ever.
        if (outcome.kind === "deferred" && outcome.again && delivered) later.push(i);
        else attempt.outcomes[i] = told(outcome, target, client);
      });
      left = [...later, ...left.slice(CLIENT_RECIPIENTS)];
      if (!delivered && client.usable) {
        const cleared = await client.reset();
        if (!cleared.ok && left.length > 0) return faultOf(cleared.error, target.host);
      }
      if (left.length > 0 && !client.usable) {
        return hostFault(
          "deferred",
          "4.4.2",
          "the host closed the connection between transactions",
          target.host,
        );
      }
    }
    return null;
  }
}

/** What a message is told for which a host was not tried. */
function awayFault({ host, address, port, why, until }: AwayHost): HostFault {
  const told = `not tried, ${address} port ${port} is left alone until ${
    new Date(until).toISOString()
  }: ${why}`;
  return { ...hostFault("deferred", "4.4.1", told, host), until };
}

function told(outcome: SendOutcome, target: Target, client: SmtpClient): RecipientOutcome {
  const host = target.host;
  if (outcome.kind === "delivered") {
    const { reply } = outcome;
    const { dsn, deliverBy } = client.extensions;
    const passedOn = { dsnPassedOn: dsn, byPassedOn: deliverBy !== null };
    return { kind: "delivered", host, reply, tls: client.tls, ...passedOn };
  }
  const { kind, status, why, reply, atRecipient } = outcome;
  return { kind, status, why, reply, host, destinationDown: false, ...(atRecipient ? { atRecipient } : {}) };
}

/** Deliver By as the next host is to have it (RFC 2852 4.1.4): what is left now, and never nothing where it is to come back. */
function timeLeft(
  { at, mode, trace }: NonNullable<Batch["deliverBy"]>,
  now: number,
): NonNullable<ClientEnvelope["by"]> {
  const left = Math.floor((at - now) / 1000);
  return { seconds: mode === "return" ? Math.max(1, left) : left, mode, ...(trace ? { trace } : {}) };
}

/** A kept connection had been closed by the peer: that says nothing about the host. */
function isStale(fault: HostFault): boolean {
  return fault.status === "4.4.2" || fault.reply?.code === 421;
}

/** What a connection must have in common to be used again. */
function keyOf(target: Target): string {
  const tls = tlsKey(target.tls);
  const { protocol, host, address, port, login, sources = [], hostname = "" } = target;
  return [protocol, host, address, port, tls, login?.user ?? "", ...sources, hostname].join(" ");
}

function tlsKey(tls: TlsPolicy): string {
  switch (tls.kind) {
    case "required":
      return `required ${tls.name}`;
    case "dane":
      return `dane ${tls.names.join(" ")}`;
    default:
      return tls.kind;
  }
}
