import { DNS_SERVERS } from "../base/limits.ts";
import { addressScope, parseAddress } from "./address.ts";
import type { Server } from "./source.ts";

/**
 * Name servers of a resolv.conf(5). Without any the one on this machine is meant, as the manual page has it. Their AD bit is believed on
 * loopback, or with `options trust-ad`.
 */
export function parseResolvConf(text: string): readonly Server[] {
  const addresses: string[] = [];
  let trustAd = false;
  for (const line of text.split("\n")) {
    const [word = "", ...rest] = line.trim().split(/\s+/);
    if (word === "options") trustAd ||= rest.includes("trust-ad");
    if (word !== "nameserver") continue;
    // A zone ("fe80::1%eth0") cannot be kept: such a server is left out.
    const address = parseAddress(rest[0] ?? "");
    if (address && addresses.length < DNS_SERVERS) addresses.push(address);
  }
  if (addresses.length === 0) addresses.push("127.0.0.1");
  return addresses.map((address) => ({
    address,
    port: 53,
    trusted: trustAd || addressScope(address) === "loopback",
  }));
}

/** A server as the config writes it: "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53", "2001:db8::1"; null when it is none. */
export function parseServer(text: string): Server | null {
  const bracketed = /^\[([^\]]*)\](?::([0-9]{1,5}))?$/.exec(text);
  const plain = /^([0-9.]+)(?::([0-9]{1,5}))?$/.exec(text);
  const match = bracketed ?? plain;
  const address = parseAddress(match ? match[1] ?? "" : text);
  const port = match?.[2] === undefined ? 53 : Number(match[2]);
  if (!address || port < 1 || port > 65535) return null;
  return { address, port, trusted: addressScope(address) === "loopback" };
}
