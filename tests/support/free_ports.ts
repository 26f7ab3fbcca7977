/**
 * A port that nobody listens on, for a server that is started later. Below the range that outgoing connections are given (32768 and up on
 * Linux), so that none of those takes it in the meantime.
 */
export function freePort(hostname = "127.0.0.1"): number {
  for (let tries = 0; tries < 100; tries++) {
    const port = 12_000 + Math.floor(Math.random() * 10_000);
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (e) {
      if (!(e instanceof Deno.errors.AddrInUse)) throw e;
    }
  }
  throw new Error(`No free port on ${hostname}`);
}

/** Several, all different. */
export function freePorts(count: number, hostname = "127.0.0.1"): readonly number[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(freePort(hostname));
  return [...ports];
}
