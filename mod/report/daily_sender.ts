/**
 * Sends the reports of days that are over, each some time within REPORT_SPREAD after it was found, so that not all the world's go out at
 * midnight. What cannot be handed over is tried each hour, until nobody needs it any more.
 */
import type { Clock } from "../base/clock.ts";
import { REPORT_AGAIN, REPORT_KEPT, REPORT_LOOK, REPORT_SPREAD } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { DAY, type ReportKey } from "./daily_ledger.ts";

/** What is to be sent, such as a `DailyLedger`. */
export interface Outbox {
  finished(now: number): readonly ReportKey[];
  drop(key: ReportKey): void;
}

export interface DailyPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbox: Outbox;
  /** Makes and hands over one report. "none": nobody wants it. Never throws. */
  readonly send: (key: ReportKey) => Promise<"done" | "none" | "later">;
}

export class DailySender {
  readonly #ports: DailyPorts;
  /** By report: the time it is due, in milliseconds since 1970. */
  readonly #due = new Map<string, number>();
  #cancel: () => void = () => {};
  #looking: Promise<number> | null = null;
  #stopped = false;

  constructor(ports: DailyPorts) {
    this.#ports = ports;
  }

  /** Looks now and then. */
  start(): void {
    this.#cancel = this.#ports.clock.after(REPORT_LOOK, () => {
      void this.look();
      if (!this.#stopped) this.start();
    });
  }

  /** Starts nothing more, and waits for the report that is being sent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
  }

  /** Sends what is due; with `all` what is finished, due or not. How many were handed over. Never throws. */
  async look(all = false): Promise<number> {
    while (this.#looking) await this.#looking;
    this.#looking = this.#look(all).finally(() => this.#looking = null);
    return await this.#looking;
  }

  async #look(all: boolean): Promise<number> {
    const { clock, random, log, outbox, send } = this.#ports;
    const today = Math.floor(clock.now() / DAY);
    let sent = 0;
    for (const key of outbox.finished(clock.now())) {
      if (this.#stopped) return sent;
      const id = `${key.day} ${key.domain}`;
      const due = this.#due.get(id) ?? clock.now() + random.int(REPORT_SPREAD);
      this.#due.set(id, due);
      if (today - key.day > REPORT_KEPT) log.warn("report given up", { domain: key.domain });
      else {
        if (!all && due > clock.now()) continue;
        const outcome = await send(key);
        if (outcome === "done") sent++;
        if (outcome === "later") {
          this.#due.set(id, clock.now() + REPORT_AGAIN);
          continue;
        }
      }
      outbox.drop(key);
      this.#due.delete(id);
    }
    return sent;
  }
}
