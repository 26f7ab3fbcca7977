/** A queue in memory with a peer that does what the test says. */
import { memoryBody } from "../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import type { Address } from "../../mod/mail/address.ts";
import { Queue, type QueueOptions } from "../../mod/queue/queue.ts";
import type { Report } from "../../mod/queue/reporter.ts";
import { Spool } from "../../mod/queue/spool.ts";
import type { Batch, BatchRecipient, RecipientOutcome, Transport } from "../../mod/queue/transport.ts";
import type { Envelope, RecipientOptions } from "../../mod/queue/types.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

export const DIR = "/data/queue";

export interface Rig {
  readonly fs: MemFs;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly spool: Spool;
  readonly queue: Queue;
  readonly transport: Transport;
  /** What the peers took, "RECIPIENT: TEXT", in order. */
  readonly taken: string[];
  readonly batches: Batch[];
  readonly reports: Report[];
}

export type Answer = (
  recipient: BatchRecipient,
  batch: Batch,
) => RecipientOutcome | Promise<RecipientOutcome>;

export function rig(
  fs: MemFs = new MemFs({ dirs: ["/data"] }),
  answer: Answer = delivered,
  options: QueueOptions = {},
  clock: FakeClock = new FakeClock(),
  heard: (line: string) => void = () => {},
): Rig {
  const log = new MemoryLog();
  const random = new SeededRandom(7);
  const spool = new Spool(DIR, { fs, clock, random, log });
  const taken: string[] = [];
  const batches: Batch[] = [];
  const reports: Report[] = [];
  const transport: Transport = {
    async deliver(batch: Batch): Promise<readonly RecipientOutcome[]> {
      batches.push(batch);
      let text = "";
      for await (const chunk of batch.body.stream()) text += fromUtf8(chunk);
      const outcomes = [];
      for (const recipient of batch.recipients) {
        const outcome = await answer(recipient, batch);
        if (outcome.kind === "delivered" && fs.cut === null) {
          const line = `${recipient.address.local}@${recipient.address.domain}: ${text}`;
          taken.push(line);
          heard(line);
        }
        outcomes.push(outcome);
      }
      return outcomes;
    },
  };
  const reporter = {
    write(report: Report) {
      reports.push(report);
      const about = report.recipients.map((r) => `${r.address.local}@${r.address.domain} ${r.state}`).join(
        ", ",
      );
      return Promise.resolve(memoryBody(utf8(`bounce about ${about}`)));
    },
  };
  const queue = new Queue({ spool, transport, reporter, clock, random, log }, options);
  return { fs, clock, log, spool, queue, transport, taken, batches, reports };
}

/** A queue that runs. */
export async function started(...args: Parameters<typeof rig>): Promise<Rig> {
  const r = rig(...args);
  await r.queue.open();
  await r.queue.start();
  return r;
}

/** Ends it, whatever is under way. */
export async function stop(r: Rig): Promise<void> {
  const stopping = r.queue.stop(1000);
  await r.clock.advance(20_000);
  await stopping;
}

export function address(text: string): Address {
  const at = text.lastIndexOf("@");
  return { local: text.slice(0, at), domain: text.slice(at + 1) };
}

/** Unless `options` say otherwise, nobody is warned of what takes long: most tests do not look at that. */
export function envelope(
  recipients: readonly string[],
  sender: string | null = "me@home.test",
  options: RecipientOptions | null = { notify: ["failure"] },
): Envelope {
  return {
    sender: sender === null ? null : address(sender),
    recipients: recipients.map((r) => options ? { address: address(r), options } : { address: address(r) }),
    eightBit: false,
    smtpUtf8: false,
    account: null,
    traceId: "t1",
  };
}

export function delivered(): RecipientOutcome {
  const reply = { code: 250, status: "2.0.0", lines: ["taken"] };
  return { kind: "delivered", host: "mx.test", reply, tls: null, dsnPassedOn: false };
}

export function notDelivered(kind: "deferred" | "failed", destinationDown = false): RecipientOutcome {
  const code = kind === "failed" ? 550 : 450;
  const reply = destinationDown ? null : { code, status: null, lines: ["no", "such user"] };
  const status = kind === "failed" ? "5.1.1" : "4.2.0";
  return {
    kind,
    status,
    why: `${kind} by test`,
    reply,
    host: destinationDown ? null : "mx.test",
    destinationDown,
  };
}
