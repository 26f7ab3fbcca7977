/**
 * What printers, scanners and NAS boxes may send that cannot log in: as one account, from addresses the config names, within a quota of their
 * own, and to our own domains unless the config says more. The invariant: who is no device of the config's gets no further than the greeting,
 * and whoever is one can do nothing that its account could not do with a password.
 */
import type { AccountId, Directory } from "../account/directory.ts";
import type { Log } from "../base/log.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import type { Client, Origin, Policy, Transaction, Verdict } from "../smtp/ports.ts";
import { REPLY } from "../smtp/reply.ts";
import type { AccountRate, AccountRates } from "./account_rate.ts";

/** One line of the config's `devices`. */
export interface DeviceRules {
  /** The network, as it is written: its quota is all its devices' together. */
  readonly network: string;
  /** The account it sends as. */
  readonly as: Address;
  /** Whether it may write to other domains than ours. */
  readonly outside: boolean;
  /** Recipients. */
  readonly rate: AccountRate;
}

export interface DevicePorts {
  readonly directory: Directory;
  /** Shared by all connections, so that a device has but one quota. */
  readonly rates: AccountRates;
  readonly log: Log;
}

/** The account that a device sends as; null when there is none (any more) that it could be. */
export function deviceAccount(as: Address, directory: Directory): AccountId | null {
  const resolution = directory.resolve(as);
  if (resolution.kind !== "targets" || resolution.targets.length !== 1) return null;
  const [target] = resolution.targets;
  return target?.kind === "account" ? target.account : null;
}

export class DevicePolicy implements Policy {
  readonly #general: Policy;
  readonly #rules: DeviceRules | null;
  readonly #ports: DevicePorts;

  /** `general`: what holds for everybody; `rules`: what holds for this peer, null when it is no device. */
  constructor(general: Policy, rules: DeviceRules | null, ports: DevicePorts) {
    this.#general = general;
    this.#rules = rules;
    this.#ports = ports;
  }

  connect(client: Client): Verdict | Promise<Verdict> {
    const { directory, log } = this.#ports;
    const remote = client.remote.address;
    if (!this.#rules) {
      log.warn("device refused", { remote, why: "its address is in no network of devices" });
      return REPLY.notDevice;
    }
    const { as } = this.#rules;
    if (client.account === null || client.account !== deviceAccount(as, directory)) {
      log.warn("device refused", { remote, why: `${formatAddress(as)} is no account, or is disabled` });
      return REPLY.notDevice;
    }
    return this.#general.connect(client);
  }

  origin(client: Client): Origin | null {
    return this.#general.origin?.(client) ?? null;
  }

  /** Devices are clumsy, and known. */
  silence(): number | null {
    return null;
  }

  holdBack(): number {
    return 0;
  }

  helo(client: Client): Verdict | Promise<Verdict> {
    return this.#general.helo(client);
  }

  async mail(transaction: Transaction): Promise<Verdict> {
    const verdict = await this.#general.mail(transaction);
    if (verdict) this.#refused(transaction, `may not send as ${shown(transaction.sender)}`);
    return verdict;
  }

  async rcpt(transaction: Transaction, recipient: Address): Promise<Verdict> {
    const rules = this.#rules;
    if (!rules) return REPLY.relayDenied;
    const { directory, rates } = this.#ports;
    // Before all else: what it may not do takes nothing from its quota, and tells nothing of other recipients.
    if (!rules.outside && recipient.domain !== "" && !directory.isLocal(recipient.domain)) {
      this.#refused(
        transaction,
        `may not write to ${shown(recipient)}: its line in "devices" lacks outside: true`,
      );
      return REPLY.deviceInside;
    }
    const verdict = await this.#general.rcpt(transaction, recipient);
    if (verdict) return verdict;
    const taken = rates.take(rules.network, rules.rate);
    if (taken === "stopped") this.#refused(transaction, "has used up its quota");
    return taken === "taken" ? null : REPLY.accountRate;
  }

  #refused({ id, client }: Transaction, why: string): void {
    const { network = "", as } = this.#rules ?? {};
    const device = { id, remote: client.remote.address, network, as: as ? formatAddress(as) : null };
    this.#ports.log.warn("device refused", { ...device, why });
  }
}

function shown(address: Address | null): string {
  return address ? formatAddress(address) : "<>";
}
