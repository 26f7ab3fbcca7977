/** Connecting to a host with several addresses: who does not answer soon is not waited for (RFC 8305, as far as it is about TCP). */
import type { Clock } from "../base/clock.ts";
import { CLIENT_NEXT_ADDRESS } from "../base/limits.ts";
import type { Result } from "../base/result.ts";
import type { Conn } from "../wire/conn.ts";

/** What came of it. */
export interface Raced<E> {
  /** The first connection there was, and where to; null when there is none. */
  readonly won: { readonly address: string; readonly conn: Conn } | null;
  /** Addresses that failed until then, in the order in which they did. */
  readonly failed: readonly { readonly address: string; readonly error: E }[];
}

/**
 * Connects to the addresses in order. The next is begun when one has failed, or when none has answered for a while; connections that come
 * after the first are hung up. `late` is told what fails after the end. Rejects with what `connect` throws.
 */
export function connectFirst<E>(
  addresses: readonly string[],
  connect: (address: string) => Promise<Result<Conn, E>>,
  clock: Clock,
  late: (address: string, error: E) => void = () => {},
): Promise<Raced<E>> {
  return new Promise((resolve, reject) => {
    const rest = [...addresses];
    const failed: { readonly address: string; readonly error: E }[] = [];
    let racing = 0;
    let over = false;
    let cancel = () => {};
    const end = (won: Raced<E>["won"]) => {
      over = true;
      cancel();
      resolve({ won, failed });
    };
    const begin = () => {
      cancel();
      const address = rest.shift();
      if (address === undefined) {
        if (racing === 0) end(null);
        return;
      }
      racing++;
      connect(address).then((made) => {
        racing--;
        if (over) {
          if (made.ok) made.value.destroy();
          else late(address, made.error);
        } else if (made.ok) end({ address, conn: made.value });
        else {
          failed.push({ address, error: made.error });
          begin();
        }
      }).catch((e) => {
        over = true;
        cancel();
        reject(e);
      });
      if (rest.length > 0) cancel = clock.after(CLIENT_NEXT_ADDRESS, begin);
    };
    begin();
  });
}
