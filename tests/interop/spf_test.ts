/**
 * Our SPF checks beside those of pyspf and Mail::SPF, on records made at random and on the public suite, all through one name server. Where
 * the others differ, the reason must be one of the list below; of what they agree on, all.
 */
import { Buffer } from "node:buffer";
import { checkHost, type SpfQuestion } from "../../mod/auth/spf/check.ts";
import { SPF_LIMITS } from "../../mod/auth/spf/types.ts";
import { buildResolver } from "../../mod/app/resolver.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { startDnsServer, type ZoneData as ServedZone } from "../support/dns_server.ts";
import { run } from "../support/programs.ts";
import { roostCommand } from "../support/roost_process.ts";
import { readSpfSuite, SPF_SUITE } from "../support/spf_suite.ts";
import type { ZoneData } from "../support/zone.ts";
import { askMailSpf, askPyspf, type PeerAnswer } from "./spf_peers.ts";
import { generate } from "./spf_zones.ts";

type Answer = Pick<PeerAnswer, "result" | "explanation">;

/** A way in which a peer leaves RFC 7208, and how it is known: by the question, the record, our answer and theirs. */
interface Difference {
  readonly why: string;
  known(q: SpfQuestion, record: string, ours: Answer, theirs: PeerAnswer): boolean;
}

const VOID: Difference = {
  why:
    "counts void questions, not void terms (4.6.4), so that an mx whose hosts are all IPv4 uses up the limit for an IPv6 client",
  known: (_q, _record, _ours, theirs) => /void (?:dns )?look-?ups? limit/i.test(theirs.why),
};

const PYSPF: readonly Difference[] = [VOID, {
  why: "knows the names of modifiers in lower case only (4.6.1, RFC 5234 2.3)",
  known: (_q, record) => /\b(?:EXP|REDIRECT)=/.test(record),
}];

const MAIL_SPF: readonly Difference[] = [VOID, {
  why: "dies of names that cannot be (4.8)",
  known: (_q, _record, _ours, theirs) => theirs.result === "crash",
}, {
  why: "has no postmaster@ in %{s} for HELO (2.4)",
  known: (q, _record, ours, theirs) => q.mailFrom === "" && ours.result === theirs.result,
}, {
  why: "takes an IPv4 client to be in an ip6 network that holds ::ffff:0:0/96 (5, 5.6)",
  known: (q, record) => /ip6:::(?:\/0|ffff:)/i.test(record) && !q.ip.includes(":"),
}, {
  why: "finds unknown macro letters only when it expands them (4.6)",
  known: (_q, record, ours) => /%\{x\}/i.test(record) && ours.result === "permerror",
}, {
  why: "ignores MX past the tenth as RFC 4408 had it (4.6.4)",
  known: (_q, record, ours) => /mx:manymx/i.test(record) && ours.result === "permerror",
}];

/** As the server of the tests has its zones. */
function served(zone: ZoneData): ServedZone {
  const all: Record<string, ServedZone[string]> = {};
  for (const [name, entry] of Object.entries(zone)) {
    if (typeof entry === "string") {
      all[name.toLowerCase()] = "SERVFAIL";
      continue;
    }
    const records: Record<string, readonly unknown[]> = {};
    for (const [type, list] of Object.entries(entry)) {
      // What times out is not answered for any type: nobody asks such a name for two.
      if (!Array.isArray(list)) continue;
      records[type] = list.map((record) =>
        type === "MX" ? mx(String(record)) : type === "TXT" ? text(record) : record
      );
    }
    const broken = Object.values(entry).includes("timeout") && !records["TXT"];
    all[name.toLowerCase()] = broken ? "SERVFAIL" : records;
  }
  return all;
}

function mx(record: string): { readonly preference: number; readonly exchange: string } {
  const [preference = "", exchange = ""] = record.split(" ");
  return { preference: Number(preference), exchange };
}

/** Strings of up to 200 octets. */
function text(record: unknown): Buffer[] {
  const octets = record instanceof Uint8Array ? record : new TextEncoder().encode(String(record));
  const strings: Buffer[] = [];
  for (let at = 0; at < octets.length || at === 0; at += 200) {
    strings.push(Buffer.from(octets.subarray(at, at + 200)));
  }
  return strings;
}

/** Says how many agree; fails on differences that are not known, or when there are many. */
function compare(
  name: string,
  zone: ZoneData,
  questions: readonly SpfQuestion[],
  ours: readonly Answer[],
  theirs: readonly PeerAnswer[],
  differences: readonly Difference[],
): void {
  assertEquals(theirs.length, questions.length);
  const counted = new Map<string, number>();
  const wrong: string[] = [];
  for (const [i, q] of questions.entries()) {
    const [our, their] = [ours[i], theirs[i]];
    if (!our || !their) throw new Error(`no answer ${i}`);
    const same = our.result === their.result &&
      our.explanation?.toLowerCase() === their.explanation?.toLowerCase();
    if (same) continue;
    const entry = zone[(q.mailFrom || q.helo).split("@").at(-1) ?? ""];
    const record = String(typeof entry === "object" && Array.isArray(entry.TXT) ? entry.TXT[0] : "");
    const reason = differences.find((d) => d.known(q, record, our, their));
    if (reason) counted.set(reason.why, (counted.get(reason.why) ?? 0) + 1);
    else {wrong.push(
        `${JSON.stringify(q)} ${record}: ${JSON.stringify(our)}, ${name} ${JSON.stringify(their)}`,
      );}
  }
  const known = [...counted.values()].reduce((sum, n) => sum + n, 0);
  console.log(`${name}: ${questions.length - known - wrong.length} of ${questions.length} answers agree; it`);
  for (const [why, n] of counted) console.log(`  ${n} times ${why}`);
  assertEquals(wrong, []);
  assert(known < questions.length / 8, `${known} known differences hide too much`);
}

/** What a real `roost spf --batch` answers, by the questions' order. */
async function askRoost(port: number, questions: readonly SpfQuestion[]): Promise<Answer[]> {
  const { command, args } = roostCommand("spf", "--batch", "--dns", `127.0.0.1:${port}`);
  const stdin = questions.map((q, id) => `${JSON.stringify({ ...q, id })}\n`).join("");
  const ran = await run(command, args, { stdin, seconds: 100 });
  assertEquals([ran.code, ran.err], [0, ""]);
  const answers: Answer[] = [];
  for (const line of ran.out.trim().split("\n")) {
    const { id, result, explanation } = JSON.parse(line);
    answers[id] = { result, explanation };
  }
  return answers;
}

Deno.test("pyspf and Mail::SPF come to the same results, the void limit aside", async () => {
  const { zone, questions } = generate(1, 250, 3);
  const server = await startDnsServer(served(zone));
  try {
    const resolver = buildResolver(
      { network: "open", dns: { servers: [{ host: "127.0.0.1", port: server.port }], hosts: new Map() } },
      systemClock,
      systemRandom,
    );
    const ports = { resolver, clock: systemClock, limits: { ...SPF_LIMITS, void: 1000 } };
    const ours = await Promise.all(questions.map((q) => checkHost(q, ports)));
    for (const result of ["pass", "fail", "softfail", "neutral", "temperror", "permerror"]) {
      assert(ours.filter((o) => o.result === result).length >= 20, result);
    }
    const peers = { port: server.port, voids: 1000 };
    compare("pyspf", zone, questions, ours, await askPyspf(peers, questions), PYSPF);
    compare("Mail::SPF", zone, questions, ours, await askMailSpf(peers, questions), MAIL_SPF);
  } finally {
    await server.close();
  }
});

Deno.test("roost spf --batch answers as pyspf and Mail::SPF do, with all limits", async () => {
  const { zone, questions } = generate(2, 100, 3);
  const server = await startDnsServer(served(zone));
  try {
    const ours = await askRoost(server.port, questions);
    const peers = { port: server.port, voids: 2 };
    compare("pyspf", zone, questions, ours, await askPyspf(peers, questions), PYSPF);
    compare("Mail::SPF", zone, questions, ours, await askMailSpf(peers, questions), MAIL_SPF);
  } finally {
    await server.close();
  }
});

Deno.test("roost spf --batch passes the RFC 7208 suite through a real name server", async () => {
  const cases = await readSpfSuite();
  if (!cases) return console.log(`the RFC 7208 suite is not at ${SPF_SUITE.pathname}: not run`);
  const server = await startDnsServer({});
  const wrong: string[] = [];
  try {
    // Cases that share a zone are asked together.
    for (const zone of new Set(cases.map((c) => c.zone))) {
      server.zone = served(zone);
      const group = cases.filter((c) => c.zone === zone);
      const answers = await askRoost(
        server.port,
        group.map(({ ip, helo, mailFrom }) => ({ ip, helo, mailFrom })),
      );
      for (const [i, c] of group.entries()) {
        const got = answers[i];
        const told = c.explanation === undefined || got?.explanation === c.explanation;
        if (got?.result !== c.result || !told) {
          wrong.push(`${c.name}: ${JSON.stringify(got)}, wanted ${c.result} ${c.explanation}`);
        }
      }
    }
  } finally {
    await server.close();
  }
  console.log(`the RFC 7208 suite by DNS: ${cases.length - wrong.length} of ${cases.length} cases pass`);
  assertEquals(wrong, []);
});
