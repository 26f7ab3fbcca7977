/** Mail that expires, from day to day: when it is looked for, and by what time. What is remembered is in a file; losing it costs some days. */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import { EXPIRY_EVERY, EXPIRY_FILE } from "../base/limits.ts";
import { TrustedTime } from "../base/trusted_time.ts";
import { expireMail, type ExpiryPorts, type ExpiryRules } from "./expiry.ts";

export interface ExpiringPorts extends ExpiryPorts {
  /** As they are at the moment. */
  readonly rules: () => ExpiryRules;
  /** Keeps the time; its folder is there. */
  readonly file: string;
  /** When a person asked for all this, or later: the first time there is to go by. Milliseconds since 1970. */
  written(): Promise<number>;
}

export class Expiring {
  readonly #ports: ExpiringPorts;
  #time: TrustedTime | null = null;
  /** Monotonic. */
  #due = -Infinity;

  constructor(ports: ExpiringPorts) {
    this.#ports = ports;
  }

  /** To be called each hour or so: brings the time forward, and once a day removes what is due by it. Never throws. */
  async look(stop: AbortSignal): Promise<void> {
    const { fs, clock, log, file } = this.#ports;
    try {
      this.#time ??= await this.#open();
      const time = this.#time.look();
      if (time === null) return;
      await replaceFile(fs, file, utf8(`${Math.floor(time)}\n`));
      if (clock.monotonic() < this.#due) return;
      this.#due = clock.monotonic() + EXPIRY_EVERY;
      await expireMail(this.#ports, this.#ports.rules(), time, stop);
    } catch (cause) {
      log.error("old mail not looked for", {}, cause);
    }
  }

  async #open(): Promise<TrustedTime> {
    const { fs, clock, file } = this.#ports;
    const octets = await fs.readFile(file, EXPIRY_FILE);
    const known = octets ? Number(fromUtf8(octets)) : 0;
    return new TrustedTime(clock, known > 0 ? known : await this.#ports.written());
  }
}
