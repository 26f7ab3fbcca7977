/** What DNS says of our domains, for the status page: asked in the background, shown from memory, and not asked again for some minutes. */
import { STATUS_DNS_AGE, STATUS_DNS_WAIT, STATUS_DOMAINS } from "../base/limits.ts";
import type { Config } from "../config/config.ts";
import type { DomainStatus } from "../status/types.ts";
import { checkDomain } from "./check/domain.ts";
import type { Finding } from "./check/finding.ts";
import { publishedAddresses } from "./check/server_name.ts";
import { dnsFacts, serverAddresses } from "./dns_facts.ts";
import { dnsRecords } from "./dns_records.ts";
import { machineTools } from "./machine.ts";
import type { Tools } from "./terminal.ts";

interface Answer {
  readonly asked: number;
  readonly findings: readonly Finding[];
}

export class DomainStates {
  readonly #config: () => Config;
  readonly #tools: Tools;
  #answers = new Map<string, Answer>();
  /** Monotonic milliseconds of the last question. */
  #askedAt = -Infinity;
  #asking: Promise<void> = Promise.resolve();

  constructor(config: () => Config, tools: Tools = machineTools) {
    this.#config = config;
    this.#tools = tools;
  }

  /** All of our domains, with what DNS said last; waits a few seconds at most where it is asked now. */
  async list(): Promise<readonly DomainStatus[]> {
    const config = this.#config();
    const domains = [...config.domains.keys()].slice(0, STATUS_DOMAINS);
    await this.#ask(config, domains);
    return await Promise.all(domains.map((domain) => this.#one(config, domain)));
  }

  async #one(config: Config, domain: string): Promise<DomainStatus> {
    const answer = this.#answers.get(domain);
    const records = dnsRecords(await dnsFacts(this.#tools, config, domain));
    return {
      domain,
      records: records.map(({ name, type, value, need, why }) => ({ name, type, value, need, why })),
      asked: answer ? new Date(answer.asked).toISOString() : null,
      findings: answer?.findings ?? [],
    };
  }

  async #ask(config: Config, domains: readonly string[]): Promise<void> {
    // On a closed network without name servers there is nobody to ask.
    if (config.network === "closed" && config.dns.servers.length === 0) return;
    const { clock } = this.#tools;
    if (clock.monotonic() - this.#askedAt >= STATUS_DNS_AGE) {
      this.#askedAt = clock.monotonic();
      this.#asking = this.#look(config, domains).catch(() => {
        // Nobody can be asked: what is shown says that it was not.
        this.#askedAt = -Infinity;
      });
    }
    const waited = new AbortController();
    await Promise.race([this.#asking, clock.sleep(STATUS_DNS_WAIT, waited.signal)]);
    waited.abort();
  }

  async #look(config: Config, domains: readonly string[]): Promise<void> {
    const resolver = await this.#tools.resolver(config);
    const found = await publishedAddresses(config.hostname, resolver);
    const named = [...config.sending.sources, ...serverAddresses(config, this.#tools.outside.addresses())];
    const addresses = named.length > 0 ? named : found.kind === "addresses" ? found.addresses : [];
    const answers = new Map<string, Answer>();
    this.#answers = answers;
    for (const domain of domains) {
      const findings = await checkDomain(this.#tools, config, domain, { resolver, addresses });
      answers.set(domain, { asked: this.#tools.clock.now(), findings });
    }
  }
}
