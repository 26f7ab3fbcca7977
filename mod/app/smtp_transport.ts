/** The way out that a config describes: resolver, routes, passwords of relays. Loaded with the first mail for others (see outbound.ts). */
import { StsPolicies } from "../auth/mta_sts/cache.ts";
import type { Clock } from "../base/clock.ts";
import { fromUtf8 } from "../base/bytes.ts";
import type { Config, ConfiguredRoute } from "../config/config.ts";
import { SmtpTransport } from "../outbound/deliver.ts";
import { dataPaths } from "../config/paths.ts";
import { isOwnAddress } from "../outbound/own_address.ts";
import { PublishedPolicies } from "../outbound/published_policies.ts";
import { type Route, Routes } from "../outbound/route.ts";
import type { TlsSessions } from "../outbound/tls_session.ts";
import { HttpsFetcher } from "../sys/https.ts";
import { connect } from "../sys/listener.ts";
import type { Platform } from "./platform.ts";
import { buildResolver } from "./resolver.ts";
import type { RemoteTransport } from "./transport.ts";

/** Longest password file, octets. */
const PASSWORD_FILE = 4096;
/** Milliseconds the machine's own addresses are believed: to ask for them takes 0.1 ms. */
const MACHINE_KEPT = 10_000;

/** A transport for what is not ours. */
export function smtpTransport(
  platform: Platform,
  config: Config,
  tlsSessions: TlsSessions,
): RemoteTransport {
  const { fs, clock, random, log } = platform;
  const machine = machineAddresses(clock);
  const resolver = buildResolver(config, clock, random);
  // A closed network fetches nothing that the config does not name.
  const sts = config.network === "closed" ? null : new StsPolicies({
    resolver,
    fetcher: new HttpsFetcher(resolver),
    fs,
    clock,
    log,
    file: dataPaths(config).mtaSts,
  });
  return new SmtpTransport({
    resolver,
    tlsSessions,
    tlsPolicies: new PublishedPolicies({ resolver, sts, log }),
    connector: {
      connect: (address, port, localAddress, timeout) => connect(address, port, timeout, localAddress),
    },
    clock,
    random,
    log,
    hostname: config.hostname,
    network: config.network,
    routes: new Routes([...config.routes].map(([domain, route]) => [domain, outboundRoute(route)] as const)),
    isOwnName: (name) => name === config.hostname,
    isOwnAddress: (address, port) => isOwnAddress(address, port, config.listen.smtp, machine),
    async passwordFor(user, host) {
      const route = [...config.routes.values()].find((r) => r.user === user && r.host === host);
      if (!route) return null;
      if (route.passwordFile === null) return route.password;
      const bytes = await fs.readFile(route.passwordFile, PASSWORD_FILE);
      return bytes ? fromUtf8(bytes).replace(/\r?\n$/, "") : null;
    },
  });
}

function outboundRoute(route: ConfiguredRoute): Route {
  const { host, port, user } = route;
  switch (route.protocol) {
    case "smtp":
    case "lmtp":
      return { protocol: route.protocol, host, port, user, tls: "opportunistic" };
    case "submission":
      return { protocol: "smtp", host, port, user, tls: "required" };
    case "submissions":
      return { protocol: "smtp", host, port, user, tls: "implicit" };
  }
}

/** The addresses of this machine's interfaces, asked for again now and then: laptops move, tunnels come and go. */
function machineAddresses(clock: Clock): () => readonly string[] {
  let kept: readonly string[] = [];
  let until = -Infinity;
  return () => {
    if (clock.monotonic() < until) return kept;
    kept = Deno.networkInterfaces().map((i) => i.address);
    until = clock.monotonic() + MACHINE_KEPT;
    return kept;
  };
}
