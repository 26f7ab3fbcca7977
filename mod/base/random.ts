/** Randomness, handed in so that tests can seed it. The real one is cryptographically secure. */
export interface Random {
  /** `n` random octets. */
  bytes(n: number): Uint8Array;
  /** An integer from 0 to `n - 1`, evenly spread. */
  int(n: number): number;
}
