import { ACME_REQUEST } from "../base/limits.ts";
import { ok, type Result } from "../base/result.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { AcmeHttp, HttpReply } from "../tls/acme_types.ts";
import { reach } from "./https.ts";

export interface AcmeHttpsOptions {
  /** Certificates, PEM, of authorities that the directory's server may be certified by, beside the platform's. */
  readonly ca: string | null;
  /** Sent as User-Agent, which RFC 8555 6.1 wants. */
  readonly agent: string;
  readonly signal: AbortSignal;
  /** Milliseconds for one request. */
  readonly timeout?: number;
}

/** HTTPS to an ACME directory, by our own resolver. */
export class AcmeHttps implements AcmeHttp {
  readonly #resolver: Resolver;
  readonly #options: AcmeHttpsOptions;

  constructor(resolver: Resolver, options: AcmeHttpsOptions) {
    this.#resolver = resolver;
    this.#options = options;
  }

  async send(
    method: "GET" | "HEAD" | "POST",
    url: string,
    body: Uint8Array | null,
    most: number,
  ): Promise<Result<HttpReply, string>> {
    const { hostname, port, pathname, search } = new URL(url);
    const { ca, agent, signal, timeout = ACME_REQUEST } = this.#options;
    const got = await reach(this.#resolver, {
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: port === "" ? 443 : Number(port),
      path: pathname + search,
      agent,
      ...(method === "HEAD" ? { method } : {}),
      ...(body ? { body: { octets: body, type: "application/jose+json" } } : {}),
      ...(ca === null ? {} : { ca }),
      judge: () => null,
      size: most,
      timeout,
    }, signal);
    if (!got.ok) return got;
    const { status, headers, octets } = got.value;
    return ok({
      status,
      body: octets,
      header(name) {
        const value = headers[name];
        return typeof value === "string" ? value : null;
      },
    });
  }
}
