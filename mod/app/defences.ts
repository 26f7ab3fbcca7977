/** What reception holds against strangers: what a reload leaves as it is, and what each config makes of it. */
import { KeptFile } from "../base/kept_file.ts";
import { GREY_FILE, GREY_SAVE } from "../base/limits.ts";
import { AccountRates } from "../inbound/account_rate.ts";
import { Greylist } from "../inbound/checks/greylist.ts";
import { HoldBack } from "../inbound/checks/hold_back.ts";
import { Defences, type DefenceSettings } from "../inbound/defences.ts";
import { RateLimiter } from "../inbound/ratelimit.ts";
import type { Directory } from "../account/directory.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Platform } from "./platform.ts";

export class ReceptionDefences {
  readonly #platform: Platform;
  readonly #directory: Directory;
  readonly #accounts: AccountRates;
  readonly #holdBack: HoldBack;
  readonly #greylist = new Greylist();
  readonly #file: KeptFile;
  #known: { readonly config: Config; readonly resolver: Resolver } | null = null;

  private constructor(platform: Platform, config: Config, directory: Directory) {
    this.#platform = platform;
    this.#directory = directory;
    this.#accounts = new AccountRates(platform.clock);
    this.#holdBack = new HoldBack(platform.clock);
    this.#file = new KeptFile(
      this.#greylist,
      { path: dataPaths(config).greylist, name: "greylist", most: GREY_FILE, every: GREY_SAVE },
      platform,
    );
  }

  /** Reads what is kept in DATA. */
  static async open(platform: Platform, config: Config, directory: Directory): Promise<ReceptionDefences> {
    const defences = new ReceptionDefences(platform, config, directory);
    await defences.#file.open();
    return defences;
  }

  /** The config's resolver: one for all that is asked about mail from outside, so that each answer is asked for once. */
  resolver(config: Config): Resolver {
    if (this.#known?.config === config) return this.#known.resolver;
    const resolver = laterResolver(this.#platform, config);
    this.#known = { config, resolver };
    return resolver;
  }

  /** The defences as a config wants them. */
  of(config: Config): Defences {
    const { clock, log } = this.#platform;
    const { limits, trusted } = config;
    const perMinute = limits.messagesPerMinute;
    return new Defences(defenceSettings(config), {
      directory: this.#directory,
      resolver: this.resolver(config),
      clock,
      log,
      messages: new RateLimiter(clock, { burst: perMinute, perMinute }, trusted),
      accounts: this.#accounts,
      holdBack: this.#holdBack,
      greylist: this.#greylist,
    });
  }

  /** Saves what is kept. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** What a config wants held against strangers. */
export function defenceSettings({ reception, submission, hostname, trusted }: Config): DefenceSettings {
  return {
    hostname,
    trusted,
    bannerDelay: reception.bannerDelay,
    refuseEarlyTalkers: reception.refuseEarlyTalkers,
    refuseHelo: reception.refuseHelo,
    holdBack: reception.tarpit,
    blocklists: reception.blocklists,
    allowlists: reception.allowlists,
    greylist: reception.greylist,
    accountRate: { perHour: submission.recipientsPerHour, perDay: submission.recipientsPerDay },
  };
}

/** The config's resolver, loaded when the first stranger comes. Who cannot load it knows nothing of anybody. */
function laterResolver(platform: Platform, config: Config): Resolver {
  let opened: Promise<Resolver> | null = null;
  const open = async () =>
    (await import("./resolver.ts")).buildResolver(config, platform.clock, platform.random);
  return {
    async lookup(name, type) {
      return await (await (opened ??= open())).lookup(name, type);
    },
  };
}
