/**
 * ARC beside other people's: chains that mailauth (npm), dkimpy (Debian) and Roost seal in turn, with changes as mailing lists make them in
 * between. All three find each chain sound, and none does after a change that nobody sealed. DMARC beside mailauth's, over generated records.
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync } from "node:crypto";
import { authenticate, sealMessage as mailauthSeal } from "mailauth";
import { evaluateDmarc } from "mailauth/lib/dmarc/index.js";
import { DmarcCheck } from "../../mod/auth/dmarc/evaluate.ts";
import type { DkimOutcome, SpfOutcome } from "../../mod/auth/types.ts";
import { withoutForgedResults } from "../../mod/auth/authres/forged.ts";
import { sealMessage } from "../../mod/auth/arc/seal.ts";
import { BodyHasher } from "../../mod/auth/dkim/body_hasher.ts";
import { importPrivateKey } from "../../mod/auth/dkim/private_key.ts";
import { Inspection } from "../../mod/auth/inspection.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import type { Resolver } from "../../mod/dns/resolver.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { must } from "../support/programs.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { zone } from "../support/zone.ts";

const CHAINS = 200;
const POLICIES = 2000;
const MOST_HOPS = 4;
const PEERS = ["roost", "mailauth", "dkimpy"] as const;
const PYTHON = "/usr/bin/python3";
const SCRIPT = new URL("../support/arc_peers.py", import.meta.url).pathname;
const PAIR = generateKeyPairSync("rsa", { modulusLength: 1024 });
const PEM = String(PAIR.privateKey.export({ type: "pkcs8", format: "pem" }));
const KEY = await importPrivateKey(PEM);
const RECORD = `v=DKIM1; k=rsa; p=${
  PAIR.publicKey.export({ type: "spki", format: "der" }).toString("base64")
}`;
const DOMAINS = PEERS.map((p) => `${p}.test`);
const RECORDS = Object.fromEntries(DOMAINS.map((d) => [`s._domainkey.${d}`, RECORD]));
const DNS = zone(Object.fromEntries(Object.entries(RECORDS).map(([name, text]) => [name, { TXT: [text] }])));

interface Chain {
  readonly id: number;
  readonly hops: readonly (typeof PEERS)[number][];
  message: string;
}

function chains(random: SeededRandom): Chain[] {
  const one = <T>(of: readonly T[]): T => of[random.int(of.length)] as T;
  return Array.from({ length: CHAINS }, (_, id) => {
    const to = one(["To: b@b.test\r\n", "To: B\r\n  <b@b.test>,\r\n\tc@c.test\r\n", "TO:b@b.test  \r\n", ""]);
    const subject = one(["Subject: Hello\r\n", "Subject:  two  words \r\n", "SUBJECT:x\r\n", ""]);
    const body = one([
      "",
      "x\r\n",
      "a  b \t c \r\n\r\n\r\n",
      "no line end",
      "\r\n\r\ntext\r\n",
      ".dot\r\nFrom x\r\n",
    ]);
    return {
      id,
      hops: Array.from({ length: 1 + random.int(MOST_HOPS) }, () => one(PEERS)),
      message:
        `From: A <a@a.test>\r\n${to}${subject}Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <${id}@a.test>\r\n\r\n${body}`,
    };
  });
}

/** Lists change the subject, the body, and add fields; each hop adds its own trace. */
function changed(message: string, random: SeededRandom): string {
  const received = `Received: by x${random.int(9)}.test; Thu, 1 Jan 2026 00:00:00 +0000\r\n`;
  switch (random.int(4)) {
    case 0:
      return `${received}${message}${message.endsWith("\r\n") ? "" : "\r\n"}-- \r\nlist footer\r\n`;
    case 1:
      return received + message.replace(/^subject *:/im, "Subject: [list]");
    case 2:
      return `List-Id: <l.test>\r\n${received}${message}`;
    default:
      return received + message;
  }
}

async function python(jobs: readonly object[]): Promise<Map<number, Record<string, string>>> {
  if (jobs.length === 0) return new Map();
  const stdin = [{ keys: RECORDS }, ...jobs].map((j) => JSON.stringify(j)).join("\n");
  const lines = (await must(PYTHON, [SCRIPT], { stdin })).trim().split("\n").map((l) => JSON.parse(l));
  return new Map(lines.map((l) => [l.id, l]));
}

const results = (domain: string, hop: number) =>
  `${domain}; ${hop === 0 ? "" : "arc=pass; "}spf=pass smtp.mailfrom=a@a.test`;

async function sealByRoost(message: string, hop: number): Promise<string> {
  const at = message.indexOf("\r\n\r\n") + 4;
  const cover = { canon: "relaxed", length: null } as const;
  const hasher = new BodyHasher([cover]);
  hasher.write(utf8(message.slice(at)));
  hasher.end();
  const set = await sealMessage({
    header: utf8(message.slice(0, at)),
    bodyHash: hasher.hash(cover).digest ?? new Uint8Array(),
    results: results("roost.test", hop),
    now: Date.UTC(2026, 0, 1),
  }, { domain: "roost.test", selector: "s", key: KEY });
  assert(set, message);
  return fromUtf8(set) + message;
}

/** Our zone as mailauth asks for it. */
// deno-lint-ignore no-explicit-any -- its types do not know what a resolver may give
function resolverOf(dns: Resolver): any {
  return async (name: string, type: "TXT" | "A" | "CNAME") => {
    const answer = await dns.lookup(name, type);
    if (answer.kind === "records") {
      return answer.records.map((r) => typeof r === "string" ? r : [fromUtf8(r)]);
    }
    throw Object.assign(new Error(answer.kind), { code: answer.kind === "nodata" ? "ENODATA" : "ENOTFOUND" });
  };
}

const resolver = resolverOf(DNS);

async function sealByMailauth(message: string, hop: number): Promise<string> {
  const set = await mailauthSeal(
    Buffer.from(message),
    {
      signingDomain: "mailauth.test",
      selector: "s",
      privateKey: PEM,
      authResults: results("mailauth.test", hop),
      cv: hop === 0 ? "none" : "pass",
      resolver,
    } as Parameters<typeof mailauthSeal>[1],
  );
  return set.toString() + message;
}

async function byRoost(message: string): Promise<string> {
  const inspection = new Inspection({ resolver: DNS, clock: new FakeClock(), hostname: "x.test" }, {
    client: null,
    now: Date.UTC(2026, 0, 2),
    trustedSealers: [],
    roll: 0,
  });
  inspection.write(utf8(message));
  return (await inspection.finish()).findings.arc?.result ?? "";
}

async function byMailauth(message: string): Promise<string> {
  const { arc } = await authenticate(Buffer.from(message), {
    resolver,
    mta: "x.test",
    disableDmarc: true,
    disableBimi: true,
  });
  return arc ? arc.status.result : "";
}

/** What each peer says of each message. */
async function verdicts(
  all: readonly { readonly id: number; readonly message: string }[],
): Promise<string[]> {
  const said = await python(
    all.map(({ id, message }) => ({ id, do: "verify", message: Buffer.from(message).toString("base64") })),
  );
  return await Promise.all(all.map(async ({ id, message }) => {
    return `roost ${await byRoost(message)}, mailauth ${await byMailauth(message)}, dkimpy ${
      said.get(id)?.["result"]
    }`;
  }));
}

Deno.test(`arc: ${CHAINS} chains sealed by Roost, mailauth and dkimpy in turn are sound to all three, until changed`, async () => {
  const random = new SeededRandom(8617);
  const all = chains(random);
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const now = all.filter((c) => c.hops.length > hop);
    for (const c of now) if (hop > 0) c.message = changed(c.message, random);
    const theirs = now.filter((c) => c.hops[hop] === "dkimpy");
    for (const c of theirs) {
      // As its host would: what stood there in its name goes first.
      const kept = fromUtf8(withoutForgedResults(utf8(c.message), "dkimpy.test"));
      c.message = `Authentication-Results: ${results("dkimpy.test", hop)}\r\n${kept}`;
    }
    const sets = await python(theirs.map((c) => ({
      id: c.id,
      do: "seal",
      message: Buffer.from(c.message).toString("base64"),
      domain: "dkimpy.test",
      selector: "s",
      pem: PEM,
    })));
    for (const c of now) {
      const peer = c.hops[hop];
      if (peer === "dkimpy") {
        c.message = Buffer.from(sets.get(c.id)?.["set"] ?? "", "base64").toString() + c.message;
      } else {c.message = peer === "roost"
          ? await sealByRoost(c.message, hop)
          : await sealByMailauth(c.message, hop);}
    }
  }
  const sound = await verdicts(all);
  sound.forEach((text, i) => {
    assertEquals(
      text,
      "roost pass, mailauth pass, dkimpy pass",
      `${all[i]?.hops.join(" ")}\n${all[i]?.message}`,
    );
  });
  const broken = await verdicts(all.map(({ id, message }) => ({ id, message: broke(message, id) })));
  broken.forEach((text, i) => {
    assertEquals(text, "roost fail, mailauth fail, dkimpy fail", `${all[i]?.hops.join(" ")} ${i % 4}`);
  });
});

/** A change that the newest set does not cover. */
function broke(message: string, kind: number): string {
  switch (kind % 4) {
    case 0:
      return `${message}\r\nadded\r\n`;
    case 1:
      return message.replace("\r\nFrom: A <a@a.test>", "\r\nFrom: B <a@a.test>");
    case 2:
      return message.replace(/spf=pass/, "spf=fail");
    default:
      return message.replace(/^(ARC-Seal: [^]*?\bt=)\d/m, "$19");
  }
}

/** Names and records at random: whose policy counts, what it is, and who is of the same organization. */
function randomPolicy(random: SeededRandom) {
  const one = <T>(of: readonly T[]): T => of[random.int(of.length)] as T;
  const name = () =>
    [
      ...Array.from({ length: random.int(4) }, () => one(["a", "b"])),
      one(["x.test", "x.test", "y.test", "test"]),
    ].join(".");
  const policy = () => one(["none", "quarantine", "reject"]);
  const record = () => {
    const tags = [`p=${policy()}`];
    if (random.int(3) === 0) tags.push(`sp=${policy()}`);
    if (random.int(3) === 0) tags.push(`np=${policy()}`);
    if (random.int(3) === 0) tags.push(`psd=${one(["y", "n", "u"])}`);
    if (random.int(4) === 0) tags.push(`adkim=${one(["r", "s"])}`);
    if (random.int(4) === 0) tags.push(`aspf=${one(["r", "s"])}`);
    if (random.int(4) === 0) tags.push(`t=${one(["y", "n"])}`);
    return `v=DMARC1; ${tags.join("; ")}`;
  };
  const names = Array.from({ length: random.int(5) }, name);
  return {
    from: name(),
    spf: one([name(), null]),
    dkim: Array.from({ length: random.int(3) }, name),
    zone: Object.fromEntries([
      ...names.map((n) => [`_dmarc.${n}`, { TXT: [record()] }]),
      ...Array.from({ length: random.int(3) }, () => [name(), { A: ["192.0.2.1"] }]),
    ]),
  };
}

Deno.test(`dmarc: Roost and mailauth agree on ${POLICIES} messages`, async () => {
  const random = new SeededRandom(9989);
  for (let i = 0; i < POLICIES; i++) {
    const { from, spf, dkim, zone: data } = randomPolicy(random);
    const dns = zone(data);
    const theirs = await evaluateDmarc(
      {
        headerFrom: [`a@${from}`],
        spfDomains: spf === null ? [] : [spf],
        dkimDomains: dkim.map((domain) => ({ domain })),
        resolver: resolverOf(dns),
      } as Parameters<typeof evaluateDmarc>[0],
    );
    const ours = await new DmarcCheck(utf8(`From: a@${from}\r\n\r\n`), dns).finish({
      spf: spf === null ? null : { result: "pass", domain: spf } as SpfOutcome,
      dkim: dkim.map((domain) => ({ result: "pass", domain, unsigned: 0 } as DkimOutcome)),
      roll: 0,
    });
    const { result, policy } = ours.outcome;
    const response = theirs.response || null;
    assertEquals(
      `${result} ${policy ?? ""}`,
      `${response?.status.result} ${response?.policy ?? ""}`,
      JSON.stringify({ from, spf, dkim, data }),
    );
  }
});
