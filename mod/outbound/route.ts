import { asciiLower } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseAddress, parseLiteral } from "../dns/address.ts";
import { parseName } from "../dns/name.ts";
import type { Address } from "../mail/address.ts";
import { senderKey } from "./sender_key.ts";

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
  /** Addresses to come from, of each family one at most; the usual ones unless given. */
  readonly sources?: readonly string[];
  /** Our name in EHLO; the usual one unless given. */
  readonly hostname?: string;
}

/** Hosts to try one after the other. */
export type Way = readonly [Route, ...Route[]];

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

/** How `Routes` is keyed: a domain, and in `bySender` an address too, or "<>" for reports. */
export type WayTable = Iterable<readonly [key: string, way: Way]>;

/**
 * Ways that the config names, by whom the mail is for and by whom it is from. What counts, first of all: the recipient's domain, the sender's
 * address, the sender's domain, then "*" for all others. Keys in any case.
 */
export class Routes {
  readonly #byDomain: ReadonlyMap<string, Way>;
  readonly #bySender: ReadonlyMap<string, Way>;

  constructor(byDomain: WayTable, bySender: WayTable = []) {
    this.#byDomain = new Map([...byDomain].map(([key, way]) => [asciiLower(key), way]));
    this.#bySender = new Map([...bySender].map(([key, way]) => [asciiLower(key), way]));
  }

  /** The way to a destination; null when MX records decide. */
  find(destination: string, sender: Address | null): Way | null {
    const domain = asciiLower(destination);
    const key = senderKey(domain, sender, this.#byDomain, this.#bySender);
    if (key !== null) return this.#bySender.get(key) ?? null;
    return this.#byDomain.get(domain) ?? this.#byDomain.get("*") ?? null;
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
