/** What all connections together hold that nobody has read yet: past a bound each reads on only when its own is used up. */
export class ReadAhead {
  readonly #limit: number;
  #held = 0;

  /** `limit`: octets. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets that wait. */
  get held(): number {
    return this.#held;
  }

  /** So much waits that nobody takes in more than he has to. */
  get crowded(): boolean {
    return this.#held > this.#limit;
  }

  /** Octets came, or (negative) were read or thrown away. */
  count(octets: number): void {
    this.#held += octets;
  }
}
