/** The HTTP listeners and the control token. */
import { timingSafeEqual } from "@std/crypto";
import { utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import type { Random } from "../base/random.ts";

/** The app as a function. */
export type HttpHandler = (
  request: Request,
  facts: { readonly remoteAddress: string; readonly now: number },
) => Response | Promise<Response>;

export interface HttpListener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Opens one HTTP listener. Throws the system's error when it cannot. */
export function listenHttp(address: string, port: number, handler: HttpHandler): HttpListener {
  const server = Deno.serve(
    { hostname: address, port, onListen: () => {} },
    (request, info) =>
      handler(request, {
        remoteAddress: info.remoteAddr.transport === "tcp" ? info.remoteAddr.hostname : "",
        now: Date.now(),
      }),
  );
  const at = server.addr as Deno.NetAddr;
  return { address: at.hostname, port: at.port, close: () => server.shutdown() };
}

/** The token by which programs of the same user change things over HTTP: DATA/control.token, mode 0600, made anew at each start. */
export async function writeControlToken(fs: Fs, random: Random, file: string): Promise<ControlToken> {
  const token = Array.from(random.bytes(32), (b) => b.toString(16).padStart(2, "0")).join("");
  await replaceFile(fs, file, utf8(`${token}\n`));
  return new ControlToken(token);
}

export class ControlToken {
  readonly #token: Uint8Array;

  constructor(token: string) {
    this.#token = utf8(token);
  }

  /** Compares in constant time. */
  isRight(given: string): boolean {
    return timingSafeEqual(utf8(given), this.#token);
  }
}
