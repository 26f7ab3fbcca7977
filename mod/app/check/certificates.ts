/** The certificates that clients and other servers are shown. */
import type { Clock } from "../../base/clock.ts";
import type { Fs } from "../../base/fs.ts";
import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import { certificateReader } from "../../sys/tls.ts";
import { readAcmeState } from "../../tls/acme_state.ts";
import { readPair } from "../../tls/certificate_files.ts";
import { bad, type Finding, fine, odd } from "./finding.ts";

const DAY = 86_400_000;
/** Days before its end at which somebody should act: public authorities renew after two thirds of 90. */
const SOON = 14;

/** Dates, names and keys. Throws FsError. */
export async function checkCertificates(
  fs: Fs,
  clock: Clock,
  config: Config,
): Promise<readonly Finding[]> {
  const { tls } = dataPaths(config);
  const acme = config.tls.kind === "acme" ? await acmeFinding(fs, config.tls, tls) : [];
  const own = config.tls.kind !== "files";
  const issued = config.tls.kind === "acme" && await fs.stat(`${tls}/acme.pem`) !== null;
  const files = config.tls.kind === "files"
    ? config.tls.certificates
    : issued
    ? [{ cert: `${tls}/acme.pem`, key: `${tls}/acme.key` }]
    : [{ cert: `${tls}/server.pem`, key: `${tls}/server.key` }];
  const findings: Finding[] = [...acme];
  let named = false;
  let read = 0;
  for (const { cert, key } of files) {
    const pair = await readPair({ fs, reader: certificateReader }, cert, key);
    if (!pair) {
      const fix = own
        ? "the server makes one when it starts"
        : "name a certificate with its chain and the key that belongs to it";
      findings.push(
        (own ? odd : bad)("certificate", `${cert} and ${key} are missing or do not belong together`, fix),
      );
      continue;
    }
    const { dnsNames, notBefore, notAfter, issuer } = certificateReader.read(pair.certificate);
    read++;
    named ||= dnsNames.some((n) => covers(n, config.hostname));
    findings.push(
      dated(
        cert,
        notBefore,
        notAfter,
        clock.now(),
        own,
        issued ? issuer : own ? "our own authority" : issuer,
      ),
    );
  }
  if (read > 0 && !named) {
    const fix = own ? "restart the server: it makes a new one" : "name one for it under tls.certificates";
    findings.push(bad("certificate", `none is for ${config.hostname}`, fix));
  }
  return findings;
}

/** What an ACME authority said last. */
async function acmeFinding(
  fs: Fs,
  { directory }: Extract<Config["tls"], { readonly kind: "acme" }>,
  dir: string,
): Promise<readonly Finding[]> {
  const { failures, error, next } = await readAcmeState(fs, `${dir}/acme.json`, directory);
  if (failures > 0 && error !== null) {
    const fix = `mend that, then "roost cert renew"; else the server tries again ${
      next === null ? "soon" : new Date(next).toISOString().slice(0, 16)
    }`;
    return [odd("certificate", `${directory} did not issue (${failures} times): ${error}`, fix)];
  }
  if (await fs.stat(`${dir}/acme.pem`) !== null) return [];
  return [
    odd(
      "certificate",
      `none of ${directory} yet; our own serves meanwhile`,
      "start the server: it asks for one",
    ),
  ];
}

function dated(
  file: string,
  from: number,
  until: number,
  now: number,
  own: boolean,
  issuer: string,
): Finding {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const renew = own
    ? "the running server renews it in time"
    : "renew it; the server takes the new file up by itself";
  if (now < from) return bad("certificate", `${file} is not valid before ${day(from)}`, "set the clock");
  if (now >= until) return bad("certificate", `${file} ended ${day(until)}: clients refuse it`, renew);
  if (until - now < SOON * DAY) return odd("certificate", `${file} ends ${day(until)}`, renew);
  return fine("certificate", `${file} until ${day(until)}, by ${issuer}`);
}

function covers(name: string, host: string): boolean {
  return name === host || (name.startsWith("*.") && host.slice(host.indexOf(".")) === name.slice(1));
}
