/** DKIM: checking beside mailauth, signing, hashing beside the platform's own hash. */
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync } from "node:crypto";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { BodyHasher } from "../../mod/auth/dkim/body_hasher.ts";
import { importPrivateKey } from "../../mod/auth/dkim/private_key.ts";
import { signMessage } from "../../mod/auth/dkim/sign.ts";
import { DkimVerifier } from "../../mod/auth/dkim/verify.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { zone } from "../support/zone.ts";
import { median, type Row } from "./table.ts";

const ROUNDS = 5;
const LINE = "The quick brown fox jumps over the lazy dog, and then it goes home to its supper.\r\n";
const HEADER =
  "Received: from a.test by b.test; Mon, 5 Jan 2026 10:00:00 +0000\r\nFrom: Alice <alice@a.test>\r\n" +
  "To: Bob <bob@b.test>\r\nSubject: bench\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\nMessage-ID: <1@a.test>\r\n" +
  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
const MESSAGE = utf8(HEADER + LINE.repeat(Math.ceil((10_240 - HEADER.length) / LINE.length)));

/** Calls a second for about 300 ms, the middle one of some rounds of each in turn: what disturbs one disturbs the others. */
async function rates(works: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const found: number[][] = works.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, work] of works.entries()) {
      let calls = 0;
      const start = performance.now();
      for (; performance.now() - start < 300; calls++) await work();
      // The first is for warming up.
      if (round > 0) found[i]?.push(calls / ((performance.now() - start) / 1000));
    }
  }
  return found.map(median);
}

/** Rows for the table. */
export async function dkimRows(): Promise<Row[]> {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ed25519 = generateKeyPairSync("ed25519");
  const [byRsa, byEd25519] = await Promise.all([rsa, ed25519].map(async ({ privateKey }) => {
    const key = await importPrivateKey(String(privateKey.export({ type: "pkcs8", format: "pem" })));
    return [{ domain: "a.test", selector: "s", key }];
  }));
  if (!byRsa || !byEd25519) throw new Error("no keys");
  const record = `v=DKIM1; p=${rsa.publicKey.export({ type: "spki", format: "der" }).toString("base64")}`;
  const signed = concat([await signMessage(memoryBody(MESSAGE), byRsa, { time: null }) ?? utf8(""), MESSAGE]);
  const buffer = Buffer.from(signed);
  const resolver = zone({ "s._domainkey.a.test": { TXT: [record] } });
  const roost = async (): Promise<void> => {
    const verifier = new DkimVerifier({ resolver, now: 0 });
    verifier.write(signed);
    if ((await verifier.finish())[0]?.result !== "pass") throw new Error("not verified");
  };
  const mailauth = async (): Promise<void> => {
    const { results } = await dkimVerify(buffer, { resolver: () => Promise.resolve([[record]]) });
    if (results[0]?.status.result !== "pass") throw new Error("not verified");
  };
  const sign = (signings: typeof byRsa) => async (): Promise<void> => {
    if (!await signMessage(memoryBody(MESSAGE), signings, { time: 0 })) throw new Error("not signed");
  };
  const chunk = utf8(LINE.repeat(800));
  const hash = (work: () => void) => (): Promise<void> => Promise.resolve(work());
  const works: readonly (readonly [string, string, number, () => Promise<void>])[] = [
    ["DKIM: verify 10 KB, one RSA-2048", "messages/s", 1, roost],
    ["  the same by mailauth", "messages/s", 1, mailauth],
    ["DKIM: sign 10 KB, Ed25519", "messages/s", 1, sign(byEd25519)],
    ["DKIM: sign 10 KB, RSA-2048", "messages/s", 1, sign(byRsa)],
    ["DKIM: body hash, simple", "MB/s", chunk.length / 1e6, hash(() => hashBody("simple", chunk))],
    ["DKIM: body hash, relaxed", "MB/s", chunk.length / 1e6, hash(() => hashBody("relaxed", chunk))],
    [
      "  node:crypto's SHA-256 alone",
      "MB/s",
      chunk.length / 1e6,
      hash(() => createHash("sha256").update(chunk).digest()),
    ],
  ];
  const found = await rates(works.map(([, , , work]) => work));
  return works.map(([what, unit, factor], i): Row => ({ what, unit, value: (found[i] ?? 0) * factor }));
}

function hashBody(canon: "simple" | "relaxed", chunk: Uint8Array): void {
  const cover = { canon, length: null };
  const hasher = new BodyHasher([cover]);
  hasher.write(chunk);
  hasher.end();
  hasher.hash(cover);
}
