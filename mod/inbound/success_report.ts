/** Reports of success (RFC 3461 4.1 NOTIFY=SUCCESS) for mail that was delivered at reception. What was queued is the queue's to report. */
import type { Clock } from "../base/clock.ts";
import type { Address } from "../mail/address.ts";
import type { Reporter } from "../queue/reporter.ts";
import type { RecipientOptions, Submitter } from "../queue/types.ts";
import type { Dispatched } from "./dispatch.ts";

/** A recipient of whose success the sender wants to hear. */
export interface Succeeded {
  readonly address: Address;
  readonly options: RecipientOptions;
  readonly action: "delivered" | "expanded";
}

export interface SuccessReportPorts {
  readonly reporter: Reporter;
  readonly queue: Submitter;
  readonly clock: Clock;
}

export class SuccessReports {
  readonly #ports: SuccessReportPorts;
  readonly #hostname: string;

  /** `hostname`: what stands as the host in reports. */
  constructor(ports: SuccessReportPorts, hostname: string) {
    this.#ports = ports;
    this.#hostname = hostname;
  }

  /** Queues one report about all of `recipients`; none where there is nobody to tell. Throws FsError. */
  async delivered(message: Dispatched, recipients: readonly Succeeded[]): Promise<void> {
    const { sender, id } = message;
    if (sender === null || recipients.length === 0) return;
    const { reporter, queue, clock } = this.#ports;
    const now = clock.now();
    const traceId = `${id}-s`;
    const last = { at: now, status: "2.0.0", why: "", host: this.#hostname, reply: null };
    const body = await reporter.write({
      kind: "success",
      id: traceId,
      sender,
      messageId: id,
      traceId: id,
      arrived: now,
      now,
      ...(message.envelopeId === undefined ? {} : { envelopeId: message.envelopeId }),
      smtpUtf8: message.smtpUtf8,
      recipients: recipients.map((r) => ({ ...r, state: "delivered", last })),
      original: message.body,
    });
    try {
      await queue.submit({
        sender: null,
        recipients: [{ address: sender }],
        eightBit: true,
        smtpUtf8: message.smtpUtf8,
        ...(message.requireTls ? { requireTls: true } : {}),
        account: null,
        traceId,
      }, body);
    } finally {
      await body.dispose();
    }
  }
}
