/** `--dns HOST:PORT`, and the resolver of a verb that looks things up. */
import type { Config } from "../config/config.ts";
import { parseServer } from "../dns/servers.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Options } from "./arguments.ts";
import { configPath, readConfig } from "./find_config.ts";
import { CommandFault } from "./terminal.ts";
import type { Call } from "./verb.ts";

export const DNS_OPTION: Options = {
  dns: {
    value: "HOST:PORT",
    doc: "the name server to ask; default as the configuration says, or the system's",
  },
};

/** What decides who is asked. */
export type DnsConfig = Pick<Config, "dns" | "network">;

/**
 * The resolver for a call: the server of `--dns` and no other; else as the configuration says; where there is none, the system's. Throws
 * CommandFault for a server or a configuration that cannot be read.
 */
export async function resolverOf(call: Call): Promise<Resolver> {
  const named = call.options.get("dns");
  if (named !== undefined) return await call.tools.resolver(serverAlone(named));
  const path = await configPath(call);
  return await call.tools.resolver(path === null ? openNetwork([]) : await readConfig(call));
}

/** Our own name for such a call: the configuration's host name, "unknown" without one or with `--dns`. */
export async function hostnameOf(call: Call): Promise<string> {
  if (call.options.has("dns") || await configPath(call) === null) return "unknown";
  return (await readConfig(call)).hostname;
}

function serverAlone(text: string): DnsConfig {
  const server = parseServer(text.replace(/^localhost(?=:|$)/i, "127.0.0.1"));
  if (server) return openNetwork([{ host: server.address, port: server.port }]);
  throw new CommandFault(
    `--dns: "${text}" is no address such as 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53`,
    2,
  );
}

function openNetwork(servers: DnsConfig["dns"]["servers"]): DnsConfig {
  return { network: "open", dns: { servers, hosts: new Map() } };
}
