import { asciiLower } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseAddress, parseLiteral } from "../dns/address.ts";
import { parseName } from "../dns/name.ts";

/** A way that the config names for a domain's mail, instead of its MX records. */
export interface Route {
  readonly protocol: "smtp" | "lmtp";
  /** Name in lower case, or canonical address. */
  readonly host: string;
  readonly port: number;
  /** `submission` and `submissions` send a password, so they insist on TLS with a certificate valid for `host`. */
  readonly tls: "opportunistic" | "required" | "implicit";
  /** User name at the relay; null where there is none to give. */
  readonly user: string | null;
}

const SCHEMES: Readonly<Record<string, Pick<Route, "protocol" | "port" | "tls">>> = {
  smtp: { protocol: "smtp", port: 25, tls: "opportunistic" },
  lmtp: { protocol: "lmtp", port: 24, tls: "opportunistic" },
  submission: { protocol: "smtp", port: 587, tls: "required" },
  submissions: { protocol: "smtp", port: 465, tls: "implicit" },
};

/**
 * Reads "smtp://host:25", "lmtp://[2001:db8::1]", "submission://user@relay:587" ("%40" for an "@" in the user name). The error says what is
 * wrong with it, for the config's reader.
 */
export function parseRoute(text: string): Result<Route, string> {
  const match = /^([A-Za-z]+):\/\/(?:([^/@]*)@)?(\[[^\]]*\]|[^:/@\s]*)(?::([0-9]{1,5}))?\/?$/.exec(text);
  if (!match) return err('not of the form "smtp://host:25"');
  const [, schemeText = "", userText, hostText = "", portText] = match;
  const scheme = Object.hasOwn(SCHEMES, asciiLower(schemeText)) ? SCHEMES[asciiLower(schemeText)] : undefined;
  if (!scheme) return err(`unknown scheme "${schemeText}": use smtp, lmtp, submission or submissions`);
  const host = parseHost(hostText);
  if (host === null) return err(`"${hostText}" is no host name and no address`);
  const port = portText === undefined ? scheme.port : Number(portText);
  if (port < 1 || port > 65535) return err(`port ${port} is not between 1 and 65535`);
  const user = userText === undefined ? null : decodeUser(userText);
  if (user === "") return err("the user name is empty or broken");
  if (user !== null && scheme.tls === "opportunistic") {
    return err("a user name needs submission:// or submissions://, so that the password goes over TLS");
  }
  return ok({ ...scheme, host, port, user });
}

/** Routes by domain, "*" for all others. Domains in any case. */
export class Routes {
  readonly #byDomain = new Map<string, Route>();

  constructor(routes: Iterable<readonly [domain: string, route: Route]>) {
    for (const [domain, route] of routes) this.#byDomain.set(asciiLower(domain), route);
  }

  /** The route for a destination: its own, else that of "*"; null when MX records decide. */
  find(destination: string): Route | null {
    return this.#byDomain.get(asciiLower(destination)) ?? this.#byDomain.get("*") ?? null;
  }
}

function parseHost(text: string): string | null {
  if (text.startsWith("[")) return parseAddress(text.slice(1, -1)) ?? parseLiteral(text);
  return parseAddress(text) ?? (/^[0-9.]+$/.test(text) ? null : parseName(text) || null);
}

function decodeUser(text: string): string {
  try {
    const user = decodeURIComponent(text);
    // deno-lint-ignore no-control-regex -- a NUL would end it early in AUTH PLAIN; the others are in no user name
    return /[\x00-\x1f\x7f]/.test(user) ? "" : user;
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}
