import type { Config } from "./config.ts";

/** Where things lie below DATA. All absolute. */
export interface DataPaths {
  readonly accounts: string;
  readonly mail: string;
  readonly queue: string;
  readonly keys: string;
  /** DKIM keys, a folder for each domain. */
  readonly dkim: string;
  /** What SCRAM salts are made from. */
  readonly saltSecret: string;
  /** Secrets of rewritten senders. */
  readonly srs: string;
  readonly tls: string;
  readonly index: string;
  readonly log: string;
  /** MTA-STS policies of other domains. */
  readonly mtaSts: string;
  /** What daily reports are made from, and what others reported. */
  readonly reports: string;
  /** What TLS with other hosts has been. */
  readonly tlsMemory: string;
  /** Who has written before, where greylisting is on. */
  readonly greylist: string;
  /** Addresses elsewhere that bounce. */
  readonly suppressed: string;
  /** What the verbs show to change something in the running server. */
  readonly controlToken: string;
  /** Hashes of the tokens that `roost token` made. */
  readonly tokens: string;
  /** When the postmaster was last told that something is wrong. */
  readonly postmasterTold: string;
  /** Of which certificates the postmaster was told that they end. */
  readonly certificatesTold: string;
  /** By what times mail expires. */
  readonly expiryTime: string;
  /** Mail of the last day, for the plot. */
  readonly history: string;
}

/** The places of this configuration's data. */
export function dataPaths(config: Pick<Config, "data" | "mail">): DataPaths {
  const below = (name: string) => `${config.data}/${name}`;
  return {
    accounts: below("accounts.yaml"),
    mail: config.mail ?? below("mail"),
    queue: below("queue"),
    keys: below("keys"),
    dkim: below("keys/dkim"),
    saltSecret: below("keys/scram-salt.secret"),
    srs: below("keys/srs"),
    tls: below("tls"),
    index: below("index"),
    log: below("log"),
    mtaSts: below("mta_sts.json"),
    reports: below("reports"),
    tlsMemory: below("tls_memory.jsonl"),
    greylist: below("greylist.jsonl"),
    suppressed: below("suppressed.jsonl"),
    controlToken: below("control.token"),
    tokens: below("tokens.jsonl"),
    postmasterTold: below("postmaster_told"),
    certificatesTold: below("certificates_told"),
    expiryTime: below("expiry_time"),
    history: below("history.jsonl"),
  };
}

/** `path` as seen from `folder`, without "." and "..": absolute paths stay. */
export function absolutePath(folder: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${folder}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
