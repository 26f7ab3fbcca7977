/** The certificates a config asks for: files of others, or our own below DATA/tls; looked at again when files change. */
import type { Clock } from "../base/clock.ts";
import type { Fs } from "../base/fs.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { type CertificateEntry, certificateReader, Certificates } from "../sys/tls.ts";
import {
  type CertificatePorts,
  ensureOwnCertificate,
  lazyIssuer,
  readPair,
} from "../tls/certificate_files.ts";
import type { AcmeKeeper, AcmeStanding } from "../tls/acme_keeper.ts";
import { ChallengeTokens } from "../tls/challenge_tokens.ts";
import type { ServerNames } from "../tls/own_ca.ts";
import { renewalTime } from "../tls/renewal.ts";
import type { AcmePlan } from "./acme.ts";

/** Where certificates come from, as status tells. */
const ACME_SOURCE = "acme";
const OWN_SOURCE = "own authority";
/** Days before its end that our own certificate is made anew. */
const RENEW_DAYS = 30;

/** Which certificates to serve. */
export interface CertificatePlan {
  /** An authority by ACME; until it has issued, our own. */
  readonly acme: AcmePlan | null;
  /** Absolute paths; empty means our own authority. */
  readonly files: readonly { readonly cert: string; readonly key: string }[];
  /** DATA/tls. */
  readonly dir: string;
  readonly hostname: string;
  readonly names: ServerNames;
}

/** What `ensureOwnCertificate` needs, over the real platform. */
export function certificatePorts(fs: Fs, clock: Clock, random: Random): CertificatePorts {
  return { fs, clock, issuer: lazyIssuer(clock, random), reader: certificateReader };
}

/** Makes the keeper of an ACME authority's certificate; `gone` ends what it is about. Throws FsError. */
export type OpenAcme = (
  board: ChallengeTokens,
  dir: string,
  plan: AcmePlan,
  gone: AbortSignal,
) => Promise<AcmeKeeper>;

/** Keeps `Certificates` as the plan says. */
export class CertificateKeeper {
  readonly certificates: Certificates = new Certificates();
  /** Challenges of an ACME authority that are open. */
  readonly challenges: ChallengeTokens = new ChallengeTokens();
  readonly #openAcme: OpenAcme | null;
  readonly #ports: CertificatePorts;
  readonly #log: Log;
  #plan: CertificatePlan;
  #stamp = "";
  #authority: string | null = null;
  #acme: { readonly plan: string; readonly keeper: AcmeKeeper; readonly gone: AbortController } | null = null;

  constructor(ports: CertificatePorts, log: Log, plan: CertificatePlan, openAcme: OpenAcme | null = null) {
    this.#openAcme = openAcme;
    this.#ports = ports;
    this.#log = log;
    this.#plan = plan;
  }

  /** The own authority's certificate in PEM, when certificates are our own. */
  get authority(): string | null {
    return this.#authority;
  }

  /** How it stands with the ACME authority; null without one. */
  get acme(): AcmeStanding | null {
    return this.#acme?.keeper.standing ?? null;
  }

  /** Whether what is served at first is of an authority that was asked by ACME. */
  get isAcme(): boolean {
    return this.certificates.list()[0]?.source === ACME_SOURCE;
  }

  /** When our certificate is to be renewed, in milliseconds since 1970; null where others renew it. */
  renewal(
    c: {
      readonly source: string;
      readonly notBefore: number;
      readonly notAfter: number;
      readonly fingerprint: string;
    },
  ): number | null {
    if (c.source === ACME_SOURCE) return this.acme?.next ?? renewalTime(c);
    return c.source === OWN_SOURCE ? c.notAfter - RENEW_DAYS * 86_400_000 : null;
  }

  /** Renews what is ours to renew, on a person's word; null, or why not. `revoke`: with a new key, and the old certificate revoked. */
  async renew(revoke: boolean): Promise<string | null> {
    if (!this.#acme) {
      return this.#plan.files.length > 0
        ? "the certificates are files that others renew; they are read again when they change"
        : "our own authority renews its certificate by itself; tls.acme is not in use";
    }
    const done = await this.#acme.keeper.renew(revoke);
    if (!done.ok) return done.error;
    await this.load();
    return null;
  }

  /** Loads what the plan says; throws an error whose text is for people, and keeps serving what it had. */
  async load(plan: CertificatePlan = this.#plan): Promise<void> {
    const entries = await this.#entries(plan);
    this.certificates.use(entries);
    this.#plan = plan;
    this.#stamp = await this.#stamps();
    for (const c of this.certificates.list()) {
      this.#log.info("certificate loaded", {
        source: c.source,
        names: c.dnsNames.join(","),
        until: new Date(c.notAfter).toISOString(),
      });
    }
  }

  /** Loads again if a file changed or our own certificate is near its end. Never throws: the old ones are served on, and the log says why. */
  async lookAgain(): Promise<void> {
    try {
      void this.#lookAtAcme();
      if (this.#plan.files.length === 0) {
        const first = this.certificates.list()[0];
        if (first?.source === ACME_SOURCE) return;
        const now = this.#ports.clock.now();
        if (first && first.notBefore <= now && first.notAfter - now > RENEW_DAYS * 86_400_000) return;
      } else if (await this.#stamps() === this.#stamp) {
        return;
      }
      await this.load();
    } catch (e) {
      this.#log.error("certificate not reloaded", { why: e instanceof Error ? e.message : String(e) });
    }
  }

  /** Takes its time, so nobody waits for it. Never rejects. */
  async #lookAtAcme(): Promise<void> {
    if (!await this.#acme?.keeper.look()) return;
    await this.load().catch((e) => this.#log.error("certificate not loaded", {}, e));
  }

  async #entries(plan: CertificatePlan): Promise<CertificateEntry[]> {
    const wanted = JSON.stringify([plan.dir, plan.acme]);
    if (this.#acme?.plan !== wanted) {
      // A slow authority must not hold up who wants another one.
      this.#acme?.gone.abort();
      await this.#acme?.keeper.settled();
      this.#acme = null;
      if (plan.acme && this.#openAcme) {
        const gone = new AbortController();
        const keeper = await this.#openAcme(this.challenges, plan.dir, plan.acme, gone.signal);
        this.#acme = { plan: wanted, keeper, gone };
      }
    }
    if (plan.files.length > 0) return await this.#fromFiles(plan);
    const pair = this.#acme?.keeper.pair;
    if (!pair) return await this.#own(plan);
    this.#authority = null;
    return [{ source: ACME_SOURCE, ...pair }];
  }

  async #fromFiles(plan: CertificatePlan): Promise<CertificateEntry[]> {
    this.#authority = null;
    const entries: CertificateEntry[] = [];
    for (const f of plan.files) {
      const pair = await readPair(this.#ports, f.cert, f.key);
      if (!pair) {
        throw new Error(
          `Cannot use the certificate ${f.cert} with the key ${f.key}: one is missing, unreadable or not PEM, or they do not belong together`,
        );
      }
      entries.push({ source: f.cert, ...pair });
    }
    return entries;
  }

  async #own(plan: CertificatePlan): Promise<CertificateEntry[]> {
    const { pair, issued } = await ensureOwnCertificate(
      this.#ports,
      plan.dir,
      `Roost at ${plan.hostname}`,
      plan.names,
    );
    if (issued) {
      this.#log.info("certificate issued", { by: OWN_SOURCE, names: plan.names.dns.join(",") });
    }
    const chain = pair.certificate.split(/(?=-----BEGIN CERTIFICATE-----)/);
    this.#authority = chain[1] ?? null;
    return [{ source: OWN_SOURCE, ...pair }];
  }

  async #stamps(): Promise<string> {
    const stats = await Promise.all(
      this.#plan.files.flatMap((f) => [f.cert, f.key]).map((path) => this.#ports.fs.stat(path)),
    );
    return stats.map((s) => s ? `${s.inode}:${s.mtime}:${s.size}` : "-").join(" ");
  }
}
