/**
 * Brings one message to where its recipients lead: mailboxes of ours in one call to the store, everything else into the queue. Used at
 * reception, and by the queue for what was put off. Nothing here is acknowledged to anybody: callers decide from the fates.
 */
import type { AccountId, Directory } from "../account/directory.ts";
import { type Body, prefixed } from "../base/body.ts";
import type { Log } from "../base/log.ts";
import { type Address, formatAddress } from "../mail/address.ts";
import type { Envelope, RecipientOptions, Submitter } from "../queue/types.ts";
import type { DeliveryOutcome, DeliveryTarget, NamedFlags, Store } from "../store/store.ts";
import type { Arrival } from "./examiner.ts";
import { hasEightBit, hasUtf8Header, returnPathField, wantsNoTls, withHead } from "./head.ts";

/** A message with all its header fields but Return-Path. */
export interface Dispatched {
  readonly id: string;
  readonly sender: Address | null;
  /** Account that submitted it, or null. */
  readonly account: AccountId | null;
  readonly smtpUtf8: boolean;
  /** DSN RET and ENVID, for what goes to the queue. */
  readonly ret?: Envelope["ret"];
  readonly envelopeId?: Envelope["envelopeId"];
  /** RFC 8689 3. */
  readonly requireTls?: true;
  /** RFC 6710: -9 to 9. */
  readonly priority?: number;
  /** RFC 2852, for what goes to the queue. */
  readonly deliverBy?: Envelope["deliverBy"];
  /** RFC 4865: nobody gets it before, neither here nor elsewhere; in milliseconds since 1970. */
  readonly holdUntil?: number;
  /** It goes into the Junk folder of whoever gets it. */
  readonly junk?: true;
  /** What was found when it came from outside, for the seal of what is forwarded. */
  readonly arrival?: Arrival;
  readonly body: Body;
}

export interface DispatchRecipient {
  readonly address: Address;
  readonly options?: RecipientOptions;
}

/** Folder and flags for a message; Sieve will decide here. */
export type Filing = (
  message: Dispatched,
  account: AccountId,
  detail: string | null,
) => Filed | Promise<Filed>;

export interface Filed {
  readonly mailbox: string;
  readonly flags: NamedFlags;
}

/** Header fields to put before a message that is forwarded on behalf of `via`, a recipient of ours; often none. Never rejects. */
export type Sealing = (body: Body, arrival: Arrival, via: Address) => Promise<Uint8Array>;

/** The envelope sender of a message that is forwarded on behalf of `via`, a recipient of ours. */
export type SenderRewriting = (sender: Address | null, via: Address) => Address | null;

export interface DispatchPorts {
  readonly directory: Directory;
  readonly store: Pick<Store, "deliver">;
  readonly queue: Submitter;
  readonly log: Log;
  /** Where nothing is filed, all goes to INBOX. */
  readonly filing?: Filing;
  readonly seal?: Sealing;
  readonly rewriteSender?: SenderRewriting;
}

/** Mail for one account that could not be delivered now. */
export interface LeftOver {
  readonly account: AccountId;
  readonly detail: string | null;
  readonly junk: boolean;
  /** The recipient that led there, and what is still to be told of it (RFC 3461). */
  readonly recipient: Address;
  readonly options: RecipientOptions;
  readonly outcome: Exclude<DeliveryOutcome, { kind: "delivered" }>;
}

export interface DispatchRules {
  /** Recipients that are not ours go to the queue; else they lead nowhere. */
  readonly relay: boolean;
  /** When a recipient leads nowhere, nothing is done for any. */
  readonly allOrNone: boolean;
}

/** How it stands with one recipient. */
export interface Fate {
  /** Something of it is in a mailbox or in the queue, durably. */
  readonly taken: boolean;
  /** Mailboxes that did not get it. Those shared with an earlier recipient are that one's. */
  readonly left: readonly LeftOver[];
  /** It leads nowhere: the directory has changed since RCPT, or does not answer. */
  readonly nowhere: "unknown-user" | "disabled" | "not-local" | "temp" | null;
  /**
   * What a report of success is to say (RFC 3464 2.3.3), should the sender want one: "expanded" where one recipient became several; null
   * where that is for those who have the message now.
   */
  readonly success: "delivered" | "expanded" | null;
}

interface Mailbox {
  readonly account: AccountId;
  readonly detail: string | null;
  readonly junk: boolean;
  readonly recipient: Address;
  readonly options: RecipientOptions;
}

interface Plan {
  /** One a delivery, without doubles. */
  readonly mailboxes: Mailbox[];
  /** By rewritten sender: one queued message each. */
  readonly remote: Map<
    string,
    {
      readonly sender: Address | null;
      /** A recipient of ours that became one of `to`; null: these were recipients as they are. */
      readonly via: Address | null;
      readonly to: Map<string, DispatchRecipient>;
    }
  >;
  /** By recipient: its mailboxes as indices into `mailboxes`, whether it has a part in `remote`, whether it became several. */
  readonly parts: {
    readonly mailboxes: number[];
    remote: boolean;
    nowhere: Fate["nowhere"];
    several: boolean;
  }[];
}

/** Where mail goes that nothing is said about. */
export const INBOX: Filed = { mailbox: "INBOX", flags: { system: 0, keywords: [] } };

export class Dispatcher {
  readonly #ports: DispatchPorts;

  constructor(ports: DispatchPorts) {
    this.#ports = ports;
  }

  /**
   * Delivers and queues; one fate a recipient, in order. Throws FsError when the queue cannot take its part; then nothing was delivered.
   */
  async dispatch(
    message: Dispatched,
    recipients: readonly DispatchRecipient[],
    rules: DispatchRules,
  ): Promise<readonly Fate[]> {
    const plan = this.#plan(message, recipients, rules.relay);
    if (rules.allOrNone && plan.parts.some((p) => p.nowhere !== null)) {
      return plan.parts.map((p) => ({ taken: false, left: [], nowhere: p.nowhere, success: null }));
    }
    // The queue first: it may throw, and then nobody has got anything yet.
    for (const { sender, via, to } of plan.remote.values()) {
      const outgoing = await this.#sealed(message, via);
      const forwarded = via === null ? {} : { via: formatAddress(via), sealed: outgoing !== message };
      await this.#enqueue(outgoing, sender, [...to.values()], forwarded);
    }
    const outcomes = await this.#deliver(message, plan.mailboxes);
    const told = new Set<number>();
    return plan.parts.map((part) => {
      const left: LeftOver[] = [];
      let taken = part.remote;
      for (const index of part.mailboxes) {
        const mailbox = plan.mailboxes[index];
        const outcome = outcomes[index];
        if (!mailbox || !outcome) continue;
        if (outcome.kind === "delivered") taken = true;
        else if (!told.has(index)) left.push({ ...mailbox, outcome });
        told.add(index);
      }
      const here = !part.remote && part.mailboxes.every((index) => outcomes[index]?.kind === "delivered");
      const success = !taken ? null : here ? "delivered" : part.several ? "expanded" : null;
      return { taken, left, nowhere: part.nowhere, success };
    });
  }

  /** Hands what was left over to the queue, for these accounts only. Throws FsError. */
  async putOff(message: Dispatched, left: readonly LeftOver[]): Promise<void> {
    if (left.length === 0) return;
    await this.#enqueue(
      message,
      message.sender,
      left.map((l) => ({
        address: addressOf(l.account),
        options: {
          ...l.options,
          deliverTo: { account: l.account, detail: l.detail, ...(l.junk ? { junk: true } : {}) },
        },
      })),
    );
    for (const l of left) {
      const why = l.outcome.kind === "deferred" ? l.outcome.why : "over quota";
      this.#ports.log.warn("delivery put off", { id: message.id, account: l.account, why });
    }
  }

  #plan(
    { sender, holdUntil, junk }: Dispatched,
    recipients: readonly DispatchRecipient[],
    relay: boolean,
  ): Plan {
    const plan: Plan = { mailboxes: [], remote: new Map(), parts: [] };
    const index = new Map<string, number>();
    for (const recipient of recipients) {
      const part: Plan["parts"][number] = { mailboxes: [], remote: false, nowhere: null, several: false };
      plan.parts.push(part);
      const deliverTo = recipient.options?.deliverTo;
      const resolution = deliverTo
        ? { kind: "targets", targets: [{ kind: "account", ...deliverTo }] } as const
        : this.#ports.directory.resolve(recipient.address);
      if (resolution.kind === "not-local" && relay) {
        addRemote(plan, sender, null, recipient);
        part.remote = true;
        continue;
      }
      if (resolution.kind !== "targets") {
        part.nowhere = resolution.kind;
        continue;
      }
      if (holdUntil !== undefined) {
        // The queue brings it back to us when its time has come. It sorts by domain, which a bare "postmaster" has none of.
        const bare = recipient.address.domain === "" ? resolution.targets : [];
        const named = bare.flatMap((t): DispatchRecipient[] =>
          t.kind === "forward" ? [{ address: t.address }] : [{
            address: addressOf(t.account),
            options: { ...recipient.options, deliverTo: { account: t.account, detail: t.detail } },
          }]
        );
        for (const one of named.length > 0 ? named : [recipient]) addRemote(plan, sender, null, one);
        part.remote = true;
        continue;
      }
      part.several = resolution.targets.length > 1;
      const options = inherited(recipient, part.several);
      for (const target of resolution.targets) {
        if (target.kind === "forward") {
          const rewritten = this.#ports.rewriteSender?.(sender, recipient.address) ?? sender;
          const to = { address: target.address, options };
          addRemote(plan, sender === null ? null : rewritten, recipient.address, to);
          part.remote = true;
          continue;
        }
        const known = index.get(target.account);
        if (known === undefined) index.set(target.account, plan.mailboxes.length);
        part.mailboxes.push(known ?? plan.mailboxes.length);
        if (known === undefined) {
          plan.mailboxes.push({
            account: target.account,
            detail: target.detail,
            junk: junk ?? deliverTo?.junk ?? false,
            recipient: recipient.address,
            options,
          });
        }
      }
    }
    return plan;
  }

  async #deliver(message: Dispatched, mailboxes: readonly Mailbox[]): Promise<readonly DeliveryOutcome[]> {
    if (mailboxes.length === 0) return [];
    const { filing } = this.#ports;
    const targets: DeliveryTarget[] = [];
    for (const { account, detail, junk } of mailboxes) {
      const filed = filing?.(junk && !message.junk ? { ...message, junk } : message, account, detail) ??
        INBOX;
      targets.push({ account, ...(filed instanceof Promise ? await filed : filed) });
    }
    const outcomes = await this.#ports.store.deliver(
      targets,
      prefixed(returnPathField(message.sender), message.body),
    );
    outcomes.forEach((outcome, i) => {
      if (outcome.kind !== "delivered") return;
      const account = mailboxes[i]?.account ?? null;
      this.#ports.log.info("delivered", {
        id: message.id,
        account,
        mailbox: outcome.mailbox,
        file: outcome.file,
      });
    });
    return outcomes;
  }

  /** What came from outside and goes outside says what we found when it came (RFC 8617). */
  async #sealed(message: Dispatched, via: Address | null): Promise<Dispatched> {
    const { seal } = this.#ports;
    if (!message.arrival || !via || !seal) return message;
    const field = await seal(message.body, message.arrival, via);
    return field.length === 0 ? message : { ...message, body: withHead(field, 0, message.body) };
  }

  async #enqueue(
    message: Dispatched,
    sender: Address | null,
    recipients: readonly DispatchRecipient[],
    forwarded: { readonly via?: string; readonly sealed?: boolean } = {},
  ): Promise<void> {
    const envelope: Envelope = {
      sender,
      recipients,
      eightBit: await hasEightBit(message.body),
      // Some clients ask for SMTPUTF8 wherever it is offered. What does not need it must not fail at hosts without it.
      smtpUtf8: message.smtpUtf8 && await hasUtf8Header(message.body),
      ...(message.ret ? { ret: message.ret } : {}),
      ...(message.envelopeId === undefined ? {} : { envelopeId: message.envelopeId }),
      ...(message.requireTls
        ? { requireTls: true }
        : await wantsNoTls(message.body)
        ? { tlsOptional: true }
        : {}),
      ...(message.priority ? { priority: message.priority } : {}),
      ...(message.deliverBy ? { deliverBy: message.deliverBy } : {}),
      ...(message.arrival && forwarded.via === undefined ? { arrival: message.arrival } : {}),
      ...(message.holdUntil === undefined ? {} : { holdUntil: message.holdUntil }),
      account: message.account,
      traceId: message.id,
    };
    const queueId = await this.#ports.queue.submit(envelope, message.body);
    this.#ports.log.info("queued", {
      id: message.id,
      queue: queueId,
      sender: sender === null ? "<>" : formatAddress(sender),
      to: shownAddresses(recipients.map((r) => r.address)),
      recipients: recipients.length,
      ...forwarded,
    });
  }
}

function addRemote(
  plan: Plan,
  sender: Address | null,
  via: Address | null,
  recipient: DispatchRecipient,
): void {
  const key = sender === null ? "" : formatAddress(sender);
  const group = plan.remote.get(key) ?? { sender, via, to: new Map() };
  plan.remote.set(key, group);
  group.to.set(formatAddress(recipient.address), recipient);
}

/**
 * The wishes for what a recipient became (RFC 3461 5.2.7): the address the sender knows goes along; where it became several, success has been
 * told of the whole ("expanded") and is not told again.
 */
function inherited({ address, options }: DispatchRecipient, several: boolean): RecipientOptions {
  const { notify, originalRecipient } = options ?? {};
  if (!notify && originalRecipient === undefined) return {};
  const left = several ? notify?.filter((n) => n !== "success") : notify;
  return {
    ...(left ? { notify: left.length > 0 ? left : ["never"] } : {}),
    originalRecipient: originalRecipient ?? `rfc822;${formatAddress(address)}`,
  };
}

/** Addresses that a line of the log names; all of them would make it long. */
const SHOWN = 10;

/** The first of many addresses, for the log. */
export function shownAddresses(addresses: readonly Address[]): string {
  const shown = addresses.slice(0, SHOWN).map(formatAddress).join(" ");
  return addresses.length > SHOWN ? `${shown} and ${addresses.length - SHOWN} more` : shown;
}

/** The address an account is named after. */
function addressOf(account: AccountId): Address {
  const at = account.lastIndexOf("@");
  return { local: account.slice(0, at), domain: account.slice(at + 1) };
}
