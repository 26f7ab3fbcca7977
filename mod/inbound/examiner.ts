/** Looks at mail from outside while it comes in: whose it is, what is done with it, and the field that tells (RFC 8601). */
import { authResultsPayload } from "../auth/authres/format.ts";
import { withoutForgedResults } from "../auth/authres/forged.ts";
import type { JudgedMessage } from "../auth/dmarc/types.ts";
import { Inspection } from "../auth/inspection.ts";
import type { AuthFindings, IprevOutcome } from "../auth/types.ts";
import type { Clock } from "../base/clock.ts";
import { isInNetworks, isLoopback, type Network, parseIp } from "../base/ip.ts";
import type { Random } from "../base/random.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { QueuedArrival } from "../queue/types.ts";
import type { Client, Tap, Transaction } from "../smtp/ports.ts";
import type { ReverseName } from "./checks/reverse_name.ts";
import { dispositionOf, judgeMessage, type MessageVerdict, type VerdictTable } from "./message_verdict.ts";
import { PeerOrigin } from "./origin.ts";

export interface ExaminerSettings {
  /** Our name, in Authentication-Results. */
  readonly hostname: string;
  /** Networks whose mail is looked at, and never refused or put aside. */
  readonly trusted: readonly Network[];
  readonly table: VerdictTable;
  /** Domains whose ARC seals count. */
  readonly trustedSealers: readonly string[];
}

export interface ExaminerPorts {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly random: Random;
}

/** A message that was looked at. */
export interface Examined {
  /** The header block as it came, and without what claims to be ours: the same array when nothing does. */
  readonly header: Uint8Array;
  readonly cleaned: Uint8Array;
  /** What was found, as Authentication-Results has it. */
  readonly results: string;
  readonly findings: AuthFindings;
  readonly verdict: MessageVerdict;
  /** For reports to the author's domain. */
  readonly judged: JudgedMessage;
}

/** What is known of the arrival of a message that may be sealed when it goes on to others: its chain is whole, or it has none. */
export type Arrival = QueuedArrival;

/** null: a chain that came broken stays so whatever is put on top. */
export function arrivalOf({ results, findings }: Pick<Examined, "results" | "findings">): Arrival | null {
  const arc = findings.arc?.result;
  return arc === "none" || arc === "pass" ? { results, arc } : null;
}

export class Examiner {
  readonly #settings: ExaminerSettings;
  readonly #ports: ExaminerPorts;

  constructor(settings: ExaminerSettings, ports: ExaminerPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /**
   * Begins with a message whose recipients are known; null for what is not looked at: what our users send, what this machine sends, and LMTP,
   * whose peer is a mail server of ours that has seen the sender's host.
   */
  begin(transaction: Transaction): Examination | null {
    const { listener, account, remote } = transaction.client;
    const ip = parseIp(remote.address);
    if (listener !== "smtp" || account !== null || !ip || isLoopback(ip)) return null;
    return new Examination(transaction, this.#settings, this.#ports);
  }
}

export class Examination implements Tap {
  readonly #transaction: Transaction;
  readonly #settings: ExaminerSettings;
  readonly #inspection: Inspection;
  readonly #now: number;

  constructor(transaction: Transaction, settings: ExaminerSettings, ports: ExaminerPorts) {
    const { client, sender } = transaction;
    this.#transaction = transaction;
    this.#settings = settings;
    this.#now = ports.clock.now();
    this.#inspection = new Inspection({ ...ports, hostname: settings.hostname }, {
      client: { address: client.remote.address, helo: client.helo ?? "", sender },
      now: this.#now,
      trustedSealers: settings.trustedSealers,
      roll: ports.random.int(100),
    });
  }

  write(view: Uint8Array): boolean {
    return this.#inspection.write(view);
  }

  /** The message is whole. Waits for DNS in bounded time. */
  async finish(): Promise<Examined> {
    const { client, sender, recipients } = this.#transaction;
    const { hostname, trusted, table } = this.#settings;
    const inspected = await this.#inspection.finish();
    const { header, dmarc } = inspected;
    const findings = { ...inspected.findings, iprev: iprevOf(client) };
    const { address } = client.remote;
    const verdict = judgeMessage(findings, table, address, isInNetworks(address, trusted));
    return {
      header,
      cleaned: withoutForgedResults(header, hostname),
      results: authResultsPayload(hostname, findings, { address, sender }),
      findings,
      verdict,
      judged: {
        at: this.#now,
        address,
        envelopeFrom: sender?.domain ?? "",
        envelopeTo: recipients[0]?.domain ?? "",
        evaluation: dmarc,
        spf: findings.spf,
        dkim: findings.dkim,
        disposition: dispositionOf(verdict),
        override: verdict.override,
      },
    };
  }
}

/** RFC 8601 2.7.3, from what was asked at the connect. */
function iprevOf({ origin }: Client): IprevOutcome | null {
  if (!(origin instanceof PeerOrigin)) return null;
  const results: Readonly<Record<ReverseName["kind"], IprevOutcome["result"]>> = {
    verified: "pass",
    unverified: "fail",
    none: "permerror",
    unknown: "temperror",
  };
  return { result: results[origin.reverse.kind], name: origin.name };
}

/** The findings in a few words each, for log and trace. */
export function shortFindings({ spf, dkim, arc, dmarc, iprev }: AuthFindings): Record<string, string> {
  const signed = dkim.slice(0, 5).map((d) => because(`${d.result} ${d.domain}`.trim(), d.result, d.reason));
  return {
    spf: spf ? because(`${spf.result} ${spf.domain}`, spf.result, spf.why) : "none",
    dkim: signed.length === 0 ? "none" : signed.join(", "),
    dmarc: dmarc
      ? because(
        [dmarc.result, dmarc.domain, dmarc.policy && `p=${dmarc.policy}`].filter(Boolean).join(" "),
        dmarc.result,
        dmarc.reason,
      )
      : "none",
    ...(arc && arc.result !== "none"
      ? { arc: because(`${arc.result} ${arc.sealer}`.trim(), arc.result, arc.reason) }
      : {}),
    ...(iprev && iprev.result !== "pass" ? { iprev: iprev.result } : {}),
  };
}

/** What did not pass says why. */
function because(found: string, result: string, reason: string): string {
  return result === "pass" || reason === "" ? found : `${found} (${reason.slice(0, 200)})`;
}
