/** How the running server is, as values: for the status page and for the daily word to the postmaster. What is well is left out. */
import { clockIsSet } from "../base/clock.ts";
import { checkRoom } from "./check/disk.ts";
import { bad, type Finding, odd } from "./check/finding.ts";
import type { Server } from "./server.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Days before a certificate's end at which somebody should know: authorities are asked again long before. */
const SOON = 14;
/** Milliseconds after which a message in the queue is stuck rather than late: a quarter of the five days it has. */
const STUCK = 30 * HOUR;

/** Log events that say something is broken, and what to do. */
const BROKEN: readonly (readonly [event: string, what: string, fix: string])[] = [
  ["mail storage failed", "mail could not be stored", "see the log, and whether the disk is well (dmesg)"],
  ["no space for mail", "there was no space for mail", "make room"],
  [
    "index not used",
    "an index could not be used; mail is served without it",
    "remove DATA/index: it is made anew",
  ],
  ["certificate not reloaded", "a certificate was not taken up", "see the log for why"],
  ["certificate not renewed", "a certificate was not renewed", "see the log for why"],
  ["queue work failed", "work on the queue failed", "see the log for why"],
  [
    "queued message cannot be read",
    "a queued message cannot be read",
    "see the log for which; the disk may be worn out",
  ],
  ["dkim key not used", "a DKIM key cannot be used", "roost dkim list"],
];

/** Failures of an ACME authority that are told: the fourth comes some two hours after the first. */
const WITHHELD = 4;

/** What is not as it should be, worst first. Never throws. */
export async function serverHealth(
  server: Server,
  certificates: (server: Server, now: number) => readonly Finding[] = badCertificates,
): Promise<readonly Finding[]> {
  const { platform, config } = server;
  const now = platform.clock.now();
  const room = await checkRoom(platform.fs, config).catch((e) => [
    bad("disk", e instanceof Error ? e.message : String(e), "see whether the disk is well (dmesg)"),
  ]);
  const findings = [
    ...room,
    ...clockFindings(now),
    ...certificates(server, now),
    ...queue(server, now),
    ...broken(server),
  ];
  if (server.memory.tight) {
    findings.push(
      odd("memory", "is over limits.memory: new mail is put off", "raise it, or see who connects"),
    );
  }
  const rank = { fail: 0, warn: 1, ok: 2 };
  return findings.filter((f) => f.level !== "ok").sort((a, b) => rank[a.level] - rank[b.level]);
}

function clockFindings(now: number): readonly Finding[] {
  if (clockIsSet(now)) return [];
  return [
    bad(
      "clock",
      `says ${new Date(now).toISOString()}`,
      "set it, and let systemd-timesyncd or chrony keep it right",
    ),
  ];
}

/** Of those, what `serverHealth` says of certificates that have ended, or that nobody issues. */
export function endedCertificates(server: Server, now: number): readonly Finding[] {
  return [
    ...datedCertificates(server, now).filter((f) => f.level === "fail"),
    ...withheldCertificates(server),
  ];
}

function badCertificates(server: Server, now: number): readonly Finding[] {
  return [...datedCertificates(server, now), ...withheldCertificates(server)];
}

function datedCertificates(server: Server, now: number): readonly Finding[] {
  // By a clock that was never set nothing can be said of dates.
  if (!clockIsSet(now)) return [];
  return server.keeper.certificates.list().flatMap((c) => {
    const days = Math.floor((c.notAfter - now) / DAY);
    const about = `certificate of ${c.dnsNames[0] ?? c.source}`;
    const fix = "renew it (roost check says more); the server takes a new file up by itself";
    if (days < 0) return [bad(about, "has ended: clients refuse it", fix)];
    return days < SOON ? [odd(about, `ends in ${days} days`, fix)] : [];
  });
}

/** What an ACME authority does not issue, long before anything ends: a first certificate, a renewal, names that others look for. */
function withheldCertificates({ keeper, config }: Server): readonly Finding[] {
  const { acme } = keeper;
  if (!acme || config.tls.kind !== "acme") return [];
  const fix = "mend that, then roost cert renew; the server goes on trying";
  const { directory, failures, error } = acme;
  const why = error ?? "no reason given";
  if (failures >= WITHHELD) {
    return [
      odd(`certificate of ${config.hostname}`, `${directory} did not issue (${failures} times): ${why}`, fix),
    ];
  }
  const { names } = config.tls;
  const missed = acme.refused.filter((name) => names.includes(name) || name.startsWith("mta-sts."));
  return missed.map((name) =>
    odd(`certificate of ${name}`, `${directory} does not issue for this name`, fix)
  );
}

function queue(server: Server, now: number): readonly Finding[] {
  const { oldest, messages } = server.services.queue.stats();
  const findings: Finding[] = [];
  if (messages >= server.config.limits.queueMessages) {
    findings.push(
      bad("queue", `has ${messages} messages: new mail is put off`, "roost queue list; roost queue hosts"),
    );
  }
  if (oldest !== null && now - oldest > STUCK) {
    const hours = Math.floor((now - oldest) / HOUR);
    findings.push(
      odd("queue", `the oldest message waits for ${hours} hours`, "roost queue list; roost queue hosts"),
    );
  }
  return findings;
}

function broken(server: Server): readonly Finding[] {
  return BROKEN.flatMap(([event, what, fix]) => {
    const times = server.observed.counts.get(event);
    return times === 0 ? [] : [odd("log", `${what} (${times} times since the start)`, fix)];
  });
}
