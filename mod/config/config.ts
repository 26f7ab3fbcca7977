import type { DomainRules } from "../account/local_directory.ts";
import type { Network } from "../base/ip.ts";
import type { Address } from "../mail/address.ts";
import type { ListenerKind } from "./schema.ts";
import type { HostPort, Route } from "./values.ts";

/** Where certificates come from. Paths are absolute. */
export type TlsConfig =
  | {
    readonly kind: "acme";
    readonly email: Address;
    /** URL. */
    readonly directory: string;
    /** Beside the host name. */
    readonly names: readonly string[];
    /** The account elsewhere that ours is bound to; `key` is base64url. */
    readonly external: { readonly kid: string; readonly key: string } | null;
    /** File of authorities that certify the directory's server, beside the platform's. */
    readonly ca: string | null;
  }
  | {
    readonly kind: "files";
    readonly certificates: readonly { readonly cert: string; readonly key: string }[];
  }
  | { readonly kind: "own-ca" };

/** A route as it is used: `passwordFile` (absolute) holds the password when it does not stand in the route. */
export interface ConfiguredRoute extends Route {
  readonly passwordFile: string | null;
}

/** Where mail goes instead of to its MX: hosts to try in order, and what to show of us there. */
export interface ConfiguredWay {
  readonly to: readonly [ConfiguredRoute, ...ConfiguredRoute[]];
  /** Of each family one at most; empty: as `sending` has it. */
  readonly sources: readonly string[];
  /** null: as `sending` has it. */
  readonly helo: string | null;
}

/** Devices that may send without a password. */
export interface ConfiguredDevice {
  /** As it is written, and as it is compared. */
  readonly network: string;
  readonly range: Network;
  readonly as: Address;
  readonly outside: boolean;
  /** Recipients. */
  readonly perHour: number;
  readonly perDay: number;
  readonly messageSize: number;
}

/** A list of hosts by DNS, and the answers that count (any when empty). */
export interface DnsListConfig {
  readonly zone: string;
  readonly results: readonly Network[];
}

/** What is done with a message; junk: it goes into the Junk folder. */
export type Measure = "deliver" | "junk" | "reject";

/** The configuration, checked and filled in. Sizes in octets, times in milliseconds, paths absolute. */
/** When the texts of a mailbox are put into the full-text index: when it is opened, once texts were searched in it, or never. */
export type SearchIndexing = "opened" | "searched" | "never";

export interface Config {
  /** The file it came from. */
  readonly file: string;
  readonly hostname: string;
  /** DATA. */
  readonly data: string;
  /** Where mail lies when DATA/mail is a link to it; absolute. */
  readonly mail?: string;
  readonly network: "open" | "closed";
  readonly listen: Readonly<Record<ListenerKind, readonly HostPort[]>>;
  readonly proxyProtocol: readonly Network[];
  readonly xclient: readonly Network[];
  readonly trusted: readonly Network[];
  readonly tls: TlsConfig;
  readonly dns: {
    readonly servers: readonly HostPort[];
    readonly hosts: ReadonlyMap<string, readonly string[]>;
  };
  /** By domain of the recipient, or "*". */
  readonly routes: ReadonlyMap<string, ConfiguredWay>;
  /** By address or domain of the sender, or "<>". */
  readonly senderRoutes: ReadonlyMap<string, ConfiguredWay>;
  /** As `limits.retry`, of the routes that have their own. */
  readonly routeRetry: ReadonlyMap<string, readonly number[]>;
  /** Our domains, in the order of the file. */
  readonly domains: ReadonlyMap<string, DomainRules>;
  /** Modes of the MTA-STS policies of our domains, where they have one. */
  readonly mtaSts: ReadonlyMap<string, "testing" | "enforce" | "none">;
  readonly auth: {
    readonly cleartext: "never" | "loopback";
    readonly channelBinding: "unlisted" | "listed";
    readonly xclientLogin: boolean;
  };
  readonly reception: {
    readonly refuseEarlyTalkers: boolean;
    readonly bannerDelay: number;
    readonly refuseHelo: boolean;
    readonly tarpit: boolean;
    readonly greylist: number | null;
    readonly blocklists: readonly DnsListConfig[];
    readonly allowlists: readonly DnsListConfig[];
  };
  /** What is done with mail from outside that the checks speak against. */
  readonly verdict: {
    readonly dmarcReject: Measure;
    readonly dmarcQuarantine: Measure;
    readonly spfFail: Measure;
    readonly noAuthor: Measure;
  };
  readonly arc: { readonly trustedSealers: readonly string[] };
  readonly submission: {
    readonly strip: boolean;
    readonly recipientsPerHour: number;
    readonly recipientsPerDay: number;
  };
  readonly reports: {
    readonly tls: boolean;
    readonly dmarc: boolean;
    /** null: postmaster of the first domain. */
    readonly from: Address | null;
  };
  readonly sending: {
    /** Of each family one at most; empty: the system's choice. */
    readonly sources: readonly string[];
    /** null: `hostname`. */
    readonly helo: string | null;
    /** Destinations that were secure are waited for until they are again. */
    readonly refuseDowngrade: boolean;
    readonly family: "any" | "ipv6_first" | "ipv4_first" | "ipv6" | "ipv4";
    /** How long an address that bounces is left alone, in milliseconds; null: not at all. */
    readonly suppress: number | null;
    readonly deliveries: number;
    readonly deliveriesPerDestination: number;
  };
  readonly devices: readonly ConfiguredDevice[];
  readonly imap: { readonly separator: "." | "/"; readonly searchIndex: SearchIndexing };
  /** Mailbox names, and how many milliseconds mail stays in them. */
  readonly expunge: ReadonlyMap<string, number>;
  readonly pop3: { readonly uidl: string };
  readonly log: {
    readonly level: "debug" | "info" | "warning" | "error";
    readonly format: "auto" | "text" | "json";
  };
  /** What is kept of decisions about mail: milliseconds, octets; null: nothing. */
  readonly trace: { readonly age: number; readonly size: number } | null;
  readonly limits: {
    readonly messageSize: number;
    readonly memory: number;
    readonly connections: number;
    readonly connectionsPerAddress: number;
    readonly messagesPerMinute: number;
    readonly recipients: number;
    readonly queueLifetime: number;
    /** Milliseconds to wait after each attempt; empty: by doubling. */
    readonly retry: readonly number[];
    readonly queueMessages: number;
    readonly diskFree: number;
    readonly mailboxFull: "later" | "refuse";
  };
}
