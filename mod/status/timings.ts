/** How long things take, for /metrics. */
import type { Clock } from "../base/clock.ts";
import { LAG_LOOK } from "../base/limits.ts";
import { formatHistogram, Histogram, OCTETS, SECONDS } from "./histogram.ts";

export class Timings {
  readonly #smtp = new Histogram(SECONDS);
  readonly #message = new Histogram(SECONDS);
  readonly #imap = new Histogram(SECONDS);
  readonly #lag = new Histogram(SECONDS);
  readonly #size = new Histogram(OCTETS);
  #watching = false;

  /** Milliseconds from an SMTP command to its reply. */
  readonly smtpCommand = (ms: number): void => this.#smtp.add(ms / 1000);
  /** Milliseconds from the last octet of a message to the reply: checks, and getting it onto the medium. */
  readonly smtpMessage = (ms: number): void => this.#message.add(ms / 1000);
  /** Milliseconds of an IMAP command. */
  readonly imapCommand = (ms: number): void => this.#imap.add(ms / 1000);
  /** Octets of a message that was accepted. */
  readonly accepted = (octets: number): void => this.#size.add(octets);

  /** Looks from then on how late the event loop is: from the first question on, since an idle machine had better sleep. */
  watchLoop(clock: Clock): void {
    if (this.#watching) return;
    this.#watching = true;
    const look = () => {
      const due = clock.monotonic() + LAG_LOOK;
      clock.after(LAG_LOOK, () => {
        this.#lag.add(Math.max(0, clock.monotonic() - due) / 1000);
        look();
      });
    };
    look();
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
        "How late timers are, looked at each second.",
        this.#lag,
      ),
      formatHistogram("roost_accepted_message_bytes", "Sizes of accepted messages.", this.#size),
    ].join("");
  }
}
