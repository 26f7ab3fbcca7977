/**
 * Mail that expires, from day to day: when it is looked for, and by what time. Two times are kept in a file: one that has come for certain, and how
 * long the server has run; losing it, mail stays for longer.
 */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import { isFsError } from "../base/fs.ts";
import { EXPIRY_EVERY, EXPIRY_FILE } from "../base/limits.ts";
import { TrustedTime } from "../base/trusted_time.ts";
import { expireMail, type ExpiryPorts, type ExpiryRules } from "./expiry.ts";

export interface ExpiringPorts extends ExpiryPorts {
  /** As they are at the moment. */
  readonly rules: () => ExpiryRules;
  /** Keeps the times; its folder is there. */
  readonly file: string;
  /** When a person asked for all this, or later: the first time there is to go by. Milliseconds since 1970. */
  written(): Promise<number>;
}

export class Expiring {
  readonly #ports: ExpiringPorts;
  #time: TrustedTime | null = null;
  #ran = 0;
  /** Monotonic, as the next. */
  #looked = 0;
  #due = -Infinity;

  constructor(ports: ExpiringPorts) {
    this.#ports = ports;
  }

  /** To be called each hour or so: brings the times forward, and once a day removes what is due by them. Never throws. */
  async look(stop: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    try {
      this.#time ??= await this.#open();
      const monotonic = clock.monotonic();
      this.#ran += monotonic - this.#looked;
      this.#looked = monotonic;
      const time = this.#time.look();
      if (time === null) return;
      const ran = Math.floor(this.#ran);
      await this.#keep(time, ran);
      if (monotonic < this.#due) return;
      this.#due = monotonic + EXPIRY_EVERY;
      await expireMail(this.#ports, this.#ports.rules, { time, ran }, stop);
    } catch (cause) {
      log.error("old mail not looked for", {}, cause);
    }
  }

  /** On a full disk they are forgotten with the process: that keeps mail for longer, and what goes makes room. */
  async #keep(time: number, ran: number): Promise<void> {
    try {
      await replaceFile(this.#ports.fs, this.#ports.file, utf8(`${Math.floor(time)} ${ran}\n`));
    } catch (e) {
      if (!isFsError(e, "full")) throw e;
    }
  }

  async #open(): Promise<TrustedTime> {
    const { fs, clock, file } = this.#ports;
    const octets = await fs.readFile(file, EXPIRY_FILE);
    const kept = /^(\d{1,15}) (\d{1,15})\n$/.exec(octets ? fromUtf8(octets) : "");
    this.#ran = Number(kept?.[2] ?? 0);
    this.#looked = clock.monotonic();
    return new TrustedTime(clock, kept ? Number(kept[1]) : await this.#ports.written());
  }
}
