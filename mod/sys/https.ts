import https from "node:https";
import net from "node:net";
import type { PolicyFetcher } from "../auth/mta_sts/cache.ts";
import { concat } from "../base/bytes.ts";
import { STS_FETCH, STS_POLICY } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { findAddresses } from "../dns/mx.ts";
import type { Resolver } from "../dns/resolver.ts";

/** How to fetch; the defaults are what the world needs. */
export interface HttpsOptions {
  readonly port?: number;
  /** Milliseconds for the whole fetch. */
  readonly timeout?: number;
  /** Octets of a body. */
  readonly size?: number;
}

/** Addresses of a host that are tried. */
const TRIES = 4;

/**
 * Fetches small texts over HTTPS, from the addresses our own resolver gives, with the certificate checked by the platform's authorities. No
 * redirect is followed, no proxy asked.
 */
export class HttpsFetcher implements PolicyFetcher {
  readonly #resolver: Resolver;
  readonly #options: Required<HttpsOptions>;

  constructor(resolver: Resolver, options: HttpsOptions = {}) {
    this.#resolver = resolver;
    this.#options = { port: 443, timeout: STS_FETCH, size: STS_POLICY, ...options };
  }

  async fetch(host: string, path: string): Promise<Result<Uint8Array, string>> {
    const stop = AbortSignal.timeout(this.#options.timeout);
    const found = await findAddresses(host, this.#resolver);
    if (found.kind !== "addresses") {
      return err(found.kind === "temp" ? `cannot look up ${host}: ${found.why}` : `${host} has no address`);
    }
    let last = "";
    for (const address of found.addresses.slice(0, TRIES)) {
      const got = await this.#get(host, address, path, stop);
      if (got.ok || got.error.kind === "reply" || stop.aborted) {
        return got.ok ? got : err(stop.aborted ? `no reply from ${host} in time` : got.error.why);
      }
      last = got.error.why;
    }
    return err(`cannot reach ${host}: ${last}`);
  }

  #get(
    host: string,
    address: string,
    path: string,
    signal: AbortSignal,
  ): Promise<Result<Uint8Array, { readonly kind: "reply" | "lost"; readonly why: string }>> {
    const { port, size } = this.#options;
    return new Promise((resolve) => {
      const lost = (e: Error) => resolve(err({ kind: "lost", why: e.message }));
      const request = https.request({
        host: address,
        family: net.isIPv6(address) ? 6 : 4,
        port,
        path,
        servername: host,
        headers: { host, connection: "close" },
        agent: false,
        rejectUnauthorized: true,
        minVersion: "TLSv1.2",
        signal,
      }, (response) => {
        const refuse = (why: string) => {
          resolve(err({ kind: "reply", why }));
          request.destroy();
        };
        const type = response.headers["content-type"] ?? "";
        if (response.statusCode !== 200) return refuse(`${host} replied ${response.statusCode}`);
        if (!/^text\/plain\s*(;|$)/i.test(type)) {
          return refuse(`${host} replied with "${type}", not text/plain`);
        }
        const chunks: Uint8Array[] = [];
        let octets = 0;
        response.on("data", (chunk: Uint8Array) => {
          octets += chunk.length;
          if (octets > size) refuse(`${host} replied with more than ${size} octets`);
          else chunks.push(chunk);
        });
        response.once("error", lost);
        response.once("close", () => lost(new Error("the connection broke")));
        response.once("end", () => {
          // A reply cut short ends too.
          if (response.complete) resolve(ok(concat(chunks)));
          else lost(new Error("the reply was cut short"));
        });
      });
      request.once("error", lost);
      request.end();
    });
  }
}
