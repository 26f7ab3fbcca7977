/** Every way to cut octets that a push class might trip over. */

/** `bytes` in pieces of each size from 1 to `max`, and in two pieces at each place. */
export function* everyChunking(bytes: Uint8Array, max = 7): Generator<Uint8Array[]> {
  for (let size = 1; size <= max; size++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
    yield pieces;
  }
  for (let at = 0; at <= bytes.length; at++) yield [bytes.slice(0, at), bytes.slice(at)];
}
