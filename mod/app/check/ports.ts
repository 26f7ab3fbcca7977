/** The ports we listen on, and the way out. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Config } from "../../config/config.ts";
import { LISTENERS } from "../../config/schema.ts";
import { formatHostPort, type HostPort } from "../../config/values.ts";
import { parseAddress } from "../../dns/address.ts";
import { findAddresses, findMx } from "../../dns/mx.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { REPLY } from "../../smtp/reply.ts";
import type { Greeting, Outside } from "../terminal.ts";
import { bad, type Finding, fine, odd } from "./finding.ts";

/** Milliseconds a port is given to answer, beside what our own greeting may wait. */
const PATIENCE = 3000;
/** The same for those who wait for the client to begin: somebody else may not. */
const QUICK = 300;
export const FAR_PATIENCE = 10_000;
/** Who takes mail on port 25 from everywhere: asked for a greeting only where the network is open, and nothing is said to them. */
const EVERYWHERE = ["gmail.com", "outlook.com"] as const;
/** Services that greet as soon as one connects. */
const GREETERS: ReadonlySet<string> = new Set([
  "smtp",
  "submission",
  "devices",
  "lmtp",
  "imap",
  "pop3",
  "managesieve",
]);

/** What a listener for devices says to this machine, which is none. */
const NO_DEVICE = `554 ${REPLY.notDevice.enhanced} ${REPLY.notDevice.lines[0]}`;

/** Whether somebody answers where the config says we do, and whether that is us. `running`: our server answered otherwise. */
export async function checkPorts(
  outside: Outside,
  config: Config,
  running: boolean,
): Promise<readonly Finding[]> {
  const all = LISTENERS.flatMap((kind) => config.listen[kind].map((at) => ({ kind, at })));
  if (all.length === 0) {
    return [
      bad("ports", "nothing is to be listened on", "name addresses under listen: in the configuration"),
    ];
  }
  const greetings = await Promise.all(all.map(async ({ kind, at }) => {
    const patience = GREETERS.has(kind) ? PATIENCE + config.reception.bannerDelay : QUICK;
    return await greetingAt(outside, at, patience);
  }));
  // Without listen.http nobody can be asked, and yet it may run.
  const runs = running || greetings.some((g) => isOurs(g, config.hostname));
  const findings = all.flatMap(({ kind, at }, i) => {
    const greeting = greetings[i];
    return greeting ? portFinding(`${kind} ${formatHostPort(at)}`, greeting, config.hostname, runs) : [];
  });
  if (runs) return findings;
  return [odd("server", "does not run", "systemctl start roost, or roost serve"), ...findings];
}

/** A listener on "::" is reached by IPv4 where the machine has no IPv6. */
async function greetingAt(outside: Outside, { host, port }: HostPort, patience: number): Promise<Greeting> {
  if (host === "0.0.0.0") return await outside.greet("127.0.0.1", port, patience);
  if (host !== "::") return await outside.greet(host, port, patience);
  const six = await outside.greet("::1", port, patience);
  return six.kind === "nobody" ? await outside.greet("127.0.0.1", port, patience) : six;
}

function isOurs(greeting: Greeting, hostname: string): boolean {
  return greeting.kind === "line" &&
    (greeting.line.includes(hostname) || greeting.line.startsWith(NO_DEVICE));
}

/** Of a server that does not run only what stands in its way is told. */
function portFinding(
  about: string,
  greeting: Greeting,
  hostname: string,
  runs: boolean,
): readonly Finding[] {
  const taken =
    "stop the other server (ss -ltnp names it; Debian: systemctl disable --now exim4 postfix dovecot), or listen elsewhere";
  if (isOurs(greeting, hostname)) return [fine(about, "answers")];
  switch (greeting.kind) {
    case "nobody": {
      const fix = "see the server's log: a port below 1024 needs the right to bind it";
      return runs ? [bad(about, `nobody answers (${greeting.why})`, fix)] : [];
    }
    case "nothing":
      return [runs ? fine(about, "answers") : bad(about, "is taken by somebody else", taken)];
    case "line":
      return [bad(about, `somebody else answers: "${printable(greeting.line)}"`, taken)];
  }
}

/** Whether mail gets out: to the hosts the config names, or, on an open network without a smarthost, to the world. */
export async function checkWayOut(
  ports: {
    readonly outside: Outside;
    readonly resolver: Resolver;
    readonly random: Random;
    readonly clock: Clock;
  },
  config: Config,
): Promise<readonly Finding[]> {
  const hosts = new Map<string, HostPort>();
  for (const way of [...config.routes.values(), ...config.senderRoutes.values()]) {
    for (const { host, port } of way.to) hosts.set(formatHostPort({ host, port }), { host, port });
  }
  const named = await Promise.all([...hosts.values()].map((at) => checkRoute(at, ports)));
  if (config.network === "closed" || config.routes.has("*")) return named;
  return [...named, await checkWorld(ports)];
}

async function checkRoute(
  at: HostPort,
  { outside, resolver }: { readonly outside: Outside; readonly resolver: Resolver },
): Promise<Finding> {
  const about = `route ${formatHostPort(at)}`;
  const given = parseAddress(at.host);
  const found = given === null ? await findAddresses(at.host, resolver) : null;
  const address = given ?? (found?.kind === "addresses" ? found.addresses[0] : undefined);
  if (address === undefined) {
    const why = found?.kind === "temp" ? `: ${found.why}` : "";
    return bad(
      about,
      `${at.host} has no address${why}`,
      "mend the name under routes:, or name its address under dns.hosts",
    );
  }
  const greeting = await outside.greet(address, at.port, FAR_PATIENCE);
  if (greeting.kind === "nobody") {
    return bad(
      about,
      `nobody answers (${greeting.why})`,
      "mail that goes this way waits in the queue: see whether the host runs",
    );
  }
  return fine(about, "answers");
}

async function checkWorld(
  ports: { readonly outside: Outside; readonly resolver: Resolver; readonly random: Random },
): Promise<Finding> {
  const about = "port 25 out";
  const far = await reachedOutside(ports);
  if (far) return fine(about, `${far.name} answers`);
  return bad(
    about,
    "no large provider's mail host answers: port 25 is blocked, or there is no way to the internet",
    'ask who gives you the line to open port 25, or send by a smarthost: routes: { "*": "submission://user@relay:587" }',
  );
}

/** A large provider's mail host that answers on port 25, the quickest; null when none does. Never throws. */
export async function reachedOutside(
  ports: { readonly outside: Outside; readonly resolver: Resolver; readonly random: Random },
): Promise<FarHost | null> {
  const asked = EVERYWHERE.map(async (domain) => await answering(domain, ports) ?? Promise.reject());
  return await Promise.any(asked).catch(() => null);
}

interface FarHost {
  readonly name: string;
  readonly address: string;
}

async function answering(
  domain: string,
  { outside, resolver, random }: {
    readonly outside: Outside;
    readonly resolver: Resolver;
    readonly random: Random;
  },
): Promise<FarHost | null> {
  const mx = await findMx(domain, { resolver, random, isOwnName: () => false });
  const host = mx.kind === "hosts" ? mx.hosts[0] : undefined;
  const found = host && await findAddresses(host.name, resolver);
  if (!host || found?.kind !== "addresses") return null;
  // The two kinds one after the other: a machine without IPv6 knows at once.
  const [four, six] = [false, true].map((six) => found.addresses.find((a) => a.includes(":") === six));
  for (const address of [four, six]) {
    if (address === undefined) continue;
    const greeting = await outside.greet(address, 25, FAR_PATIENCE);
    if (greeting.kind === "line") return { name: host.name, address };
  }
  return null;
}

function printable(line: string): string {
  return line.replace(/[^\x20-\x7e]+/g, "?").slice(0, 100);
}
