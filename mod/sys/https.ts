import https from "node:https";
import type { IncomingMessage } from "node:http";
import net from "node:net";
import tls from "node:tls";
import type { PolicyFetcher } from "../auth/mta_sts/cache.ts";
import { concat } from "../base/bytes.ts";
import { REPORT_POST, STS_FETCH, STS_POLICY } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import { findAddresses, type HostAddresses } from "../dns/mx.ts";
import type { Resolver } from "../dns/resolver.ts";

/** How to fetch; the defaults are what the world needs. */
export interface HttpsOptions {
  readonly port?: number;
  /** Milliseconds for the whole fetch. */
  readonly timeout?: number;
  /** Octets of a body. */
  readonly size?: number;
  /** Authorities to trust beside the platform's, PEM. */
  readonly ca?: string;
}

/** What is asked of a server. */
export interface HttpsRequest {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Where it is neither POST (with a body) nor GET. */
  readonly method?: "HEAD";
  /** User-Agent; none is sent where it is left out. */
  readonly agent?: string;
  /** Authorities to trust beside the platform's, PEM. */
  readonly ca?: string;
  /** A POST of this; a GET where there is none. */
  readonly body?: { readonly octets: Uint8Array; readonly type: string };
  /** Why a reply will not do, by its status and header; null when it does. */
  readonly judge: (response: IncomingMessage) => string | null;
  /** Octets of a reply. */
  readonly size: number;
  /** Milliseconds for all of it. */
  readonly timeout: number;
}

export interface HttpsReply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly octets: Uint8Array;
}

/** `reply`: the server has answered, and another address of it would answer the same. */
type AskFault = { readonly kind: "reply" | "lost"; readonly why: string };

/** Addresses of a host that are tried. */
const TRIES = 4;
/** Octets of the answer to a POST: nobody reads it. */
const POST_ANSWER = 64 * 1024;

/**
 * Fetches small texts over HTTPS, from the addresses our own resolver gives, with the certificate checked by the platform's authorities. No
 * redirect is followed, no proxy asked.
 */
export class HttpsFetcher implements PolicyFetcher {
  readonly #resolver: Resolver;
  readonly #options: HttpsOptions & Required<Omit<HttpsOptions, "ca">>;

  constructor(resolver: Resolver, options: HttpsOptions = {}) {
    this.#resolver = resolver;
    this.#options = { port: 443, timeout: STS_FETCH, size: STS_POLICY, ...options };
  }

  async fetch(host: string, path: string): Promise<Result<Uint8Array, string>> {
    const got = await reach(this.#resolver, {
      ...this.#options,
      host,
      path,
      judge({ statusCode, headers }) {
        const type = headers["content-type"] ?? "";
        if (statusCode !== 200) return `${host} replied ${statusCode}`;
        return /^text\/plain\s*(;|$)/i.test(type) ? null : `${host} replied with "${type}", not text/plain`;
      },
    });
    return got.ok ? ok(got.value.octets) : got;
  }
}

/**
 * Hands `octets` of a media type to an https: URL; any 2xx will do (RFC 8460 5.4). The URL is a stranger's: that the server's certificate is
 * valid for its name keeps it from leading to what is not theirs. `timeout` in milliseconds. Never throws.
 */
export async function postOverHttps(
  resolver: Resolver,
  url: string,
  octets: Uint8Array,
  type: string,
  timeout: number = REPORT_POST,
): Promise<Result<void, string>> {
  const { hostname, port, pathname, search } = new URL(url);
  const answer = await reach(resolver, {
    host: hostname,
    port: port === "" ? 443 : Number(port),
    path: pathname + search,
    body: { octets, type },
    judge: ({ statusCode = 0 }) =>
      statusCode >= 200 && statusCode < 300 ? null : `${hostname} replied ${statusCode}`,
    size: POST_ANSWER,
    timeout,
  });
  return answer.ok ? ok(undefined) : answer;
}

/** Asks one of the host's addresses; the host may be one itself. No redirect is followed. Never throws. */
export async function reach(
  resolver: Resolver,
  request: HttpsRequest,
  signal?: AbortSignal,
): Promise<Result<HttpsReply, string>> {
  const { host, timeout } = request;
  const inTime = AbortSignal.timeout(timeout);
  const stop = signal ? AbortSignal.any([inTime, signal]) : inTime;
  const found: HostAddresses = net.isIP(host) > 0
    ? { kind: "addresses", addresses: [host], secure: false }
    : await findAddresses(host, resolver);
  if (found.kind !== "addresses") {
    return err(found.kind === "temp" ? `cannot look up ${host}: ${found.why}` : `${host} has no address`);
  }
  let last = "";
  for (const address of found.addresses.slice(0, TRIES)) {
    const got = await ask(request, address, stop);
    if (got.ok || got.error.kind === "reply" || stop.aborted) {
      return got.ok ? got : err(stop.aborted ? `no reply from ${host} in time` : got.error.why);
    }
    last = got.error.why;
  }
  return err(`cannot reach ${host}: ${last}`);
}

function ask(
  { host, port, path, method, agent, ca, body, judge, size }: HttpsRequest,
  address: string,
  signal: AbortSignal,
): Promise<Result<HttpsReply, AskFault>> {
  return new Promise((resolve) => {
    const lost = (e: Error) => resolve(err({ kind: "lost", why: e.message }));
    const said = agent === undefined ? {} : { "user-agent": agent };
    const posted = body ? { "content-type": body.type, "content-length": body.octets.length } : {};
    const bare = net.isIPv6(host) ? `[${host}]` : host;
    const named = port === 443 ? bare : `${bare}:${port}`;
    const request = https.request({
      host: address,
      family: net.isIPv6(address) ? 6 : 4,
      port,
      path,
      method: method ?? (body ? "POST" : "GET"),
      servername: net.isIP(host) > 0 ? "" : host,
      ...(ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] }),
      headers: { host: named, connection: "close", ...said, ...posted },
      agent: false,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      signal,
    }, (response) => {
      const refuse = (why: string) => {
        resolve(err({ kind: "reply", why }));
        request.destroy();
      };
      const fault = judge(response);
      if (fault !== null) return refuse(fault);
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
        const { statusCode: status = 0, headers } = response;
        if (response.complete) resolve(ok({ status, headers, octets: concat(chunks) }));
        else lost(new Error("the reply was cut short"));
      });
    });
    request.once("error", lost);
    request.end(body?.octets);
  });
}
