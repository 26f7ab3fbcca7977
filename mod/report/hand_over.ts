/** Brings a finished report to the addresses that want it: by mail through the queue, or by HTTPS. */
import type { ReportUri } from "../auth/report_uri.ts";
import { memoryBody } from "../base/body.ts";
import { concat, EMPTY } from "../base/bytes.ts";
import { REPORT_DOMAINS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import { type Address, formatAddress, needsUtf8 } from "../mail/address.ts";
import type { Submitter } from "../queue/types.ts";

/** A report as it is handed over. */
export interface FinishedReport {
  /** The same for the same report, though it is made twice. */
  readonly id: string;
  readonly from: Address;
  readonly packed: Uint8Array;
  /** Of `packed`, in a POST. */
  readonly mediaType: string;
  /** It goes out though TLS does not work (RFC 8460 3): perhaps that is what it tells. */
  readonly tlsOptional: boolean;
  /** The whole mail to one address. */
  mailTo(to: Address): Uint8Array;
}

export interface HandOverPorts {
  readonly queue: Submitter;
  /** Hands octets to a server with a valid certificate; else why not. Never throws. */
  readonly post: (url: string, octets: Uint8Array, mediaType: string) => Promise<Result<void, string>>;
  /** Header fields that sign a message for its sender's domain; none where it has no key. */
  readonly sign?: (message: Uint8Array, from: Address) => Promise<Uint8Array>;
  readonly log: Log;
}

export class HandOver {
  readonly #ports: HandOverPorts;
  /** By report: who has it while others have not. */
  readonly #done = new Map<string, Set<string>>();

  constructor(ports: HandOverPorts) {
    this.#ports = ports;
  }

  /** "later": at least one target has not got it; a second call is for those only. Never throws. */
  async toAll(report: FinishedReport, targets: readonly ReportUri[]): Promise<"done" | "later"> {
    const done = this.#done.get(report.id) ?? new Set<string>();
    let left = 0;
    for (const target of targets) {
      const to = target.kind === "mail" ? formatAddress(target.address) : target.url;
      if (done.has(to)) continue;
      const fault = await this.#toOne(report, target);
      const facts = { report: report.id, to, size: report.packed.length };
      if (fault === null) this.#ports.log.info("report sent", facts);
      else this.#ports.log.warn("report not handed over", { ...facts, why: fault });
      if (fault === null) done.add(to);
      else left++;
    }
    this.#done.delete(report.id);
    if (left > 0) this.#remember(report.id, done);
    return left > 0 ? "later" : "done";
  }

  #remember(id: string, done: Set<string>): void {
    this.#done.set(id, done);
    // Reports that were given up are among them: the oldest.
    const [oldest] = this.#done.keys();
    if (this.#done.size > REPORT_DOMAINS && oldest !== undefined) this.#done.delete(oldest);
  }

  /** null, or why it could not be handed over. */
  async #toOne(report: FinishedReport, target: ReportUri): Promise<string | null> {
    const { queue, post, sign } = this.#ports;
    if (target.kind === "https") {
      const posted = await post(target.url, report.packed, report.mediaType);
      return posted.ok ? null : posted.error;
    }
    const message = report.mailTo(target.address);
    // Nothing is gained by sending it again: who wants no more than so much gets none.
    if (target.most !== null && message.length > target.most) {
      return this.#tooLarge(report, message.length, target);
    }
    try {
      const signed = await sign?.(message, report.from) ?? EMPTY;
      await queue.submit({
        sender: report.from,
        // Nobody here needs to hear of reports that do not arrive.
        recipients: [{ address: target.address, options: { notify: ["never"] } }],
        eightBit: [report.from, target.address].some(needsUtf8),
        smtpUtf8: [report.from, target.address].some(needsUtf8),
        ...(report.tlsOptional ? { tlsOptional: true } : {}),
        account: null,
        traceId: report.id,
      }, memoryBody(concat([signed, message])));
      return null;
    } catch (e) {
      return String(e);
    }
  }

  #tooLarge(report: FinishedReport, size: number, target: ReportUri & { readonly kind: "mail" }): null {
    const to = formatAddress(target.address);
    this.#ports.log.warn("report larger than wanted", { report: report.id, to, size, most: target.most });
    return null;
  }
}
