/** A TCP proxy that says for whom it connects: the header goes in one piece with the client's first octets, or before them. */
import net from "node:net";

export interface Relay extends AsyncDisposable {
  readonly port: number;
}

/** Relays to 127.0.0.1:`port`. `together`: waits for the client to speak first. */
export async function proxyRelay(
  port: number,
  header: string | Uint8Array,
  together = false,
): Promise<Relay> {
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => open.delete(socket));
    }
    upstream.on("data", (data) => client.write(data));
    upstream.on("end", () => client.end());
    client.on("end", () => upstream.end());
    let said = !together;
    if (said) upstream.write(header);
    client.on("data", (data: Uint8Array) => {
      upstream.write(said ? data : new Uint8Array([...bytes(header), ...data]));
      said = true;
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", () => listening()));
  return {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

function bytes(header: string | Uint8Array): Uint8Array {
  return typeof header === "string" ? new TextEncoder().encode(header) : header;
}
