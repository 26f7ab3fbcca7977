/** Takes in reports that come by mail, off its way: the mail is delivered as any other, before anybody looks into it. */
import type { Clock } from "../base/clock.ts";
import { REPORTS_WAITING } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { digestDmarc, digestTls } from "./digest.ts";
import { findEnclosed } from "./enclosed.ts";
import {
  isReceivedDmarc,
  isReceivedTls,
  type ReceivedDmarc,
  ReceivedReports,
  type ReceivedTls,
} from "./received.ts";

export interface IntakePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a domain (lower case) is ours, or below one that is. */
  readonly isOurs: (domain: string) => boolean;
}

export class ReportIntake {
  readonly tls: ReceivedReports<ReceivedTls> = new ReceivedReports(isReceivedTls);
  readonly dmarc: ReceivedReports<ReceivedDmarc> = new ReceivedReports(isReceivedDmarc);
  readonly #ports: IntakePorts;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** Looks into a message, one after the other; past REPORTS_WAITING at a time they are left alone. `id` is for the log. Never throws. */
  take(message: Uint8Array, id: string): void {
    const { log } = this.#ports;
    if (this.#waiting >= REPORTS_WAITING) {
      return log.warn("report not looked into: too many at a time", { id });
    }
    this.#waiting++;
    this.#last = this.#last.then(() => this.#look(message, id)).catch((e) =>
      log.error("report not looked into", { id }, e)
    ).finally(() => this.#waiting--);
  }

  /** Resolves when all that was taken is looked into. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #look(message: Uint8Array, id: string): Promise<void> {
    const { clock, log, isOurs } = this.#ports;
    const enclosed = await findEnclosed(message);
    if (!enclosed) return;
    const { kind } = enclosed;
    const digest = kind === "tls"
      ? digestTls(enclosed.json, isOurs, clock.now())
      : await digestDmarc(enclosed.xml, isOurs, clock);
    if (!digest.ok) return log.info("report not taken in", { id, kind, why: digest.error });
    const now = clock.now();
    if ("policy" in digest.value) this.dmarc.add(digest.value, now);
    else for (const one of digest.value) this.tls.add(one, now);
    log.info("report taken in", { id, kind });
  }
}
