/** The way out that a config describes: resolver, routes, passwords of relays. */
import { fromUtf8 } from "../base/bytes.ts";
import { parseIp } from "../base/ip.ts";
import type { Config, ConfiguredRoute } from "../config/config.ts";
import { SmtpTransport } from "../outbound/deliver.ts";
import { type Route, Routes } from "../outbound/route.ts";
import type { Transport } from "../queue/transport.ts";
import { connect } from "../sys/listener.ts";
import type { Platform } from "./platform.ts";
import { buildResolver } from "./resolver.ts";

/** Longest password file, octets. */
const PASSWORD_FILE = 4096;

/** A transport for what is not ours. */
export function remoteTransport(platform: Platform, config: Config): Transport {
  const { fs, clock, random, log } = platform;
  return new SmtpTransport({
    resolver: buildResolver(config, clock, random),
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
    isOwnAddress: (address, port) => isOurs(config, address, port),
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

function isOurs(config: Config, address: string, port: number): boolean {
  const ip = parseIp(address);
  return ip !== null && config.listen.smtp.some((at) => {
    const ours = parseIp(at.host);
    return at.port === port && ours !== null && ours.length === ip.length &&
      ours.every((octet, i) => octet === ip[i]);
  });
}
