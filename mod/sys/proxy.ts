import type net from "node:net";
import { concat } from "../base/bytes.ts";
import { PROXY_WAIT } from "../base/limits.ts";
import { parseProxy, type ProxyHeader } from "../wire/proxy.ts";

/**
 * Reads the PROXY header off a new connection; what came after it stays in the socket. Gives a text instead where there is none in time or it
 * cannot be read. The socket is paused when it resolves; nobody else may have listened to it.
 */
export function readProxyHeader(socket: net.Socket): Promise<ProxyHeader | string> {
  return new Promise((resolve) => {
    let held: Uint8Array = new Uint8Array(0);
    const end = (result: ProxyHeader | string) => {
      clearTimeout(timer);
      socket.pause();
      for (const event of ["data", "end", "error", "close"]) socket.removeAllListeners(event);
      resolve(result);
    };
    const timer = setTimeout(() => end("no PROXY header in time"), PROXY_WAIT);
    socket.on("data", (chunk: Uint8Array) => {
      held = held.length === 0 ? chunk : concat([held, chunk]);
      const parsed = parseProxy(held);
      if (parsed.kind === "more") return;
      if (parsed.kind === "malformed") return end("no PROXY header, or a broken one");
      end(parsed.header);
      if (parsed.used < held.length) socket.unshift(held.subarray(parsed.used));
    });
    socket.on("end", () => end("gone before the PROXY header"));
    socket.on("close", () => end("gone before the PROXY header"));
    socket.on("error", (e: Error) => end(e.message));
  });
}
