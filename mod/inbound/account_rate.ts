/** How many recipients an account may write to: so that a stolen password sends a thousand mails and not a hundred thousand. */
import type { AccountId } from "../account/directory.ts";
import type { Clock } from "../base/clock.ts";
import { ACCOUNT_RATES } from "../base/limits.ts";

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

export interface AccountRate {
  readonly perHour: number;
  readonly perDay: number;
}

interface Usage {
  /** What is left of each, refilled as time passes. */
  hour: number;
  day: number;
  /** Monotonic milliseconds of the last look. */
  at: number;
  /** It was told in the log that there is nothing left. */
  told: boolean;
}

/** What came of one recipient more. "stopped" is the first refusal after a time of plenty: worth a warning. */
export type AccountVerdict = "taken" | "stopped" | "still-stopped";

/** Two token buckets for each account. A restart fills them; a reload does not. */
export class AccountRates {
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #usage = new Map<AccountId, Usage>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Accounts remembered now. */
  get size(): number {
    return this.#usage.size;
  }

  /** Takes one recipient from what the account has left. */
  take(account: AccountId, rate: AccountRate): AccountVerdict {
    const now = this.#clock.monotonic();
    const usage = this.#usage.get(account) ?? { hour: rate.perHour, day: rate.perDay, at: now, told: false };
    this.#usage.delete(account);
    this.#usage.set(account, usage);
    const passed = now - usage.at;
    usage.hour = Math.min(rate.perHour, usage.hour + passed * rate.perHour / HOUR);
    usage.day = Math.min(rate.perDay, usage.day + passed * rate.perDay / DAY);
    usage.at = now;
    if (this.#usage.size > ACCOUNT_RATES) this.#forgetOldest();
    if (usage.hour >= 1 && usage.day >= 1) {
      usage.hour--;
      usage.day--;
      // Drops that seep in are no plenty: one warning is enough for a flood that goes on.
      if (usage.hour > rate.perHour / 10 && usage.day > rate.perDay / 100) usage.told = false;
      return "taken";
    }
    if (usage.told) return "still-stopped";
    usage.told = true;
    return "stopped";
  }

  #forgetOldest(): void {
    for (const account of this.#usage.keys()) {
      this.#usage.delete(account);
      return;
    }
  }
}
