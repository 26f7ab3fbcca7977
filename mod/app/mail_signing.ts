/** DKIM of what we send, from outside: loads what signs with the first message to sign, and what rotates keys while a rotation is under way. */
import type { DomainKeys } from "../auth/dkim/domain_keys.ts";
import { type Body, prefixed } from "../base/body.ts";
import { isFsError } from "../base/fs.ts";
import { DKIM_COUNT } from "../base/limits.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import type { Sealing } from "../inbound/dispatch.ts";
import type { MessageSigner } from "../inbound/message_signer.ts";
import type { Reporter } from "../queue/reporter.ts";
import type { Platform } from "./platform.ts";

interface Signer {
  readonly keys: DomainKeys;
  readonly signer: MessageSigner;
  readonly seal: Sealing;
}

export class MailSigning {
  readonly #platform: Pick<Platform, "fs" | "clock" | "random" | "log">;
  #config: Config;
  #signer: Promise<Signer> | null = null;
  /** Monotonic time of the last look at the keys, in milliseconds. */
  #looked: number;

  constructor(platform: Pick<Platform, "fs" | "clock" | "random" | "log">, config: Config) {
    this.#platform = platform;
    this.#config = config;
    this.#looked = platform.clock.monotonic();
  }

  /** Takes over a config; keys are read again. */
  adopt(config: Config): void {
    this.#config = config;
    void this.#signer?.then(({ keys }) => keys.forget());
  }

  /** Header fields that sign a message, which must not change any more; none where nothing is to be signed. Never rejects. */
  async sign(body: Body): Promise<Uint8Array> {
    const { signer } = await (this.#signer ??= this.#open());
    return await signer.sign(body);
  }

  /** Header fields that say what we found when a message came that is forwarded now (ARC). Never rejects. */
  seal: Sealing = async (body, arrival, via) => {
    const { seal } = await (this.#signer ??= this.#open());
    return await seal(body, arrival, via);
  };

  /** A reporter whose reports are signed. */
  signed(reporter: Reporter): Reporter {
    return {
      write: async (report) => {
        const body = await reporter.write(report);
        const signature = await this.sign(body);
        return signature.length === 0 ? body : prefixed(signature, body);
      },
    };
  }

  /** Takes the steps of rotations that are due. Call it from time to time. Never rejects. */
  async look(): Promise<void> {
    const { fs, clock, random, log } = this.#platform;
    const now = clock.monotonic();
    if (now - this.#looked < DKIM_COUNT) return;
    const seconds = (now - this.#looked) / 1000;
    this.#looked = now;
    try {
      const rotated = await this.#rotated();
      if (rotated.length === 0) return;
      const { network, dns } = this.#config;
      const ask = network === "open" || dns.servers.length > 0;
      const { buildResolver } = await import("./resolver.ts");
      const { KeyRotation } = await import("../auth/dkim/rotation.ts");
      // A resolver of its own, without memory: what was not there ten minutes ago may be now.
      const resolver = ask ? buildResolver(this.#config, clock, random) : null;
      await new KeyRotation({ fs, log }).look(rotated, seconds, resolver);
    } catch (cause) {
      log.error("dkim keys not looked after", {}, cause);
    }
  }

  /** Domains with a key that is not simply active: there are marks beside the keys. */
  async #rotated(): Promise<{ readonly domain: string; readonly folder: string }[]> {
    const rotated = [];
    for (const domain of this.#config.domains.keys()) {
      const folder = this.#folderOf(domain);
      try {
        const names = await this.#platform.fs.list(folder);
        if (names.some(({ name }) => /\.(new|retired)$/.test(name))) rotated.push({ domain, folder });
      } catch (e) {
        // A domain without keys.
        if (!isFsError(e, "not-found")) throw e;
      }
    }
    return rotated;
  }

  #folderOf(domain: string): string {
    return `${dataPaths(this.#config).dkim}/${domain}`;
  }

  async #open(): Promise<Signer> {
    const { fs, clock, log } = this.#platform;
    const { DomainKeys } = await import("../auth/dkim/domain_keys.ts");
    const { MessageSigner } = await import("../inbound/message_signer.ts");
    const { forwardSealer } = await import("../inbound/forward_sealer.ts");
    const keys = new DomainKeys({ fs, log, folderOf: (domain) => this.#folderOf(domain) });
    const ours = (domain: string) => this.#config.domains.has(domain);
    return {
      keys,
      signer: new MessageSigner({ keys, ours, clock, log }),
      seal: forwardSealer({ keys, clock, log }),
    };
  }
}
