/** Reception with a real directory, and a store and a queue that remember and can be made to fail. */
import { LocalDirectory } from "../../mod/account/local_directory.ts";
import type { AccountId } from "../../mod/account/directory.ts";
import { type Body, memoryBody } from "../../mod/base/body.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { Dispatcher, type DispatchPorts } from "../../mod/inbound/dispatch.ts";
import { type Address, formatAddress } from "../../mod/mail/address.ts";
import type { Envelope, Submitter } from "../../mod/queue/types.ts";
import type { Client, ListenerKind, Transaction } from "../../mod/smtp/ports.ts";
import type { DeliveryOutcome, DeliveryTarget, Store } from "../../mod/store/store.ts";
import { MemoryLog } from "../support/memory_log.ts";

export const TLS = { protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: null };

/** An address from text, without any check. */
export function addr(text: string): Address {
  const at = text.lastIndexOf("@");
  return at < 0 ? { local: text, domain: "" } : { local: text.slice(0, at), domain: text.slice(at + 1) };
}

/** Accounts alice, bob, carol (disabled) at example.test; catch-all at catch.test to bob. */
export function directory(): LocalDirectory {
  const account = (id: string, disabled = false) => ({
    id,
    password: null,
    appPasswords: [],
    disabled,
    quota: null,
    created: "2026-01-01T00:00:00Z",
  });
  const accounts = [
    account("alice@example.test"),
    account("bob@example.test"),
    account("carol@example.test", true),
  ];
  return new LocalDirectory(
    new Map([
      ["example.test", {
        catchAll: null,
        subaddress: "+",
        aliases: {
          team: [addr("alice@example.test"), addr("bob@example.test")],
          mixed: [addr("alice@example.test"), addr("friend@far.example")],
          away: [addr("alice@far.example")],
          sales: [addr("alice@example.test")],
        },
      }],
      ["catch.test", { catchAll: addr("bob@example.test"), subaddress: "+", aliases: {} }],
    ]),
    new Map(accounts.map((a) => [a.id, a])),
  );
}

export async function textOf(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const c of body.stream()) chunks.push(c.slice());
  const text = fromUtf8(concat(chunks));
  if (body.memory && fromUtf8(concat(body.memory)) !== text) throw new Error("memory and stream differ");
  if (concat(chunks).length !== body.size) throw new Error("size is wrong");
  return text;
}

/** A body that cannot be had from memory. */
export function spooledBody(text: string, piece = 7): Body {
  const bytes = utf8(text);
  return {
    size: bytes.length,
    memory: null,
    async *stream() {
      for (let at = 0; at < bytes.length; at += piece) {
        yield await Promise.resolve(bytes.slice(at, at + piece));
      }
    },
    dispose: () => Promise.resolve(),
  };
}

export function bodyOf(text: string): Body {
  return memoryBody(utf8(text));
}

export interface Queued {
  readonly envelope: Envelope;
  readonly text: string;
}

export class InboundRig {
  readonly log = new MemoryLog();
  readonly directory = directory();
  /** Deliveries that happened: account, mailbox, text. */
  readonly delivered: { readonly account: string; readonly mailbox: string; readonly text: string }[] = [];
  readonly queued: Queued[] = [];
  /** What the store says for an account; delivered where nothing is set. */
  readonly outcomes = new Map<AccountId, DeliveryOutcome>();
  storeCalls = 0;
  /** Thrown by the n-th submit from now (1 is the next). */
  submitFails: { at: number; readonly error: Error } | null = null;
  readonly dispatcher: Dispatcher;
  readonly submitter: Submitter = { submit: (envelope, body) => this.#submit(envelope, body) };

  constructor(ports: Partial<DispatchPorts> = {}) {
    const store: Pick<Store, "deliver"> = { deliver: (targets, body) => this.#deliver(targets, body) };
    // Only `deliver` is asked of the store here.
    this.dispatcher = new Dispatcher({
      directory: this.directory,
      store: store as Store,
      queue: this.submitter,
      log: this.log,
      ...ports,
    });
  }

  /** Recipients of everything queued, with the account where it is a put-off delivery. */
  get queuedFor(): string[] {
    return this.queued.flatMap((q) =>
      q.envelope.recipients.map((r) =>
        r.options?.deliverTo ? `account ${r.options.deliverTo.account}` : formatAddress(r.address)
      )
    );
  }

  async #deliver(targets: readonly DeliveryTarget[], body: Body): Promise<DeliveryOutcome[]> {
    this.storeCalls++;
    const text = await textOf(body);
    return targets.map((t) => {
      const outcome = this.outcomes.get(t.account) ??
        { kind: "delivered", mailbox: t.mailbox, file: "f" } as const;
      if (outcome.kind === "delivered") this.delivered.push({ account: t.account, mailbox: t.mailbox, text });
      return outcome;
    });
  }

  async #submit(envelope: Envelope, body: Body): Promise<string> {
    if (this.submitFails && --this.submitFails.at === 0) throw this.submitFails.error;
    this.queued.push({ envelope, text: await textOf(body) });
    return `q${this.queued.length}`;
  }
}

export interface TransactionOptions {
  readonly listener?: ListenerKind;
  readonly account?: string | null;
  readonly sender?: string | null;
  readonly to?: readonly string[];
  readonly client?: Partial<Client>;
  readonly smtpUtf8?: boolean;
  readonly mail?: Partial<Transaction["mail"]>;
}

export function transaction(o: TransactionOptions = {}): Transaction {
  const account = o.account ?? null;
  return {
    id: "trace1",
    client: {
      listener: o.listener ?? (account === null ? "smtp" : "submissions"),
      remote: { address: "192.0.2.1", port: 4000 },
      local: { address: "192.0.2.2", port: 25 },
      tls: account === null ? null : TLS,
      helo: "client.example",
      extended: true,
      account,
      ...o.client,
    },
    sender: o.sender === null ? null : addr(o.sender ?? "sender@far.example"),
    mail: { size: null, body: null, smtpUtf8: o.smtpUtf8 ?? false, ...o.mail },
    recipients: (o.to ?? ["alice@example.test"]).map(addr),
  };
}
