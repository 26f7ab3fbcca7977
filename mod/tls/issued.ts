/** What an authority has issued: whether it is what was asked for. */
import { err, ok, type Result } from "../base/result.ts";
import type { CertificateReader } from "./certificate_files.ts";

/** Our clock may be late by so much. */
const DAY = 86_400_000;

/** The chain to serve of what the authority sent, PEM; or why it will not do. */
export function takenOf(
  reader: CertificateReader,
  sent: string,
  key: string,
  names: readonly string[],
  now: number,
): Result<string, string> {
  const wrong = (what: string) => err(`the authority sent a certificate that ${what}`);
  try {
    const certificate = reader.chain(sent);
    if (!reader.matches({ certificate, key })) return wrong("is for another key");
    const { dnsNames, notBefore, notAfter } = reader.read(certificate);
    const missing = names.filter((n) => !dnsNames.includes(n));
    if (missing.length > 0) return wrong(`is not for ${missing.join(", ")}`);
    if (notBefore > now + DAY) return wrong(`is not valid before ${minute(notBefore)}`);
    return notAfter > now ? ok(certificate) : wrong(`ended ${minute(notAfter)}`);
  } catch {
    return wrong("is none");
  }
}

/** A time as people read it, in UTC. */
export function minute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
