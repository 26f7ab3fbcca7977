/** The way out that a config describes: resolver, routes, passwords of relays. Loaded with the first mail for others (see outbound.ts). */
import { StsPolicies } from "../auth/mta_sts/cache.ts";
import type { Clock } from "../base/clock.ts";
import { fromUtf8 } from "../base/bytes.ts";
import type { Config, ConfiguredRoute, ConfiguredWay } from "../config/config.ts";
import { SmtpTransport } from "../outbound/deliver.ts";
import { dataPaths } from "../config/paths.ts";
import { isOwnAddress } from "../outbound/own_address.ts";
import { PublishedPolicies } from "../outbound/published_policies.ts";
import { type Route, Routes, type Way } from "../outbound/route.ts";
import { RememberedPolicies, type TlsMemory } from "../outbound/tls_memory.ts";
import type { TlsSessions } from "../outbound/tls_session.ts";
import { HttpsFetcher } from "../sys/https.ts";
import { connect } from "../sys/listener.ts";
import { interfaceAddresses } from "./interfaces.ts";
import type { Platform } from "./platform.ts";
import { buildResolver } from "./resolver.ts";
import type { RemoteTransport } from "./transport.ts";

/** Longest password file, octets. */
const PASSWORD_FILE = 4096;
/** Milliseconds the machine's own addresses are believed: to ask for them takes 0.1 ms. */
const MACHINE_KEPT = 10_000;

/** A transport for what is not ours. `back` is told which destinations a host leads to that was away and answers again. */
export function smtpTransport(
  platform: Platform,
  config: Config,
  tlsSessions: TlsSessions,
  memory: TlsMemory,
  back: (destinations: ReadonlySet<string>) => void,
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
  const published = new PublishedPolicies({ resolver, sts, log });
  return new SmtpTransport({
    resolver,
    tlsSessions: {
      note(session) {
        tlsSessions.note(session);
        memory.note(session);
      },
    },
    tlsPolicies: config.sending.refuseDowngrade ? new RememberedPolicies(published, memory) : published,
    connector: {
      connect: (address, port, localAddress, timeout) => connect(address, port, timeout, localAddress),
    },
    clock,
    random,
    log,
    hostname: config.sending.helo ?? config.hostname,
    network: config.network,
    routes: routesOf(config),
    family: config.sending.family,
    ...(config.sending.sources.length > 0 ? { sources: config.sending.sources } : {}),
    back,
    isOwnName: (name) => name === config.hostname,
    isOwnAddress: (address, port) => isOwnAddress(address, port, config.listen.smtp, machine),
    async passwordFor(user, host) {
      const ways = [...config.routes.values(), ...config.senderRoutes.values()];
      const route = ways.flatMap((way) => way.to).find((r) => r.user === user && r.host === host);
      if (!route) return null;
      if (route.passwordFile === null) return route.password;
      const bytes = await fs.readFile(route.passwordFile, PASSWORD_FILE);
      return bytes ? fromUtf8(bytes).replace(/\r?\n$/, "") : null;
    },
  });
}

/** The ways a config names. */
export function routesOf(config: Pick<Config, "routes" | "senderRoutes">): Routes {
  return new Routes(waysFor(config.routes), waysFor(config.senderRoutes));
}

function* waysFor(ways: ReadonlyMap<string, ConfiguredWay>): Generator<readonly [string, Way]> {
  for (const [key, { to: [first, ...others], sources, helo }] of ways) {
    const ours = {
      ...(sources.length > 0 ? { sources } : {}),
      ...(helo === null ? {} : { hostname: helo }),
    };
    yield [key, [outboundRoute(first, ours), ...others.map((route) => outboundRoute(route, ours))]];
  }
}

function outboundRoute(route: ConfiguredRoute, ours: Pick<Route, "sources" | "hostname">): Route {
  const { host, port, user } = route;
  switch (route.protocol) {
    case "smtp":
    case "lmtp":
      return { protocol: route.protocol, host, port, user, tls: "opportunistic", ...ours };
    case "submission":
      return { protocol: "smtp", host, port, user, tls: "required", ...ours };
    case "submissions":
      return { protocol: "smtp", host, port, user, tls: "implicit", ...ours };
  }
}

/** The addresses of this machine's interfaces, asked for again now and then: laptops move, tunnels come and go. */
function machineAddresses(clock: Clock): () => readonly string[] {
  let kept: readonly string[] = [];
  let until = -Infinity;
  return () => {
    if (clock.monotonic() < until) return kept;
    kept = interfaceAddresses();
    until = clock.monotonic() + MACHINE_KEPT;
    return kept;
  };
}
