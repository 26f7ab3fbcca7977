import type { Random } from "../base/random.ts";
import { parseAddress, parseLiteral } from "../dns/address.ts";
import { findMx } from "../dns/mx.ts";
import type { Resolver } from "../dns/resolver.ts";
import { type HostFault, hostFault } from "./fault.ts";
import type { Address } from "../mail/address.ts";
import type { Route, Routes } from "./route.ts";

/** A host to try. */
export interface PlannedHost {
  readonly name: string;
  readonly port: number;
  /** Where no look-up is needed. */
  readonly addresses: readonly string[] | null;
  /** The route that leads here, or null when it comes from MX records. */
  readonly route: Route | null;
  /** The MX records came with the AD bit. */
  readonly secure: boolean;
}

export type Plan =
  | { readonly kind: "hosts"; readonly hosts: readonly PlannedHost[] }
  | { readonly kind: "fault"; readonly fault: HostFault };

export interface PlanPorts {
  readonly resolver: Resolver;
  readonly random: Random;
  readonly routes: Routes;
  readonly network: "open" | "closed";
  readonly isOwnName: (name: string) => boolean;
  /** Port of mail hosts found by MX: 25 everywhere but on test benches. */
  readonly mxPort: number;
}

/**
 * Which hosts to try for a destination, best first: the config's way (see `Routes`), an address literal, or MX records. In a closed network the
 * resolver only knows what the config names, so MX look-ups stay within it; addresses that merely stand in a recipient are not reached.
 */
export async function planFor(destination: string, sender: Address | null, ports: PlanPorts): Promise<Plan> {
  const way = ports.routes.find(destination, sender);
  if (way) {
    return hosts(way.map((route) => {
      const address = parseAddress(route.host);
      return {
        name: route.host,
        port: route.port,
        addresses: address ? [address] : null,
        route,
        secure: false,
      };
    }));
  }
  if (destination.startsWith("[")) return literal(destination, ports);
  const found = await findMx(destination, ports);
  switch (found.kind) {
    case "hosts":
      return hosts(
        found.hosts.map((h) => ({
          name: h.name,
          port: ports.mxPort,
          addresses: null,
          route: null,
          secure: found.secure,
        })),
      );
    case "null-mx":
      return failed("5.1.10", `${destination} takes no mail (null MX)`);
    case "no-host":
      return failed(
        "5.1.2",
        ports.network === "closed" ? noWay(destination) : `the domain ${destination} does not exist`,
      );
    case "loop":
      return failed("5.4.6", `mail for ${destination} leads back to this server, which is not set up for it`);
    case "temp":
      return {
        kind: "fault",
        fault: hostFault("deferred", "4.4.3", `cannot look up MX of ${destination}: ${found.why}`, null),
      };
  }
}

function literal(destination: string, ports: PlanPorts): Plan {
  const address = parseLiteral(destination);
  if (!address) return failed("5.1.2", `${destination} is no address literal`);
  if (ports.network === "closed") {
    return failed("5.4.4", noWay(destination));
  }
  return hosts([{ name: address, port: ports.mxPort, addresses: [address], route: null, secure: false }]);
}

/** For the sender to read, who is to ask the operator, and for the operator, who is to know what to do. */
function noWay(destination: string): string {
  return `no way to ${destination}: this server's network is closed, and neither "routes" nor "dns" in its config lead there`;
}

function hosts(all: readonly PlannedHost[]): Plan {
  return { kind: "hosts", hosts: all };
}

function failed(status: string, why: string): Plan {
  return { kind: "fault", fault: hostFault("failed", status, why, null) };
}
