/** The addresses of this machine's interfaces; none where the system does not tell them, as in a sandbox without netlink sockets. */
export function interfaceAddresses(): readonly string[] {
  try {
    return Deno.networkInterfaces().map((i) => i.address);
  } catch {
    return []; // mail goes out without them; who turns up in a loop is found by its name, or by the hops
  }
}
