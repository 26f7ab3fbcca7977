/** Messages with chains, right and wrong, and their zones. */
import { createHash } from "node:crypto";
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { ArcCheck } from "../../../mod/auth/arc/verify.ts";
import { sealMessage } from "../../../mod/auth/arc/seal.ts";
import { BodyHasher } from "../../../mod/auth/dkim/body_hasher.ts";
import { signData } from "../../../mod/auth/dkim/private_key.ts";
import { SignedFields } from "../../../mod/auth/dkim/signed_fields.ts";
import type { ArcOutcome } from "../../../mod/auth/types.ts";
import type { Resolver } from "../../../mod/dns/resolver.ts";
import { scanHeader } from "../../../mod/mail/header.ts";
import { zone, type ZoneData } from "../../support/zone.ts";
import { makePair } from "../dkim/crafted.ts";

export const PAIR = await makePair("rsa");
export const NOW = 1_800_000_000_000;
export const HEADER = "From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: Hello\r\n";
export const BODY = "Hi there\r\n";

export const SEALERS = ["one.example", "two.example", "three.example", "lists.four.example"];

/** All sealers have one key, at the selector "s". */
export function keys(more: ZoneData = {}): Resolver {
  const key = { TXT: [`v=DKIM1; k=rsa; p=${PAIR.p}`] };
  return zone({ ...Object.fromEntries(SEALERS.map((d) => [`s._domainkey.${d}`, key])), ...more });
}

export function hashOf(body: string): Uint8Array {
  const hasher = new BodyHasher([{ canon: "relaxed", length: null }]);
  hasher.write(utf8(body));
  hasher.end();
  return hasher.hash({ canon: "relaxed", length: null }).digest ?? new Uint8Array();
}

/** One more set on top. */
export async function sealed(
  message: string,
  domain: string,
  results = "x.example; spf=pass",
): Promise<string> {
  const at = message.indexOf("\r\n\r\n") + 4;
  const set = await sealMessage({
    header: utf8(message.slice(0, at)),
    bodyHash: hashOf(message.slice(at)),
    results,
    now: NOW,
  }, { domain, selector: "s", key: PAIR.key });
  if (!set) throw new Error("not sealed");
  return fromUtf8(set) + message;
}

export async function chainOf(...domains: string[]): Promise<string> {
  let message = `${HEADER}\r\n${BODY}`;
  for (const [i, domain] of domains.entries()) {
    message = await sealed(message, domain, `${domain}; spf=pass (set ${i + 1})`);
  }
  return message;
}

/**
 * A set written by hand, each field with a right b= for whatever stands in it: `edit` may change the fields before they are signed.
 */
export async function crafted(
  message: string,
  instance: number,
  edit: (fields: { results: string; message: string; seal: string }) => void = () => {},
): Promise<string> {
  const at = message.indexOf("\r\n\r\n") + 4;
  const bh = createHash("sha256").update(message.slice(at)).digest("base64");
  const fields = {
    results: `ARC-Authentication-Results: i=${instance}; x.example; none\r\n`,
    message:
      `ARC-Message-Signature: i=${instance}; a=rsa-sha256; c=relaxed/simple; d=one.example; s=s; h=from:subject; bh=${bh}; b=`,
    seal: `ARC-Seal: i=${instance}; a=rsa-sha256; cv=${
      instance === 1 ? "none" : "pass"
    }; d=one.example; s=s; b=`,
  };
  edit(fields);
  const sign = async (header: string, names: readonly string[], open: string) => {
    const data = new SignedFields(scanHeader(utf8(`${header}\r\n`))).data(names, "relaxed", utf8(open), null);
    return `${open}${btoa(String.fromCharCode(...await signData(PAIR.key, data)))}\r\n`;
  };
  const names = (/\bh=([^;]*)/.exec(fields.message)?.[1] ?? "").toLowerCase().split(":");
  const ams = await sign(message.slice(0, at - 2), names, fields.message);
  // The seal covers all sets, oldest first: as a "header" that has just these, each picked once from the top.
  const header = scanHeader(utf8(fields.results + ams + message));
  const sets: string[] = [];
  for (let i = 1; i <= instance; i++) {
    for (const name of ["arc-authentication-results", "arc-message-signature", "arc-seal"]) {
      const field = header.fields.find((f) =>
        f.name === name &&
        new RegExp(`^\\s*i=${i};`).test(fromUtf8(header.bytes.subarray(f.valueStart, f.end)))
      );
      if (field) sets.push(fromUtf8(header.bytes.subarray(field.start, field.end)));
    }
  }
  const order = sets.map((s) => s.slice(0, s.indexOf(":")).toLowerCase());
  // `pick` takes the last of a name first: so the list is turned round, and the names with it.
  const seal = await sign(sets.toReversed().join(""), order, fields.seal);
  return seal + ams + fields.results + message;
}

export async function verify(
  message: string,
  resolver: Resolver = keys(),
  options: { readonly trusted?: readonly string[]; readonly now?: number } = {},
): Promise<ArcOutcome> {
  const bytes = utf8(message);
  const header = scanHeader(bytes);
  const check = new ArcCheck(header, new SignedFields(header), {
    resolver,
    now: options.now ?? NOW,
    trusted: options.trusted ?? [],
  });
  const hasher = new BodyHasher(check.covers);
  hasher.write(bytes.subarray(header.bodyStart));
  hasher.end();
  return await check.finish(hasher);
}

/** Result and reason in one line. */
export function told({ result, reason }: ArcOutcome): string {
  return reason === "" ? result : `${result}: ${reason}`;
}
