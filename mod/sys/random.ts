import type { Random } from "../base/random.ts";

/** The system's cryptographically secure randomness. */
export const systemRandom: Random = {
  bytes(n) {
    const out = new Uint8Array(n);
    // getRandomValues takes 65,536 octets at most.
    for (let at = 0; at < n; at += 65536) crypto.getRandomValues(out.subarray(at, Math.min(n, at + 65536)));
    return out;
  },
  int(n) {
    const limit = Math.floor(2 ** 32 / n) * n;
    const word = new Uint32Array(1);
    for (;;) {
      crypto.getRandomValues(word);
      const value = word[0] ?? 0;
      if (value < limit) return value % n;
    }
  },
};
