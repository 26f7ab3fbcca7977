/** What the queue sends through: mailboxes of ours, or the network by the routes of the moment. */
import type { Directory } from "../account/directory.ts";
import type { AwayHost } from "../outbound/hosts.ts";
import type { Batch, RecipientOutcome, Transport } from "../queue/transport.ts";

/** The way to other hosts: it keeps connections for a while. */
export interface RemoteTransport extends Transport {
  /** Hosts that are left alone, since they could not be reached. */
  awayHosts(): readonly AwayHost[];
  /** Says goodbye on connections that wait, and on those in use as they become free. */
  close(): Promise<void>;
}

/** Local recipients go to one transport, all others to another one, which a reload may replace. */
export class SplitTransport implements Transport {
  readonly #directory: Directory;
  readonly #local: Transport;
  #remote: RemoteTransport;

  constructor(directory: Directory, local: Transport, remote: RemoteTransport) {
    this.#directory = directory;
    this.#local = local;
    this.#remote = remote;
  }

  /** Deliveries from now on use these routes. */
  swapRemote(next: RemoteTransport): void {
    // Bounded, and nothing hangs on its end.
    void this.#remote.close();
    this.#remote = next;
  }

  close(): Promise<void> {
    return this.#remote.close();
  }

  forgive(destination: string): void {
    this.#remote.forgive?.(destination);
  }

  awayHosts(): readonly AwayHost[] {
    return this.#remote.awayHosts();
  }

  async deliver(batch: Batch, signal: AbortSignal): Promise<readonly RecipientOutcome[]> {
    // Who was put off at delivery is known by account, whatever the directory says of the domain by now.
    const isLocal = (r: Batch["recipients"][number]) =>
      r.options?.deliverTo !== undefined || this.#directory.isLocal(batch.destination);
    const here = batch.recipients.filter(isLocal);
    const there = batch.recipients.filter((r) => !isLocal(r));
    if (there.length === 0) return await this.#local.deliver(batch, signal);
    if (here.length === 0) return await this.#remote.deliver(batch, signal);
    const [local, remote] = await Promise.all([
      this.#local.deliver({ ...batch, recipients: here }, signal),
      this.#remote.deliver({ ...batch, recipients: there }, signal),
    ]);
    const outcomes = new Map<unknown, RecipientOutcome | undefined>([
      ...here.map((r, i) => [r, local[i]] as const),
      ...there.map((r, i) => [r, remote[i]] as const),
    ]);
    return batch.recipients.flatMap((r) => outcomes.get(r) ?? []);
  }
}
