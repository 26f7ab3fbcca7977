/** The config's `devices`: which networks are let in without a password, and as whom. Pure. */
import { isInNetworks, type Network, parseIp, parseNetwork } from "../base/ip.ts";
import type { Address } from "../mail/address.ts";
import type { YamlPath } from "../yaml/source.ts";
import type { Config, ConfiguredDevice } from "./config.ts";

/** Networks that no stranger is in. */
const PRIVATE: readonly Network[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "fc00::/7",
  "fe80::/10",
  "::1",
].flatMap((text) => parseNetwork(text) ?? []);

/**
 * A network of devices: small enough that whoever wrote it can know what is in it. Private ones of a /16 (IPv6: /48) at most, public ones of a
 * /29 (IPv6: /64). undefined for any other.
 */
export function parseDeviceNetwork(value: unknown): string | undefined {
  const network = typeof value === "string" ? parseNetwork(value) : null;
  if (typeof value !== "string" || !network) return undefined;
  const six = network.address.length === 16;
  const inside = isInNetworks(value.replace(/\/.*$/, ""), PRIVATE);
  const least = six ? (inside ? 48 : 64) : inside ? 16 : 29;
  return network.bits >= least ? value : undefined;
}

/** The device at an address: the smallest network counts. null: it is none. */
export function deviceAt(config: Pick<Config, "devices">, address: string): ConfiguredDevice | null {
  if (!parseIp(address)) return null;
  let found: ConfiguredDevice | null = null;
  for (const device of config.devices) {
    if (!isInNetworks(address, [device.range])) continue;
    if (!found || device.range.bits > found.range.bits) found = device;
  }
  return found;
}

/** Tells what is wrong with devices beyond their form. */
export function checkDevices(
  config: Config,
  problem: (path: YamlPath, message: string) => void,
  warning: (path: YamlPath, message: string) => void,
): void {
  for (const { network, as } of config.devices) {
    if (config.domains.has(as.domain)) continue;
    problem(["devices", network, "as"], `devices.${network}.as: ${address(as)} is not in one of our domains`);
  }
  const listens = config.listen.devices.length > 0;
  if (listens && config.devices.length === 0) {
    problem(
      ["listen", "devices"],
      "listen.devices: nobody is let in; name the addresses of the devices under devices",
    );
  }
  if (!listens && config.devices.length > 0) {
    warning(["devices"], "devices: no use without listen.devices");
  }
}

function address({ local, domain }: Address): string {
  return `${local}@${domain}`;
}
