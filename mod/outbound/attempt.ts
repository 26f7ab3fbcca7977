import { OUTBOUND_ADDRESSES, OUTBOUND_SESSIONS } from "../base/limits.ts";
import type { Batch, RecipientOutcome } from "../queue/transport.ts";
import { type HostFault, hostFault } from "./fault.ts";

/** Outcomes of one attempt, so far. */
export class Attempt {
  readonly batch: Batch;
  readonly signal: AbortSignal;
  readonly outcomes: (RecipientOutcome | null)[];
  addresses = 0;
  sessions = 0;
  /** The fault to report for who has no outcome: the one with most weight, the last of equals. */
  fault: HostFault | null = null;

  constructor(batch: Batch, signal: AbortSignal) {
    this.batch = batch;
    this.signal = signal;
    this.outcomes = batch.recipients.map(() => null);
  }

  /** Indexes of recipients without an outcome. */
  get open(): readonly number[] {
    return this.outcomes.flatMap((o, i) => (o === null ? [i] : []));
  }

  get spent(): boolean {
    return this.signal.aborted || this.addresses >= OUTBOUND_ADDRESSES || this.sessions >= OUTBOUND_SESSIONS;
  }

  note(fault: HostFault): void {
    const before = this.fault;
    if (before?.until !== undefined && fault.until !== undefined && before.until <= fault.until) return;
    if (!before || weight(fault) >= weight(before)) this.fault = fault;
  }

  /** Closes the account: nobody is left without an outcome. */
  result(): readonly RecipientOutcome[] {
    const stopped = hostFault("deferred", "4.3.2", "stopped before the message was sent", null);
    const nothing = hostFault("deferred", "4.4.1", "no host could be reached", null);
    const fault = this.fault ?? (this.signal.aborted ? stopped : nothing);
    const { hostDown, unready: _, chunksBroken: __, ...told } = this.signal.aborted && fault.kind === "failed"
      ? stopped
      : fault;
    const rest: RecipientOutcome = { ...told, destinationDown: hostDown && !this.signal.aborted };
    return this.outcomes.map((o) => o ?? rest);
  }
}

/** Temporary before for good; what was met before what is remembered, what a host said before silence, and of the message before of itself: that tells people most. */
function weight(fault: HostFault): number {
  if (fault.kind === "failed") return 0;
  if (fault.until !== undefined) return 1;
  return fault.reply === null ? 2 : fault.hostDown ? 3 : 4;
}
