import { parseIp } from "../base/ip.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { formatAddress } from "../mail/address.ts";
import type { CertificatePlan } from "./certificates.ts";
import type { ChallengeWay } from "../tls/acme_types.ts";
import { isOnlyHere, publicNames } from "./public_names.ts";

/**
 * Which certificates a config wants. Our own is for the host name, the names that mail programs guess in each domain, those that listen.https answers to, and the addresses we
 * listen on: on a closed network clients often only know an address.
 */
export function certificatePlan(config: Config): CertificatePlan {
  const guessed = [...config.domains.keys()].flatMap((
    d,
  ) => [`mail.${d}`, `imap.${d}`, `smtp.${d}`, `pop.${d}`]);
  // An own certificate for mta-sts. helps nobody where others serve the policy, one of an authority does.
  const asked = config.listen.https.length > 0
    ? publicNames(config)
    : config.tls.kind === "acme"
    ? [...config.mtaSts.keys()].map((d) => `mta-sts.${d}`)
    : [];
  const listening = Object.values(config.listen).flat().map((at) => at.host);
  const addresses = listening.filter((h) => {
    const ip = parseIp(h);
    return ip !== null && ip.some((octet) => octet !== 0);
  });
  const { tls } = config;
  return {
    acme: tls.kind !== "acme" ? null : {
      directory: tls.directory,
      email: formatAddress(tls.email),
      names: [...new Set([config.hostname, ...tls.names])],
      maybe: [...asked, ...guessed],
      ways: waysOf(config),
      external: tls.external,
      ca: tls.ca,
    },
    files: config.tls.kind === "files" ? config.tls.certificates : [],
    dir: dataPaths(config).tls,
    hostname: config.hostname,
    names: {
      dns: [...new Set([config.hostname, "localhost", ...guessed, ...asked])],
      ip: [...new Set(["127.0.0.1", "::1", ...addresses])],
    },
  };
}

/** How names can be proved: at port 80 where listen.http is for everybody, at 443; and last by what another server may pass on. */
function waysOf({ listen }: Config): readonly ChallengeWay[] {
  const byTls: readonly ChallengeWay[] = listen.https.length > 0 ? ["tls-alpn-01"] : [];
  return listen.http.some((at) => !isOnlyHere(at.host)) ? ["http-01", ...byTls] : [...byTls, "http-01"];
}
