/** The way to name servers: one fresh socket a question, so that each has a port of its own that nobody can guess (RFC 5452 9.2). */
import dgram from "node:dgram";
import net from "node:net";
import { concat } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { addressScope, parseAddress } from "../dns/address.ts";
import type { Exchange } from "../dns/exchange.ts";
import type { Server } from "../dns/source.ts";

type Ended = Result<Uint8Array, string>;

/** DNS messages over UDP and TCP by node's sockets. */
export class NodeExchange implements Exchange {
  /** Datagrams from any other address or port are dropped. */
  udp(
    server: Server,
    query: Uint8Array,
    timeout: number,
    accept: (reply: Uint8Array) => boolean,
  ): Promise<Ended> {
    return new Promise((resolve) => {
      const six = server.address.includes(":");
      const socket = dgram.createSocket(six ? "udp6" : "udp4");
      let done = false;
      const finish = (result: Ended) => {
        if (done) return;
        done = true;
        clearTimeout(timer);
        socket.close();
        resolve(result);
      };
      const timer = setTimeout(() => finish(err("timeout")), timeout);
      socket.on("error", (e: Error) => finish(err(e.message)));
      const expected = parseAddress(server.address);
      // Deno's dgram does not leave it to the kernel to keep strangers out, even when connected.
      socket.on(
        "message",
        (message: Uint8Array, from: { readonly address: string; readonly port: number }) => {
          if (from.port !== server.port || parseAddress(from.address) !== expected) return;
          if (accept(message)) finish(ok(message));
        },
      );
      // To a server on this machine from this machine's inside only.
      const inside = addressScope(server.address) === "loopback";
      const from = six ? (inside ? "::1" : "::") : (inside ? "127.0.0.1" : "0.0.0.0");
      socket.bind(0, from, () => {
        if (!done) {
          socket.send(query, server.port, server.address, (e: Error | null) => e && finish(err(e.message)));
        }
      });
    });
  }

  tcp(server: Server, query: Uint8Array, timeout: number): Promise<Ended> {
    return new Promise((resolve) => {
      const socket = net.connect({ host: server.address, port: server.port });
      const chunks: Uint8Array[] = [];
      let have = 0;
      const finish = (result: Ended) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(result);
      };
      const timer = setTimeout(() => finish(err("timeout over TCP")), timeout);
      socket.on("error", (e: Error) => finish(err(e.message)));
      socket.on("close", () => finish(err("connection closed")));
      socket.on("connect", () => {
        const size = query.length;
        socket.write(concat([new Uint8Array([size >> 8, size & 255]), query]));
      });
      socket.on("data", (chunk: Uint8Array) => {
        chunks.push(chunk);
        have += chunk.length;
        if (have < 2) return;
        const all = concat(chunks);
        chunks.splice(0, chunks.length, all);
        const size = ((all[0] ?? 0) << 8) | (all[1] ?? 0);
        if (have >= size + 2) finish(ok(all.slice(2, size + 2)));
      });
    });
  }
}
