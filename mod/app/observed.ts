/** What is remembered of the log for the status page: counts, the day's mail, the last decisions. */
import type { Clock } from "../base/clock.ts";
import { HISTORY_FILE, HISTORY_SAVE } from "../base/limits.ts";
import { KeptFile, type KeptFilePorts } from "../base/kept_file.ts";
import { Decisions } from "../status/decisions.ts";
import { type Fate, fateOf, isOwnHandOver, MailHistory } from "../status/history.ts";
import { EventCounts, type LineWatch } from "../status/metrics.ts";
import { Timings } from "../status/timings.ts";
import { VerdictCounts } from "../status/verdicts.ts";

export class Observed {
  readonly counts: EventCounts = new EventCounts();
  readonly history: MailHistory = new MailHistory();
  readonly decisions: Decisions = new Decisions();
  /** Since the start. */
  readonly totals: Record<Fate, number> = { accepted: 0, refused: 0, delivered: 0, sent: 0, bounced: 0 };
  readonly timings: Timings = new Timings();
  readonly verdicts: VerdictCounts = new VerdictCounts();
  readonly #clock: Clock;

  /** Our own name, by which the queue tells of what it hands to our store. */
  readonly #hostname: string;

  constructor(clock: Clock, hostname: string) {
    this.#clock = clock;
    this.#hostname = hostname;
  }

  /** To be told of each log line. */
  readonly watch: LineWatch = (event, common, fields) => {
    if (isOwnHandOver(event, fields, this.#hostname)) return;
    this.verdicts.note(event, fields);
    const now = this.#clock.now();
    const fate = fateOf(event, fields);
    if (fate) {
      this.history.add(fate, now);
      this.totals[fate]++;
    }
    if (fate === "accepted" && typeof fields?.size === "number") this.timings.accepted(fields.size);
    this.decisions.add(event, common, fields, now);
  };

  /** Takes up what the last run counted, and keeps it from then on; the result ends that. */
  async keep(path: string, ports: KeptFilePorts): Promise<KeptFile> {
    const facts = { path, name: "history", most: HISTORY_FILE, every: HISTORY_SAVE };
    const file = new KeptFile(this.history, facts, ports);
    await file.open();
    return file;
  }
}
