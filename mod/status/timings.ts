/** How long things take, for /metrics. */
import type { Clock } from "../base/clock.ts";
import { LAG_CALM, LAG_LOOK, LAG_LOOK_BUSY } from "../base/limits.ts";
import { formatHistogram, Histogram, OCTETS, SECONDS } from "./histogram.ts";

/** Milliseconds by which a timer is late where the loop has work; an idle machine's are late by less. */
const LATE = 2;

export class Timings {
  readonly #smtp = new Histogram(SECONDS);
  readonly #message = new Histogram(SECONDS);
  readonly #imap = new Histogram(SECONDS);
  readonly #lag = new Histogram(SECONDS);
  readonly #size = new Histogram(OCTETS);
  /** Null until somebody asks. */
  #clock: Clock | null = null;
  /** Monotonic time up to which the loop is looked at often. */
  #busyUntil = -Infinity;
  #cancelLook: () => void = () => {};

  /** Milliseconds from an SMTP command to its reply. */
  readonly smtpCommand = (ms: number): void => this.#timed(this.#smtp, ms);
  /** Milliseconds from the last octet of a message to the reply: checks, and getting it onto the medium. */
  readonly smtpMessage = (ms: number): void => this.#timed(this.#message, ms);
  /** Milliseconds of an IMAP command. */
  readonly imapCommand = (ms: number): void => this.#timed(this.#imap, ms);
  /** Octets of a message that was accepted. */
  readonly accepted = (octets: number): void => this.#size.add(octets);

  /**
   * Looks from then on how late the event loop is, often while there is something to do: from the first question on, since an idle machine had
   * better sleep.
   */
  watchLoop(clock: Clock): void {
    if (this.#clock !== null) return;
    this.#clock = clock;
    this.#look(clock);
  }

  #timed(histogram: Histogram, ms: number): void {
    histogram.add(ms / 1000);
    if (this.#clock !== null) this.#goesOn(this.#clock);
  }

  /** Something is being done. */
  #goesOn(clock: Clock): void {
    const now = clock.monotonic();
    const calm = now >= this.#busyUntil;
    this.#busyUntil = now + LAG_CALM;
    if (!calm) return;
    this.#cancelLook();
    this.#look(clock);
  }

  #look(clock: Clock): void {
    const now = clock.monotonic();
    const period = now < this.#busyUntil ? LAG_LOOK_BUSY : LAG_LOOK;
    this.#cancelLook = clock.after(period, () => {
      const late = Math.max(0, clock.monotonic() - now - period);
      this.#lag.add(late / 1000);
      if (late > LATE) this.#busyUntil = clock.monotonic() + LAG_CALM;
      this.#look(clock);
    });
  }

  format(): string {
    return [
      formatHistogram("roost_smtp_command_seconds", "From an SMTP command to its reply.", this.#smtp),
      formatHistogram(
        "roost_smtp_message_seconds",
        "From the last octet of a message to the reply: checked and on the medium.",
        this.#message,
      ),
      formatHistogram("roost_imap_command_seconds", "Work on an IMAP command.", this.#imap),
      formatHistogram(
        "roost_event_loop_lag_seconds",
        "How late timers are, looked at each 10 ms while there is work, else each second.",
        this.#lag,
      ),
      formatHistogram("roost_accepted_message_bytes", "Sizes of accepted messages.", this.#size),
    ].join("");
  }
}
