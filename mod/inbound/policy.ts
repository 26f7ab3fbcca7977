/**
 * Who may send what to whom. The invariant: mail for others is taken from those who have authenticated, and from nobody else. Whatever the
 * form of an address, it is either a recipient of ours, or it is refused.
 */
import type { AccountId, Directory } from "../account/directory.ts";
import { unreachable } from "../base/result.ts";
import type { Address } from "../mail/address.ts";
import type { Client, Origin, Policy, Transaction, Turns, Verdict } from "../smtp/ports.ts";
import { REPLY, type Reply } from "../smtp/reply.ts";
import type { Defences } from "./defences.ts";
import type { RateLimiter } from "./ratelimit.ts";

/** What accounts may keep. */
export interface Room {
  /** Whether an account may have a message of so many octets more. Never rejects. */
  has(account: AccountId, octets: number): boolean | Promise<boolean>;
  /** What is said where it may not. */
  readonly full: Reply;
}

export class InboundPolicy implements Policy {
  readonly #directory: Directory;
  readonly #connections: RateLimiter;
  readonly #defences: Defences | null;
  readonly #isSuppressed: (recipient: Address) => boolean;
  readonly #room: Room | null;
  readonly turns: Turns | undefined;

  /**
   * Without `turns` ETRN is for nobody, without `defences` strangers are looked at no further. `isSuppressed`: mail for this address
   * elsewhere is not taken. Without `room` full mailboxes are found out about when the message has come.
   */
  constructor(
    directory: Directory,
    connections: RateLimiter,
    turns?: Turns,
    defences?: Defences,
    isSuppressed: (recipient: Address) => boolean = () => false,
    room?: Room,
  ) {
    this.#room = room ?? null;
    this.#directory = directory;
    this.#isSuppressed = isSuppressed;
    this.#defences = defences ?? null;
    this.#connections = connections;
    this.turns = turns;
  }

  connect(client: Client): Verdict {
    return this.#connections.take(client.remote.address) ? null : REPLY.tooManyConnections;
  }

  origin(client: Client): Origin | null {
    return this.#defences?.origin(client) ?? null;
  }

  silence(client: Client): number | null {
    return this.#defences?.silence(client) ?? null;
  }

  holdBack(client: Client, refusals: number): number {
    return this.#defences?.holdBack(client, refusals) ?? 0;
  }

  /** Names in EHLO prove nothing (RFC 5321 4.1.4): they are looked at with the first message. */
  helo(_client: Client): Verdict {
    return null;
  }

  /**
   * RFC 6409 6.1: who has logged in sends as himself. The null sender is everybody's: read receipts carry it (RFC 8098 3), and the From
   * header is checked all the same.
   */
  mail(transaction: Transaction): Verdict | Promise<Verdict> {
    const { sender, client } = transaction;
    if (client.account === null) return this.#defences?.mail(transaction) ?? null;
    if (sender === null) return null;
    return this.#directory.maySendAs(client.account, sender) ? null : REPLY.senderNotYours;
  }

  rcpt(transaction: Transaction, recipient: Address): Verdict | Promise<Verdict> {
    return this.#whereTo(transaction, recipient) ?? this.#defences?.rcpt(transaction, recipient) ??
      this.#full(transaction, recipient);
  }

  /**
   * Whether there is room for what is announced: a message nobody can have need not travel, and its sender's server tries again or tells him. Not asked for our own
   * users: mail programs give up all recipients for one that is refused, and what we take from them waits in the queue.
   */
  #full({ client, mail }: Transaction, recipient: Address): Verdict | Promise<Verdict> {
    const room = this.#room;
    if (room === null || (client.account !== null && client.listener !== "lmtp")) return null;
    const resolution = this.#directory.resolve(recipient);
    if (resolution.kind !== "targets") return null;
    const answers: (boolean | Promise<boolean>)[] = [];
    for (const target of resolution.targets) {
      const answer = target.kind === "account" ? room.has(target.account, mail.size ?? 1) : true;
      // Nearly always: most accounts have no bound.
      if (answer === true) return null;
      answers.push(answer);
    }
    return Promise.all(answers).then((all) => all.includes(true) ? null : room.full);
  }

  #whereTo(transaction: Transaction, recipient: Address): Verdict {
    const authenticated = transaction.client.account !== null && transaction.client.listener !== "lmtp";
    if (recipient.domain !== "" && !this.#directory.isLocal(recipient.domain)) {
      if (!authenticated) return REPLY.relayDenied;
      return this.#isSuppressed(recipient) ? REPLY.suppressed : null;
    }
    const resolution = this.#directory.resolve(recipient);
    switch (resolution.kind) {
      case "targets":
        // Whoever has seen such an address could else send anything on to the first sender in our name. Reports have the null sender
        // (RFC 5321 4.5.5).
        if (resolution.returnPath) {
          return authenticated || transaction.sender === null ? null : REPLY.onlyReports;
        }
        // A catch-all would take "victim%elsewhere@us" for its own. It would stay here, but nobody means such an address honestly, and those
        // who test for open relays would list us.
        return !authenticated && looksRouted(recipient.local) ? REPLY.relayDenied : null;
      case "unknown-user":
        if (resolution.returnPath) return REPLY.badReturnPath;
        return !authenticated && looksRouted(recipient.local) ? REPLY.relayDenied : REPLY.unknownUser;
      case "disabled":
        return REPLY.disabledUser;
      case "not-local":
        return authenticated ? null : REPLY.relayDenied;
      case "temp":
        return REPLY.recipientLater;
      default:
        return unreachable(resolution);
    }
  }
}

/** Whether a local part is an address for somebody to send on: `a@b`, `a%b`, `b!a` (RFC 5321 appendix F.2 wants none of it). */
function looksRouted(local: string): boolean {
  return /[@%!]/.test(local);
}
