/** What the config says to the queue. */
import type { Config } from "../config/config.ts";
import type { Address } from "../mail/address.ts";
import { senderKey } from "../outbound/sender_key.ts";
import type { Terms } from "../queue/schedule.ts";

/** The terms for mail to a domain; null asks for what holds where none is meant. */
export function retryTerms(config: Config, destination: string | null): Terms {
  const { limits: { queueLifetime, retry }, routes, routeRetry } = config;
  const route = destination !== null && routes.has(destination) ? destination : "*";
  return { lifetime: queueLifetime, waits: routeRetry.get(route) ?? retry };
}

/** Mail that a sender's route takes elsewhere shares nothing with other mail for the destination; null where none does. */
export function laneFor(config: Config, sender: Address | null, destination: string): string | null {
  const key = senderKey(destination, sender, config.routes, config.senderRoutes);
  return key === null ? null : `${destination} from ${key}`;
}

/** Who is told of reports that cannot be delivered: the postmaster of our first domain; null where there is no domain. */
export function postmasterOf(config: Config): Address | null {
  const [domain] = config.domains.keys();
  return domain === undefined ? null : { local: "postmaster", domain };
}
