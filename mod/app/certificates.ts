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
import type { ServerNames } from "../tls/own_ca.ts";

/** Which certificates to serve. */
export interface CertificatePlan {
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

/** Keeps `Certificates` as the plan says. */
export class CertificateKeeper {
  readonly certificates: Certificates = new Certificates();
  readonly #ports: CertificatePorts;
  readonly #log: Log;
  #plan: CertificatePlan;
  #stamp = "";
  #authority: string | null = null;

  constructor(ports: CertificatePorts, log: Log, plan: CertificatePlan) {
    this.#ports = ports;
    this.#log = log;
    this.#plan = plan;
  }

  /** The own authority's certificate in PEM, when certificates are our own. */
  get authority(): string | null {
    return this.#authority;
  }

  /** Loads what the plan says; throws an error whose text is for people, and keeps serving what it had. */
  async load(plan: CertificatePlan = this.#plan): Promise<void> {
    const entries = plan.files.length > 0 ? await this.#fromFiles(plan) : await this.#own(plan);
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
      if (this.#plan.files.length === 0) {
        const first = this.certificates.list()[0];
        if (first && first.notAfter - this.#ports.clock.now() > 30 * 86_400_000) return;
      } else if (await this.#stamps() === this.#stamp) {
        return;
      }
      await this.load();
    } catch (e) {
      this.#log.error("certificate not reloaded", { why: e instanceof Error ? e.message : String(e) });
    }
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
      this.#log.info("certificate issued", { by: "own authority", names: plan.names.dns.join(",") });
    }
    const chain = pair.certificate.split(/(?=-----BEGIN CERTIFICATE-----)/);
    this.#authority = chain[1] ?? null;
    return [{ source: "own authority", ...pair }];
  }

  async #stamps(): Promise<string> {
    const stats = await Promise.all(
      this.#plan.files.flatMap((f) => [f.cert, f.key]).map((path) => this.#ports.fs.stat(path)),
    );
    return stats.map((s) => s ? `${s.inode}:${s.mtime}:${s.size}` : "-").join(" ");
  }
}
