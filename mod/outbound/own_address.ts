import { type Ip, isLoopback, parseIp } from "../base/ip.ts";

/** Where we listen for mail. */
export interface ListenAddress {
  /** An address; "0.0.0.0" and "::" stand for all of this machine's. */
  readonly host: string;
  readonly port: number;
}

/**
 * Whether mail sent to an address and port would come to ourselves. `machine` gives the addresses of this machine's interfaces; it is asked
 * only when a listener stands for all of them. Addresses that lead here from outside (NAT) are not known: there the hop count ends a loop.
 */
export function isOwnAddress(
  address: string,
  port: number,
  listeners: readonly ListenAddress[],
  machine: () => readonly string[],
): boolean {
  const ip = parseIp(address);
  if (!ip) return false;
  return listeners.some((at) => {
    const ours = at.port === port ? parseIp(at.host) : null;
    if (!ours) return false;
    if (!isUnspecified(ours)) return isSame(ip, ours);
    // A socket on "::" takes IPv4 connections too.
    if (ours.length === 4 && ip.length !== 4) return false;
    return isLoopback(ip) || isUnspecified(ip) || machine().some((text) => isSame(ip, parseIp(text)));
  });
}

/** To connect to it is to connect to this machine. */
function isUnspecified(ip: Ip): boolean {
  return ip.every((octet) => octet === 0);
}

function isSame(a: Ip, b: Ip | null): boolean {
  return b !== null && a.length === b.length && a.every((octet, i) => octet === b[i]);
}
