/** `@std/net` names over Deno itself; same signatures as the JSR module. To use that one, change its line in deno.json. */

/** A TCP port that is free at the moment; `preferredPort` if that is free. */
export function getAvailablePort(options?: { readonly preferredPort?: number }): number {
  if (options?.preferredPort) {
    try {
      return portOf(options.preferredPort);
    } catch (e) {
      if (!(e instanceof Deno.errors.AddrInUse)) throw e;
    }
  }
  return portOf(0);
}

function portOf(port: number): number {
  using listener = Deno.listen({ port });
  return (listener.addr as Deno.NetAddr).port;
}
