/**
 * Checks and makes password hashes of every kind, few at a time: a flood of logins waits in a short line rather than take all
 * threads and memory.
 */
import type { Clock } from "../base/clock.ts";
import { HASHES_AT_ONCE, HASHES_WAITING, PASSWORD_LENGTH } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { isImported, verifyImported } from "./imported_hash.ts";
import { hashScrypt, isCurrentScrypt, SALT_LENGTH, verifyScrypt } from "./scrypt.ts";

/** Thrown when too many wait already: a fault for now, not a wrong password. */
export class HasherBusy extends Error {
  override readonly name = "HasherBusy";
}

/** The password hashing of one process. */
export class PasswordHasher {
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #line: (() => void)[] = [];
  #running = 0;

  constructor(random: Random, clock: Clock) {
    this.#random = random;
    this.#clock = clock;
  }

  /** Our hash of a password. Throws HasherBusy. */
  hash(password: string): Promise<string> {
    const salt = this.#random.bytes(SALT_LENGTH);
    return this.#inLine(() => hashScrypt(password, salt));
  }

  /** Whether the password gives the stored hash. Throws HasherBusy. */
  verify(password: string, stored: string): Promise<boolean> {
    // UTF-16 units are never more than octets.
    if (password.length > PASSWORD_LENGTH) return Promise.resolve(false);
    return this.#inLine(() =>
      isImported(stored)
        ? verifyImported(password, stored, () => this.#clock.sleep(0))
        : verifyScrypt(password, stored)
    );
  }

  /** Takes as long as `verify` with our hash does, for accounts that do not exist. Throws HasherBusy. */
  async waste(password: string): Promise<void> {
    if (password.length <= PASSWORD_LENGTH) await this.hash(password);
  }

  /** Whether a hash should be made anew now that the password is known. */
  isOutdated(stored: string): boolean {
    return !isCurrentScrypt(stored);
  }

  async #inLine<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= HASHES_AT_ONCE) {
      if (this.#line.length >= HASHES_WAITING) {
        throw new HasherBusy("Cannot hash a password now: too many wait");
      }
      // The one who wakes us hands over its place.
      await new Promise<void>((wake) => this.#line.push(wake));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
