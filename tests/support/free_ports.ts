const FIRST = 12_000;
const LAST = 21_999;

/** Handed out already. Whoever got one may not listen on it yet, and would find it taken. */
const given = new Set<number>();

/**
 * A port that nobody listens on, for a server that is started later; each at most once, over all addresses. Below the range that outgoing
 * connections are given (32768 and up on Linux), so that none of those takes it in the meantime.
 */
export function freePort(hostname = "127.0.0.1"): number {
  for (let tries = 0; tries < 1000; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (given.has(port)) continue;
    try {
      Deno.listen({ hostname, port }).close();
    } catch (e) {
      if (!(e instanceof Deno.errors.AddrInUse)) throw e;
      continue;
    }
    given.add(port);
    return port;
  }
  throw new Error(`No free port on ${hostname}`);
}

/** Several. */
export function freePorts(count: number, hostname = "127.0.0.1"): readonly number[] {
  return Array.from({ length: count }, () => freePort(hostname));
}
