import { isLoopback, parseIp } from "../base/ip.ts";
import type { Config } from "../config/config.ts";

/** Names below a domain that mail programs ask for their settings (Thunderbird's Autoconfig, Outlook's Autodiscover). */
const SETTINGS = ["autoconfig", "autodiscover"] as const;

/** Names of ours that programs ask by themselves, beside the host's: what they get there is for all the world. */
export function publicNames({ domains, mtaSts }: Pick<Config, "domains" | "mtaSts">): readonly string[] {
  const settings = [...domains.keys()].flatMap((d) => SETTINGS.map((label) => `${label}.${d}`));
  return [...settings, ...[...mtaSts.keys()].map((d) => `mta-sts.${d}`)];
}

/** Whether a host name (lower case) is one of `publicNames`. */
export function isPublicName(config: Pick<Config, "domains" | "mtaSts" | "hostname">, host: string): boolean {
  const dot = host.indexOf(".");
  const [label, domain] = [host.slice(0, dot), host.slice(dot + 1)];
  if (host === config.hostname) return false;
  return label === "mta-sts"
    ? config.mtaSts.has(domain)
    : SETTINGS.some((s) => s === label) && config.domains.has(domain);
}

/** Where browsers reach us over TLS by our own name, or null: a listener for this machine alone does not count. */
export function secureOrigin({ hostname, listen }: Pick<Config, "hostname" | "listen">): string | null {
  const port = listen.https.find((at) => !isOnlyHere(at.host))?.port;
  if (port === undefined) return null;
  return `https://${hostname}${port === 443 ? "" : `:${port}`}`;
}

/**
 * Whether browsers may be told to come by TLS alone (RFC 6797), ports and all: only where every browser believes the certificate, an authority renews
 * it, and nothing of ours is left that they would then not find.
 */
export function mayBeStrict({ listen, tls }: Pick<Config, "listen" | "tls">): boolean {
  const byAll = tls.kind === "acme" && tls.ca === null &&
    /^acme-v\d+\.api\.letsencrypt\.org$/.test(URL.parse(tls.directory)?.host ?? "");
  return byAll && listen.https.some((at) => at.port === 443 && !isOnlyHere(at.host)) &&
    listen.http.every((at) => at.port === 80 || isOnlyHere(at.host));
}

/** Whether nobody but this machine can reach an address we listen on. */
export function isOnlyHere(host: string): boolean {
  const ip = parseIp(host);
  return ip !== null && isLoopback(ip);
}
