/**
 * What strangers have to put up with: silence before the greeting, look-ups, lists, greylisting, rates. Who has logged in, networks the
 * config trusts and this machine pass untouched. A failure of DNS refuses nobody.
 */
import type { Directory } from "../account/directory.ts";
import type { Clock } from "../base/clock.ts";
import { isInNetworks, isLoopback, type Network, parseIp } from "../base/ip.ts";
import type { Log } from "../base/log.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Client, Transaction, Verdict } from "../smtp/ports.ts";
import { REPLY } from "../smtp/reply.ts";
import type { AccountRate, AccountRates } from "./account_rate.ts";
import { checkListed, type DnsList } from "./checks/dns_list.ts";
import type { Greylist } from "./checks/greylist.ts";
import { checkHelo } from "./checks/helo.ts";
import type { HoldBack } from "./checks/hold_back.ts";
import { checkReverseName } from "./checks/reverse_name.ts";
import { PeerOrigin } from "./origin.ts";
import type { RateLimiter } from "./ratelimit.ts";
import { type Finding, judge } from "./verdict.ts";

export interface DefenceSettings {
  readonly hostname: string;
  readonly trusted: readonly Network[];
  /** Milliseconds. */
  readonly bannerDelay: number;
  /** Who talks before the greeting is refused. */
  readonly refuseEarlyTalkers: boolean;
  /** Who lies in HELO is refused, not only noted. */
  readonly refuseHelo: boolean;
  readonly holdBack: boolean;
  readonly blocklists: readonly DnsList[];
  readonly allowlists: readonly DnsList[];
  /** Milliseconds a stranger's first try has to wait; null: no greylisting. */
  readonly greylist: number | null;
  readonly accountRate: AccountRate;
}

export interface DefencePorts {
  readonly directory: Directory;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Log;
  /** Messages of one address to port 25. */
  readonly messages: RateLimiter;
  readonly accounts: AccountRates;
  readonly holdBack: HoldBack;
  readonly greylist: Greylist;
}

export class Defences {
  readonly #settings: DefenceSettings;
  readonly #ports: DefencePorts;

  constructor(settings: DefenceSettings, ports: DefencePorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** What is known of the host; null for this machine, LMTP and what has no address, about which nobody asks. */
  origin({ listener, remote }: Client): PeerOrigin | null {
    const ip = listener === "lmtp" ? null : parseIp(remote.address);
    if (!ip || isLoopback(ip)) return null;
    const { trusted, blocklists, allowlists } = this.#settings;
    const questions = { trusted: isInNetworks(remote.address, trusted), blocklists, allowlists };
    // Where a submission comes from is not told, so it is not asked either.
    return new PeerOrigin(remote.address, questions, listener === "smtp" ? this.#ports : null);
  }

  /** See Policy. Port 25 only: programs of our own users may be clumsy. */
  silence(client: Client): number | null {
    if (client.listener !== "smtp" || !isStranger(client)) return null;
    const { bannerDelay, refuseEarlyTalkers } = this.#settings;
    return refuseEarlyTalkers ? bannerDelay : null;
  }

  holdBack(client: Client, refusals: number): number {
    return this.#settings.holdBack && client.account === null && isStranger(client)
      ? this.#ports.holdBack.take(refusals)
      : 0;
  }

  /** Waits for what was asked of DNS at the connect; that has a bound of its own. */
  mail(transaction: Transaction): Verdict | Promise<Verdict> {
    const origin = strangerOrigin(transaction.client);
    if (!origin) return null;
    const { pending } = origin;
    return pending
      ? pending.then(() => this.#judgeClient(transaction, origin))
      : this.#judgeClient(transaction, origin);
  }

  /** For recipients that would be taken. */
  rcpt(transaction: Transaction, recipient: Address): Verdict {
    const { client } = transaction;
    if (client.account !== null) return this.#accountVerdict(transaction);
    const origin = strangerOrigin(client);
    if (!origin || isPostmaster(recipient)) return null;
    const findings = [...checkListed(origin.listed), ...this.#greylisted(transaction, recipient, origin)];
    return this.#decide(transaction, findings, recipient);
  }

  #judgeClient(transaction: Transaction, origin: PeerOrigin): Verdict {
    const { client } = transaction;
    const findings: Finding[] = [];
    if (!this.#ports.messages.take(client.remote.address)) {
      findings.push({ check: "rate", reason: "too many messages", score: 1, refuse: REPLY.tooManyMessages });
    }
    if (!origin.allowed) {
      const { directory } = this.#ports;
      const { hostname, refuseHelo } = this.#settings;
      const facts = {
        helo: client.helo ?? "",
        address: client.remote.address,
        isOurs: (domain: string) => domain === hostname || directory.isLocal(domain),
      };
      findings.push(...checkHelo(facts, refuseHelo), ...checkReverseName(origin.reverse));
    }
    return this.#decide(transaction, findings, null);
  }

  #greylisted(transaction: Transaction, recipient: Address, origin: PeerOrigin): readonly Finding[] {
    const { greylist, clock } = this.#ports;
    const wait = this.#settings.greylist;
    if (wait === null || origin.allowed) return [];
    return greylist.check(
      transaction.client.remote.address,
      transaction.sender,
      recipient,
      clock.now(),
      wait,
    );
  }

  /** One line for all that was found, with the ID under which the message is traced. */
  #decide(transaction: Transaction, findings: readonly Finding[], recipient: Address | null): Verdict {
    if (findings.length === 0) return null;
    const { client, id } = transaction;
    const { score, reasons, refuse } = judge(findings);
    this.#ports.log.info("client judged", {
      id,
      remote: client.remote.address,
      name: client.origin?.name ?? null,
      helo: client.helo,
      ...(recipient ? { recipient: formatAddress(recipient) } : {}),
      score,
      reasons,
      reply: refuse ? `${refuse.code} ${refuse.enhanced}` : null,
    });
    return refuse;
  }

  #accountVerdict({ client, id }: Transaction): Verdict {
    // This machine's programs (a webmail) and networks the config trusts have no rate.
    if (client.account === null || client.listener === "lmtp" || !isStranger(client)) return null;
    const verdict = this.#ports.accounts.take(client.account, this.#settings.accountRate);
    if (verdict === "stopped") {
      this.#ports.log.warn("account sends too much", {
        id,
        account: client.account,
        remote: client.remote.address,
      });
    }
    return verdict === "taken" ? null : REPLY.accountRate;
  }
}

function isStranger(client: Client): boolean {
  return client.origin instanceof PeerOrigin && !client.origin.trusted;
}

/** What is known of a stranger on port 25 who has not logged in; null for all others. */
function strangerOrigin({ origin, account, listener }: Client): PeerOrigin | null {
  if (listener !== "smtp" || account !== null) return null;
  return origin instanceof PeerOrigin && !origin.trusted ? origin : null;
}

/** Who is refused by mistake must be able to say so (RFC 5321 4.5.1). */
function isPostmaster(recipient: Address): boolean {
  return recipient.local.toLowerCase() === "postmaster";
}
