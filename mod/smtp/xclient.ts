/**
 * XCLIENT, as Postfix's XCLIENT_README has it: a front that is trusted by the config tells for whom it connects. The session then begins
 * anew with that client, greeting and all. Knows nothing of sessions.
 */
import type { AccountId } from "../account/directory.ts";
import { asciiUpper, fromAscii } from "../base/bytes.ts";
import { formatIp, parseIp } from "../base/ip.ts";
import type { Client } from "./ports.ts";
import { REPLY, type Reply } from "./reply.ts";
import { decodeXtext } from "./xtext.ts";

/** What a trusted front may do. */
export interface XclientRights {
  /** The account of a login name that the front vouches for, or null when there is none; absent: it may not tell of logins. */
  account?(login: string): AccountId | null;
}

/** The client told of, or the reply that refuses. */
export type XclientOutcome = { readonly client: Client } | { readonly refused: Reply };

/** The keyword that EHLO lists, with the attributes that are understood. NAME is, and says nothing we use. */
export function xclientKeyword(rights: XclientRights): string {
  return `XCLIENT NAME ADDR PORT PROTO HELO${rights.account ? " LOGIN" : ""} DESTADDR DESTPORT`;
}

/** Reads an XCLIENT command and applies it to what is known of the client; null when the line is another command. */
export function readXclient(line: Uint8Array, rights: XclientRights, client: Client): XclientOutcome | null {
  const words = fromAscii(line).split(" ").filter((w) => w !== "");
  if (asciiUpper(words[0] ?? "") !== "XCLIENT") return null;
  if (words.length < 2) return { refused: REPLY.syntax };
  // Nothing of the front's own state is the client's (and nothing the client before it had).
  let told: Client = { ...client, helo: null, extended: false, account: null };
  const seen = new Set<string>();
  for (const word of words.slice(1)) {
    const equals = word.indexOf("=");
    const name = asciiUpper(word.slice(0, Math.max(0, equals)));
    const value = decodeXtext(word.slice(equals + 1));
    if (equals < 1 || value === null || value === "" || seen.has(name)) return { refused: REPLY.syntax };
    seen.add(name);
    const next = attribute(told, name, value, rights);
    if (next === null) return { refused: name === "LOGIN" ? REPLY.xclientLogin : REPLY.syntax };
    told = next;
  }
  return { client: told };
}

/** The client with one attribute more; null where it is not known, not permitted or broken. */
function attribute(client: Client, name: string, value: string, rights: XclientRights): Client | null {
  const unknown = value === "[UNAVAILABLE]" || value === "[TEMPUNAVAIL]";
  switch (name) {
    case "NAME":
      return client;
    case "ADDR": {
      const address = unknown ? "unknown" : addressOf(value);
      return address === null ? null : { ...client, remote: { ...client.remote, address } };
    }
    case "PORT": {
      const port = unknown ? 0 : portOf(value);
      return port === null ? null : { ...client, remote: { ...client.remote, port } };
    }
    case "DESTADDR": {
      const address = unknown ? "unknown" : addressOf(value);
      return address === null ? null : { ...client, local: { ...client.local, address } };
    }
    case "DESTPORT": {
      const port = unknown ? 0 : portOf(value);
      return port === null ? null : { ...client, local: { ...client.local, port } };
    }
    case "HELO":
      if (unknown) return client;
      return value.length <= 255 && /^[!-~]+$/.test(value) ? { ...client, helo: value } : null;
    case "PROTO": {
      const protocol = asciiUpper(value);
      if (unknown) return client;
      return protocol === "SMTP" || protocol === "ESMTP"
        ? { ...client, extended: protocol === "ESMTP" }
        : null;
    }
    case "LOGIN": {
      if (unknown) return client;
      const account = rights.account?.(value) ?? null;
      return account === null ? null : { ...client, account };
    }
    default:
      return null;
  }
}

/** "192.0.2.1" or "IPV6:2001:db8::1". */
function addressOf(value: string): string | null {
  const v6 = /^IPV6:(.*)$/i.exec(value)?.[1];
  const text = v6 ?? value;
  if (text.includes(":") !== (v6 !== undefined) || text.includes("%")) return null;
  const ip = parseIp(text);
  return ip ? formatIp(ip) : null;
}

function portOf(value: string): number | null {
  return /^(0|[1-9]\d{0,4})$/.test(value) && Number(value) <= 65535 ? Number(value) : null;
}
