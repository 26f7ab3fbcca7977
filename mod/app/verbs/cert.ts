import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import type { AcmeStatus, CertificateStatus, StatusSnapshot } from "../../status/types.ts";
import { certificateReader } from "../../sys/tls.ts";
import { readAcmeState } from "../../tls/acme_state.ts";
import { readPair } from "../../tls/certificate_files.ts";
import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

/** Milliseconds an authority may take, two times over where it refuses some names. */
const RENEW_WAIT = 20 * 60_000;
const DAY = 86_400_000;

export const verb: Verb = {
  usage: ["cert show [--json] [--config FILE]", "cert renew [--revoke] [--json] [--config FILE]"],
  about:
    `The certificates that clients are shown: names, issuer, dates, when they are renewed, and what the authority of tls.acme said last. "renew" has the
running server ask that authority for a new one now, with the same key; --revoke takes a new key and has the old certificate revoked, as when the
old key got into wrong hands (a TLSA record "3 1 1" must then be published anew).`,
  options: {
    revoke: { doc: "with a new key; the old certificate is revoked" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [action = ""] = call.operands;
    if (action !== "show" && action !== "renew") throw new CommandFault("cert needs one of show, renew", 2);
    const config = await readConfig(call);
    if (action === "renew") await renew(call, config);
    const shown = await running(call, config) ?? await stored(call, config);
    if (call.options.has("json")) call.terminal.out(JSON.stringify(shown, null, 2));
    else print(call, shown);
    return 0;
  },
};

interface Shown {
  readonly certificates: readonly CertificateStatus[];
  readonly acme: AcmeStatus | null;
}

async function renew(call: Call, config: Config): Promise<void> {
  const path = `/api/certificates/renew${call.options.has("revoke") ? "?revoke=yes" : ""}`;
  const reply = await control(call.tools, config, "POST", path, null, RENEW_WAIT);
  if (reply.kind === "refused") throw new CommandFault(["no new certificate:", ...reply.why.split("\n")]);
  if (reply.kind === "not-running") throw new CommandFault(`the server must run for it: ${reply.why}`);
}

async function running(call: Call, config: Config): Promise<Shown | null> {
  const reply = await control(call.tools, config, "GET", "/api/status");
  if (reply.kind !== "ok") return null;
  // Our own server's answer.
  const { certificates = [], acme = null } = reply.body as Partial<StatusSnapshot>;
  return { certificates, acme };
}

/** As files have it, when no server runs. Throws FsError. */
async function stored({ tools: { fs, clock } }: Call, config: Config): Promise<Shown> {
  const { tls } = dataPaths(config);
  const below = (name: string) => ({ cert: `${tls}/${name}.pem`, key: `${tls}/${name}.key` });
  const files = config.tls.kind === "files" ? config.tls.certificates : [below("acme"), below("server")];
  const certificates: CertificateStatus[] = [];
  for (const { cert, key } of files) {
    const pair = await readPair({ fs, reader: certificateReader }, cert, key);
    if (!pair) continue;
    const facts = certificateReader.read(pair.certificate);
    certificates.push({
      source: cert,
      names: [...facts.dnsNames, ...facts.ipNames],
      issuer: facts.issuer,
      begins: time(facts.notBefore),
      expires: time(facts.notAfter),
      days: Math.floor((facts.notAfter - clock.now()) / DAY),
      fingerprint: facts.fingerprint,
    });
  }
  return { certificates, acme: await storedAcme(fs, config, `${tls}/acme.json`) };
}

async function storedAcme(
  fs: Call["tools"]["fs"],
  { tls }: Config,
  file: string,
): Promise<AcmeStatus | null> {
  if (tls.kind !== "acme") return null;
  const { directory, failures, error, tried, next, refused } = await readAcmeState(fs, file, tls.directory);
  return {
    directory,
    failures,
    error,
    tried: tried === null ? null : time(tried),
    next: next === null ? "with the next start" : time(next),
    refused: Object.keys(refused),
  };
}

function time(at: number): string {
  return new Date(at).toISOString();
}

function print({ terminal }: Call, { certificates, acme }: Shown): void {
  if (certificates.length === 0) terminal.out("no certificate yet; the server makes one when it starts");
  for (const c of certificates) {
    terminal.out(table([
      ["names", c.names.join(", ")],
      ["issuer", c.issuer],
      ["valid", `${c.begins?.slice(0, 10) ?? "?"} to ${c.expires.slice(0, 10)}, ${c.days ?? "?"} days left`],
      ["renewed", c.renews?.slice(0, 16) ?? "by whoever keeps it, or by the running server"],
      ["from", c.source],
      ["SHA-256", c.fingerprint],
    ]));
    terminal.out("");
  }
  if (!acme) return;
  terminal.out(table([
    ["authority", acme.directory],
    ["asked", acme.tried?.slice(0, 16) ?? "never"],
    ["next", acme.next.slice(0, 19)],
    ...(acme.refused.length > 0 ? [["without", acme.refused.join(", ")]] : []),
    ...(acme.error !== null ? [["error", `${acme.error} (${acme.failures} times)`]] : []),
  ]));
}
