/** What can be found out about the line to the internet without asking anybody: does port 25 go out, where are we seen, what must a router do? */
import { parseIp } from "../base/ip.ts";
import type { Random } from "../base/random.ts";
import type { Config } from "../config/config.ts";
import { LISTENERS } from "../config/schema.ts";
import { addressScope, parseAddress, reverseName } from "../dns/address.ts";
import { findAddresses } from "../dns/mx.ts";
import type { Resolver } from "../dns/resolver.ts";
import { lookUpName, type ReverseName } from "../inbound/checks/reverse_name.ts";
import { FAR_PATIENCE, reachedOutside } from "./check/ports.ts";
import type { Outside } from "./terminal.ts";

/** Who takes mail from their own users on port 587, which is blocked nowhere, and say where they see the client. */
const SUBMISSION_HOSTS = ["smtp.gmail.com", "smtp.office365.com"] as const;
/** Listeners that are of use from outside. */
const FOR_OUTSIDE: ReadonlySet<string> = new Set(LISTENERS.filter((l) => l !== "lmtp" && l !== "devices"));

export interface Line {
  /** The host that answered on port 25; null when it is blocked. */
  readonly port25: string | null;
  /** Whether anybody outside answered at all. */
  readonly online: boolean;
  /** The address that others see us come from; null when nobody told. */
  readonly seenAs: string | null;
  /** Whether it is this machine's own, so that no router stands between. */
  readonly direct: boolean;
  /** Private addresses of this machine, as a router would forward to. */
  readonly local: readonly string[];
  /** What the address is called in DNS. */
  readonly pointer: ReverseName;
}

export interface LinePorts {
  readonly outside: Outside;
  readonly resolver: Resolver;
  readonly random: Random;
}

/** Looks at the line; asks DNS and at most a few large providers' mail hosts, to which nothing but EHLO is said. Never throws. */
export async function lookAtLine(ports: LinePorts, hostname: string): Promise<Line> {
  const { outside, resolver } = ports;
  const [far, ...submission] = await Promise.all([
    mailHost(ports, hostname),
    ...SUBMISSION_HOSTS.map((name) => submissionHost(name, ports, hostname)),
  ]);
  const answers = [far?.answer ?? null, ...submission];
  const seenAs = answers.map(addressIn).find((a) => a !== null) ?? null;
  const own = outside.addresses().map((a) => parseAddress(a) ?? a);
  return {
    port25: far?.name ?? null,
    online: far !== null || answers.some((a) => a !== null),
    seenAs,
    direct: seenAs !== null && own.includes(seenAs),
    local: own.filter((a) => !a.includes(":") && addressScope(a) === "private" && !a.startsWith("169.254.")),
    pointer: seenAs === null ? { kind: "unknown" } : await lookUpName(seenAs, resolver),
  };
}

async function mailHost(
  ports: LinePorts,
  hostname: string,
): Promise<{ readonly name: string; readonly answer: string | null } | null> {
  const far = await reachedOutside(ports);
  return far &&
    { name: far.name, answer: await ports.outside.hello(far.address, 25, hostname, FAR_PATIENCE) };
}

async function submissionHost(
  name: string,
  { outside, resolver }: LinePorts,
  hostname: string,
): Promise<string | null> {
  const found = await findAddresses(name, resolver);
  // What homes forward by their router is IPv4.
  const address = found.kind === "addresses" ? found.addresses.find((a) => !a.includes(":")) : undefined;
  return address === undefined ? null : await outside.hello(address, 587, hostname, FAR_PATIENCE);
}

/** The public address in brackets that a reply names us by: "250-mx.google.com at your service, [203.0.113.5]". */
function addressIn(reply: string | null): string | null {
  const address = parseAddress(/\[(?:IPv6:)?([0-9a-f.:]+)\]/i.exec(reply ?? "")?.[1] ?? "");
  return address !== null && addressScope(address) === "public" ? address : null;
}

/** Addresses that providers share among many customers (RFC 6598). */
function isShared(address: string): boolean {
  const [x, y = 0] = parseIp(address) ?? [];
  return x === 100 && (y & 0xc0) === 64;
}

/** What there is to know and to do, as lines for people. */
export function lineAdvice(line: Line, config: Config): readonly string[] {
  if (!line.online) {
    return [
      "Nobody outside answers: this machine has no way to the internet now, or only by a proxy. Mail to others waits until there is one.",
      'For a network without internet start over with --closed; "roost check" looks again.',
    ];
  }
  return [...wayIn(line, config), ...wayOut(line)];
}

function wayIn({ seenAs, direct, local }: Line, config: Config): readonly string[] {
  if (seenAs === null) {
    return ["Nobody outside tells by which address this machine is seen: ask who gives you the line."];
  }
  if (direct) return [`Others reach this machine at ${seenAs}, its own address.`];
  const ports = LISTENERS.filter((l) => FOR_OUTSIDE.has(l)).flatMap((l) => config.listen[l])
    .filter((at) => !/^(127\.|::1$)/.test(at.host)).map((at) => at.port);
  const shared = local.some(isShared);
  return [
    `Others see this machine as ${seenAs}, behind a router. On it forward these TCP ports to ${
      local.join(" or ") || "this machine"
    }:`,
    `  ${[...new Set(ports)].sort((a, b) => a - b).join(", ")}`,
    shared
      ? "The provider shares that address among many (CGNAT): nothing can come in by it. Ask for an address of your own,"
      : "If the router itself shows another address than that, the provider shares it among many (CGNAT) and nothing can come in: ask for one of your own,",
    "or let a small server elsewhere take the mail and pass it on by a tunnel (WireGuard).",
    'Where the address stays the same, name it in roost.yaml, so that "roost dns" knows it:',
    `  dns: { hosts: { ${config.hostname}: ["${seenAs}"] } }`,
  ];
}

function wayOut({ port25, seenAs, pointer }: Line): readonly string[] {
  if (port25 === null) {
    return [
      "Port 25 out is blocked, as on most lines to homes. Ask for it to be opened, or send by your provider's or another relay (smarthost):",
      '  routes: { "*": "submission://user:password@relay.example.net:587" }   in roost.yaml, and what the relay names into the SPF record',
    ];
  }
  const lines = [`Port 25 out is open: ${port25} answers.`];
  if (seenAs === null || pointer.kind === "unknown") return lines;
  if (pointer.kind !== "verified") {
    lines.push(
      `${seenAs} has no name in DNS that leads back to it: many servers refuse its mail until ${
        reverseName(seenAs) ?? seenAs
      } has a PTR record (see above).`,
    );
  } else if (looksDynamic(pointer.name, seenAs)) {
    lines.push(
      `${seenAs} is called ${pointer.name}, as addresses of homes are: many servers refuse mail from such. Have the PTR record changed, or use a smarthost:`,
      '  routes: { "*": "submission://user:password@relay.example.net:587" }   in roost.yaml',
    );
  }
  return lines;
}

/** Names that providers make from the address, or that say so. */
function looksDynamic(name: string, address: string): boolean {
  if (
    /(^|[.-])(dyn|dynamic|dhcp|dial|dialup|dsl|adsl|vdsl|pool|ppp|pppoe|cable|cust|customer|home|broadband|fiber|ftth)\d*([.-]|$)/i
      .test(name)
  ) return true;
  const parts = address.includes(":") ? [] : address.split(".");
  const digits = name.split(/[^0-9]+/);
  return parts.length === 4 && parts.slice(2).every((part) => digits.includes(part));
}
