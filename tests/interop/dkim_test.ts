/**
 * DKIM beside other people's: mailauth (npm), dkimpy and OpenDKIM's library (Debian), over generated messages with odd white space, folding,
 * doubled fields and other alphabets. What one signs all verify, and what was changed nobody does. The library is asked where opendkim-testmsg
 * cannot be: that looks keys up in the DNS of the machine only, and signs by SHA-1 only.
 */
import { generateKeyPairSync } from "node:crypto";
import { Buffer } from "node:buffer";
import { dkimSign } from "mailauth/lib/dkim/sign.js";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { importPrivateKey } from "../../mod/auth/dkim/private_key.ts";
import { signMessage } from "../../mod/auth/dkim/sign.ts";
import { DkimVerifier } from "../../mod/auth/dkim/verify.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { must } from "../support/programs.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { zone } from "../support/zone.ts";

const MESSAGES = 1000;
const DOMAIN = "a.test";
const FORMS = ["simple", "relaxed"] as const;
const PYTHON = "/usr/bin/python3";
const PEERS = new URL("../support/dkim_peers.py", import.meta.url).pathname;

type Canon = readonly [header: (typeof FORMS)[number], body: (typeof FORMS)[number]];

interface Key {
  readonly selector: string;
  readonly type: "rsa" | "ed25519";
  readonly pem: string;
  /** As dkimpy wants it. */
  readonly plain: string;
  readonly record: string;
}

function makeKey(selector: string, type: "rsa" | "ed25519", bits: number): Key {
  const pair = type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: bits })
    : generateKeyPairSync("ed25519");
  const pem = String(pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  const der = pair.publicKey.export({ type: "spki", format: "der" });
  const p = (type === "rsa" ? der : der.subarray(-32)).toString("base64");
  const seed = type === "rsa"
    ? pem
    : pair.privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32).toString("base64");
  return { selector, type, pem, plain: seed, record: `v=DKIM1; k=${type}; p=${p}` };
}

const KEYS = [
  makeKey("rsa2048", "rsa", 2048),
  makeKey("ed", "ed25519", 0),
  makeKey("rsa1024", "rsa", 1024),
] as const;
const RECORDS = Object.fromEntries(KEYS.map((k) => [`${k.selector}._domainkey.${DOMAIN}`, k.record]));

interface Sample {
  readonly id: number;
  readonly canon: Canon;
  readonly key: Key;
  readonly header: string;
  readonly body: string;
}

/** Messages of odd shapes, the same each time. */
function samples(): Sample[] {
  const random = new SeededRandom(6376);
  const one = <T>(of: readonly T[]): T => of[random.int(of.length)] as T;
  const some = (most: number, of: readonly string[]): string => {
    let text = "";
    for (let n = random.int(most + 1); n > 0; n--) text += one(of);
    return text;
  };
  const words = [
    "word",
    "a",
    "J\u00f6rg",
    "\u{1f600}",
    "=?utf-8?Q?x?=",
    "semi;colon:",
    "tab\there",
    "two  spaces",
    "b=x;",
  ];
  const gaps = [" ", "  ", "\t", "\r\n ", "\r\n\t", " \r\n  "];
  const value = (): string => {
    let text = one([" ", "", "  ", "\r\n ", "\t"]);
    for (let n = random.int(6); n >= 0; n--) text += one(words) + one(n > 0 ? gaps : ["", "", " ", "\t"]);
    return text;
  };
  const optional = [
    "Cc",
    "Date",
    "Message-ID",
    "Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "List-Id",
    "X-Odd",
    "rEcEiVeD",
  ];
  return Array.from({ length: MESSAGES }, (_, id): Sample => {
    const fields = [
      `${one(["From", "FROM", "from"])}:${one([" ", "", "\r\n "])}A <a@${DOMAIN}>`,
      `To:${value()}`,
      `Subject:${value()}`,
    ];
    for (let n = random.int(8); n > 0; n--) {
      fields.splice(random.int(fields.length + 1), 0, `${one(optional)}:${value()}`);
    }
    const body = some(20, [
      "line",
      "line two",
      " ",
      "\t",
      "  ",
      "\r\n",
      "\r\n",
      "\r\n\r\n",
      ".",
      "\u00e4\u00f6",
      "x".repeat(200),
      "=20",
    ]);
    return {
      id,
      canon: [one(FORMS), one(FORMS)],
      key: one(KEYS.slice(0, 2)),
      header: fields.map((f) => `${f}\r\n`).join(""),
      body: body === "" || body.endsWith("\r\n") ? body : `${body}\r\n`,
    };
  });
}

/** The same message, changed where it counts whatever the canonicalisation. */
function changed({ id, header, body }: Sample): { readonly header: string; readonly body: string } {
  switch (id % 6) {
    case 0:
      return { header, body: `x${body}` };
    case 1:
      return { header, body: `${body}x\r\n` };
    case 2:
      return { header: header.replace("A <", "B <"), body };
    case 3:
      return { header: `Subject: another\r\n${header}`, body };
    case 4:
      return { header: header.replace(/Subject:/, "Subject: Re"), body };
    default:
      return { header: `${header}From: b@${DOMAIN}\r\n`, body };
  }
}

async function byRoost(message: Uint8Array): Promise<boolean> {
  const resolver = zone(
    Object.fromEntries(Object.entries(RECORDS).map(([name, record]) => [name, { TXT: [record] }])),
  );
  const verifier = new DkimVerifier({ resolver, now: Date.now() });
  // In two pieces, as it comes from a network.
  verifier.write(message.subarray(0, 700));
  verifier.write(message.subarray(700));
  const outcomes = await verifier.finish();
  assertEquals(outcomes.length, 1);
  return outcomes[0]?.result === "pass";
}

async function byMailauth(message: Uint8Array): Promise<boolean> {
  const resolver = (name: string) => Promise.resolve([[RECORDS[name] ?? ""]]);
  const { results } = await dkimVerify(Buffer.from(message), { resolver, minBitLength: 1024 });
  return results.length === 1 && results[0]?.status.result === "pass";
}

async function askPeers(
  jobs: readonly Readonly<Record<string, unknown>>[],
): Promise<Map<number, Record<string, unknown>>> {
  const folder = await Deno.makeTempDir();
  try {
    const lines = [{ keys: RECORDS, folder }, ...jobs].map((job) => `${JSON.stringify(job)}\n`);
    const out = await must(PYTHON, [PEERS], { stdin: lines.join("") });
    return new Map(
      out.trim().split("\n").map((line) => {
        const { id, ...said } = JSON.parse(line);
        return [id, said];
      }),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

async function sign(sample: Sample): Promise<Uint8Array> {
  const { canon: [headerCanon, bodyCanon], key, header, body } = sample;
  const signing = { domain: DOMAIN, selector: key.selector, key: await importPrivateKey(key.pem) };
  const options = { time: Math.floor(Date.now() / 1000), headerCanon, bodyCanon };
  const field = await signMessage(memoryBody(utf8(`${header}\r\n${body}`)), [signing], options);
  assert(field);
  return field;
}

Deno.test(`${MESSAGES} messages signed by Roost verify in mailauth, dkimpy and OpenDKIM; changed, in none`, async () => {
  const all = samples();
  const messages: { readonly id: number; readonly good: boolean; readonly message: Uint8Array }[] = [];
  for (const sample of all) {
    const field = await sign(sample);
    const other = changed(sample);
    messages.push({
      id: sample.id,
      good: true,
      message: concat([field, utf8(`${sample.header}\r\n${sample.body}`)]),
    });
    messages.push({
      id: sample.id + MESSAGES,
      good: false,
      message: concat([field, utf8(`${other.header}\r\n${other.body}`)]),
    });
  }
  const said = await askPeers(
    messages.map(({ id, message }) => ({ id, do: "verify", message: base64(message) })),
  );
  const wrong: string[] = [];
  for (const { id, good, message } of messages) {
    const votes = { ...said.get(id), mailauth: await byMailauth(message), roost: await byRoost(message) };
    for (const [peer, passed] of Object.entries(votes)) {
      const sample = all[id % MESSAGES];
      if (passed !== good) {
        wrong.push(`${peer} ${good ? "refuses" : "passes"} ${id} ${sample?.canon} ${sample?.key.type}`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test(`${MESSAGES} messages signed by each of mailauth, dkimpy and OpenDKIM verify in Roost; changed, not one`, async () => {
  const all = samples();
  const jobs: Record<string, unknown>[] = [];
  for (const [i, by] of ["dkimpy", "opendkim"].entries()) {
    for (const { id, canon, key, header, body } of all) {
      // RSA in Python takes its time.
      const used = key.type === "rsa" ? KEYS[2] : key;
      const names = ["From", "To", "Subject", "Subject"];
      jobs.push({
        id: id + i * MESSAGES,
        do: "sign",
        by,
        message: base64(utf8(`${header}\r\n${body}`)),
        pem: by === "dkimpy" ? used.plain : used.pem,
        domain: DOMAIN,
        selector: used.selector,
        type: used.type,
        canon,
        names,
      });
    }
  }
  const said = await askPeers(jobs);
  const wrong: string[] = [];
  for (const sample of all) {
    const whole = utf8(`${sample.header}\r\n${sample.body}`);
    const { selector, pem } = sample.key;
    const signer = { signingDomain: DOMAIN, selector, privateKey: pem };
    const { signatures } = await dkimSign(Buffer.from(whole), {
      canonicalization: sample.canon.join("/"),
      algorithm: `${sample.key.type}-sha256`,
      ...signer,
      signatureData: [signer],
    });
    const other = changed(sample);
    const fields = {
      mailauth: utf8(signatures),
      dkimpy: Buffer.from(String(said.get(sample.id)?.signature), "base64"),
      opendkim: Buffer.from(String(said.get(sample.id + MESSAGES)?.signature), "base64"),
    };
    for (const [peer, field] of Object.entries(fields)) {
      // What OpenDKIM 2.11 signs so nobody verifies, itself included.
      if (peer === "opendkim" && sample.key.type === "ed25519" && sample.canon[0] === "simple") continue;
      if (!await byRoost(concat([field, whole]))) {
        wrong.push(`${peer}'s is refused: ${sample.id} ${sample.canon} ${sample.key.type}`);
      }
      // They sign no second From or Subject unless told to.
      const oversigned = peer === "dkimpy" || ![3, 5].includes(sample.id % 6);
      if (oversigned && await byRoost(concat([field, utf8(`${other.header}\r\n${other.body}`)]))) {
        wrong.push(`${peer}'s passes though changed: ${sample.id} ${sample.canon}`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("opendkim-testmsg signs by SHA-1 alone, and is told that this is over", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/key.pem`, KEYS[2].pem, { mode: 0o600 });
    const message =
      `From: a@${DOMAIN}\nTo: b@b.test\nDate: Fri, 11 Jul 2003 21:00:37 -0700\nSubject: x\nMessage-ID: <1@x>\n\nhi\n`;
    const args = ["-C", "-d", DOMAIN, "-s", KEYS[2].selector, "-k", `${dir}/key.pem`, "-t", dir];
    const signed = await must("/usr/sbin/opendkim-testmsg", args, { stdin: message });
    const verifier = new DkimVerifier({ resolver: zone({}), now: Date.now() });
    verifier.write(utf8(signed.replace(/\r?\n/g, "\r\n")));
    const [outcome] = await verifier.finish();
    assertEquals([outcome?.algorithm, outcome?.result], ["rsa-sha1", "permerror"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
