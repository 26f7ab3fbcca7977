/** What the keeper of an authority's certificate needs of the running server. Loaded where the config has tls.acme. */
import { fromUtf8 } from "../base/bytes.ts";
import type { Config } from "../config/config.ts";
import { findAddresses } from "../dns/mx.ts";
import type { Resolver } from "../dns/resolver.ts";
import { certificateReader } from "../sys/tls.ts";
import { AcmeKeeper, type AcmePorts, type AcmeTerms, type Leading } from "../tls/acme_keeper.ts";
import type { ChallengeBoard } from "../tls/acme_types.ts";
import type { Platform } from "./platform.ts";
import { buildResolver } from "./resolver.ts";

/** Longest file of authorities, octets: the world's are 250 KB. */
const CA_MAX = 1024 * 1024;

export interface AcmePlan extends AcmeTerms {
  /** File of authorities that certify the directory's server, beside the platform's. */
  readonly ca: string | null;
}

/** Makes the keeper for a plan. Throws FsError. */
export async function openAcme(
  platform: Platform,
  config: () => Config,
  board: ChallengeBoard,
  dir: string,
  plan: AcmePlan,
  signal: AbortSignal,
): Promise<AcmeKeeper> {
  const { fs, clock, random, log } = platform;
  const resolver = () => buildResolver(config(), clock, random);
  const ports: AcmePorts = {
    fs,
    clock,
    random,
    log,
    reader: certificateReader,
    board,
    signal,
    leadingTo: (host, names) => leadingTo(resolver(), host, names),
    async http() {
      const { AcmeHttps } = await import("../sys/acme_https.ts");
      const octets = plan.ca === null ? null : await fs.readFile(plan.ca, CA_MAX);
      if (plan.ca !== null && octets === null) {
        throw new Error(`Cannot read ${plan.ca}: there is no such file`);
      }
      const agent = `roost/${platform.version}`;
      return new AcmeHttps(resolver(), { ca: octets && fromUtf8(octets), agent, signal });
    },
  };
  return await AcmeKeeper.open(ports, dir, plan);
}

/** Names looked up at once. */
const TOGETHER = 10;

/** Which of `names` have an address that `host` has, too: behind a router that is all there is to go by. */
async function leadingTo(resolver: Resolver, host: string, names: readonly string[]): Promise<Leading> {
  const own = await findAddresses(host, resolver);
  if (own.kind !== "addresses") return { here: [], unknown: own.kind === "temp" ? names : [] };
  const here: string[] = [];
  const unknown: string[] = [];
  const look = async (name: string): Promise<void> => {
    const found = await findAddresses(name, resolver);
    if (found.kind === "temp") unknown.push(name);
    if (found.kind === "addresses" && found.addresses.some((a) => own.addresses.includes(a))) here.push(name);
  };
  for (let i = 0; i < names.length; i += TOGETHER) await Promise.all(names.slice(i, i + TOGETHER).map(look));
  // In the order of the question, whoever answered first: what there is too much of is cut off at the end.
  return { here: names.filter((n) => here.includes(n)), unknown };
}
