/** What the config says about trying again. */
import type { Config } from "../config/config.ts";
import type { Terms } from "../queue/schedule.ts";

/** The terms for mail to a domain; null asks for what holds where none is meant. */
export function retryTerms(config: Config, destination: string | null): Terms {
  const { limits: { queueLifetime, retry }, routes, routeRetry } = config;
  const route = destination !== null && routes.has(destination) ? destination : "*";
  return { lifetime: queueLifetime, waits: routeRetry.get(route) ?? retry };
}
