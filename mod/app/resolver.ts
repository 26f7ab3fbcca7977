/** The resolver that a config asks for. */
import { isLoopback, parseIp } from "../base/ip.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Config } from "../config/config.ts";
import { CachingResolver } from "../dns/cache.ts";
import { ClosedSource, HostsSource } from "../dns/hosts.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Source } from "../dns/source.ts";
import { StubResolver } from "../dns/stub.ts";
import { SystemSource } from "../dns/system.ts";
import { DenoLookup, systemServers } from "../sys/dns.ts";
import { NodeExchange } from "../sys/udp.ts";

/**
 * `dns.hosts` first; then the servers of the config, or the system's; on a closed network without servers nothing is asked. The
 * system's look-up cannot tell a 'no' from a failure, so a stub resolver asks again.
 */
export function buildResolver(
  config: Pick<Config, "dns" | "network">,
  clock: Clock,
  random: Random,
): Resolver {
  return new CachingResolver(
    new HostsSource(Object.fromEntries(config.dns.hosts), source(config, random)),
    clock,
  );
}

/** Nobody sits between us and a server on this machine: its AD bit is believed. */
function isLoopbackText(address: string): boolean {
  const ip = parseIp(address);
  return ip !== null && isLoopback(ip);
}

function source(config: Pick<Config, "dns" | "network">, random: Random): Source {
  const servers = config.dns.servers.map((s) => ({
    address: s.host,
    port: s.port,
    trusted: isLoopbackText(s.host),
  }));
  const exchange = new NodeExchange();
  if (servers.length > 0) {
    return new StubResolver({
      exchange,
      random,
      servers: () => Promise.resolve(servers),
    });
  }
  if (config.network === "closed") return new ClosedSource();
  const system = systemServers();
  const validates = async () => (await system()).every((s) => s.trusted);
  return new SystemSource(
    new DenoLookup(),
    new StubResolver({ exchange, random, servers: system }),
    validates,
  );
}
