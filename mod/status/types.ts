import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { ReceivedDmarc, ReceivedTls } from "../report/received.ts";
import type { Story } from "../trace/story.ts";
import type { ClientFacts } from "./clients.ts";
import type { Decision } from "./decisions.ts";
import type { SlotCounts } from "./history.ts";
import type { Right } from "./tokens.ts";

/** What the status page and API tell. Times are ISO 8601 in UTC, sizes octets, durations seconds. Names here are a contract with users' scripts. */
export interface StatusSnapshot {
  readonly version: string;
  readonly commit: string | null;
  readonly hostname: string;
  readonly network: "open" | "closed";
  readonly started: string;
  readonly uptime: number;
  readonly listeners: readonly {
    readonly kind: string;
    readonly address: string;
    readonly port: number;
    readonly connections: number;
  }[];
  readonly queue: QueueSummary;
  /** Counts since the start. */
  readonly mail: {
    readonly accepted: number;
    readonly refused: number;
    readonly delivered: number;
    readonly sent: number;
    readonly bounced: number;
  };
  readonly logins: { readonly ok: number; readonly refused: number };
  readonly disk: { readonly path: string; readonly free: number | null; readonly total: number | null };
  readonly memory: { readonly rss: number; readonly heap: number };
  readonly certificates: readonly CertificateStatus[];
  readonly acme?: AcmeStatus | null;
}

export interface QueueSummary {
  /** Messages. */
  readonly size: number;
  /** Recipients still pending. */
  readonly pending: number;
  /** When the oldest message came; null for an empty queue. */
  readonly oldest: string | null;
}

export interface CertificateStatus {
  readonly source: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly begins?: string;
  readonly expires: string;
  /** Whole days until then; below 0 when it has ended. */
  readonly days?: number;
  /** When we renew it; null where others do. */
  readonly renews?: string | null;
  readonly fingerprint: string;
}

/** How it stands with the ACME authority. */
export interface AcmeStatus {
  readonly directory: string;
  /** When it is asked next. */
  readonly next: string;
  readonly tried: string | null;
  /** Attempts in vain since the last certificate. */
  readonly failures: number;
  readonly error: string | null;
  /** Names it does not issue for at the moment. */
  readonly refused: readonly string[];
}

/** How something is, and what to do about it. */
export interface HealthFinding {
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at, such as "disk". */
  readonly about: string;
  readonly what: string;
  /** What to do; null where there is nothing to do. */
  readonly fix: string | null;
}

/** An account and what it keeps. */
export interface AccountStatus {
  readonly address: string;
  readonly disabled: boolean;
  /** Bounds; null for none. */
  readonly quota: { readonly octets: number | null; readonly messages: number | null };
  /** What it has; null where nobody counts, as without a quota. */
  readonly used: { readonly octets: number; readonly messages: number } | null;
}

/** One of our domains: what it should publish, and what DNS says to that. */
export interface DomainStatus {
  readonly domain: string;
  readonly records: readonly {
    readonly name: string;
    readonly type: string;
    readonly value: string;
    readonly need: "must" | "may";
    readonly why: string;
  }[];
  /** When DNS was asked; null where it was not yet, or is not asked at all (a closed network). */
  readonly asked: string | null;
  readonly findings: readonly HealthFinding[];
}

/** A queued message, for people. */
export interface QueueItem {
  readonly id: string;
  /** "pending": not tried in vain yet; "deferred": tried in vain and to be tried again; "held": not tried until released. */
  readonly state: "pending" | "held" | "deferred";
  readonly sender: string;
  readonly size: number;
  readonly arrived: string;
  readonly attempts: number;
  readonly next: string | null;
  readonly recipients: readonly {
    readonly address: string;
    readonly state: string;
    readonly reply: string | null;
  }[];
}

/** Where no mail is sent to for a while, since nobody could be reached there. */
export interface AwayPlaces {
  readonly hosts: readonly {
    readonly host: string;
    readonly address: string;
    readonly port: number;
    readonly since: string;
    readonly until: string;
    /** Attempts in vain, in a row. */
    readonly failures: number;
    readonly why: string;
  }[];
  readonly destinations: readonly {
    /** A domain; where senders have routes of their own, "DOMAIN from SENDER". */
    readonly destination: string;
    readonly until: string;
    readonly failures: number;
  }[];
}

/** An address elsewhere whose server refused it. */
export interface SuppressedAddress {
  readonly address: string;
  readonly bounces: number;
  readonly first: string;
  readonly last: string;
  readonly why: string;
  /** Until when no mail is taken for it; null: it is. */
  readonly until: string | null;
}

/** What can be done to a queued message. */
export type QueueAction = "retry" | "hold" | "release" | "bounce" | "drop";

/** "busy": it is being tried at this moment, so that it cannot be sent back. */
export type QueueChange = "done" | "missing" | "busy";

/** What became of each of many messages, by ID. */
export interface QueueChanges {
  readonly done: readonly string[];
  readonly busy: readonly string[];
  readonly missing: readonly string[];
}

/** Which queued messages are meant: those that all of it fits. */
export interface QueueSelection {
  readonly destination?: string;
  readonly sender?: string;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly state?: QueueItem["state"];
}

/** Reports of others about our domains, newest first. */
export interface ReceivedSummaries {
  readonly tls: readonly ReceivedTls[];
  readonly dmarc: readonly ReceivedDmarc[];
}

/** What the app asks of the server. */
export interface StatusPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when the server stops: what is open ends. */
  readonly stopping: AbortSignal;
  /** What a token lets one do; null for a wrong one. Constant time. */
  rightOf(token: string): Promise<Right | null>;
  /** How mail programs are to be set up. */
  clients(): ClientFacts;
  /** How the server is; what is well is left out. */
  health(): Promise<readonly HealthFinding[]>;
  /** Mail of the last day. */
  day(): readonly SlotCounts[];
  /** Newest first. */
  decisions(): readonly Decision[];
  /** Another text whenever something changed that the pages show. */
  revision(): string;
  accounts(): Promise<readonly AccountStatus[]>;
  domains(): Promise<readonly DomainStatus[]>;
  /** Whether a host name (lower case) is one that mail programs ask by themselves: it has only what needs no token. */
  isPublicName(host: string): boolean;
  /** Where we are reached over TLS by our own name, "https://…"; null where we are not. */
  secureOrigin(): string | null;
  /** Whether browsers may be told to come by TLS alone. */
  strictTransport(): boolean;
  /** The MTA-STS policy to serve at a host name (lower case), or null. */
  stsPolicy(host: string): string | null;
  snapshot(): Promise<StatusSnapshot>;
  metrics(): Promise<string>;
  /** What an ACME authority is to find at its token (RFC 8555 8.3); null for tokens that nobody asked for. */
  challenge(token: string): string | null;
  /** Renews the certificate of an ACME authority; null, or why not. */
  renewCertificate(revoke: boolean): Promise<string | null>;
  /** The certificate of the own authority in PEM, where there is one. */
  authority(): string | null;
  queue(): Promise<readonly QueueItem[]>;
  /** IDs of all queued messages that are meant. */
  select(which: QueueSelection): Promise<readonly string[]>;
  change(action: QueueAction, id: string): Promise<QueueChange>;
  changeMany(action: QueueAction, ids: readonly string[]): Promise<QueueChanges>;
  away(): AwayPlaces;
  suppressed(): readonly SuppressedAddress[];
  /** Forgets an address, or all of "@domain"; gives how many there were. */
  unsuppress(address: string): Promise<number>;
  received(): Promise<ReceivedSummaries>;
  /** Sends the daily reports of days that are over, due or not; how many. */
  sendReports(): Promise<number>;
  /** Looks for messages that other processes put into the spool. */
  rescan(): Promise<number>;
  /** Reloads config, accounts and certificates; the text tells what is wrong, null when all went well. */
  reload(): Promise<string | null>;
  /** All that was decided about a message, by an ID or an address; `within`: so many milliseconds back, null for all. */
  why(asked: string, within: number | null): Promise<Story>;
  /** An exception that was not foreseen, for the log. */
  failed(error: Error): void;
}
