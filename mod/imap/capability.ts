/** What CAPABILITY tells, as it holds at the moment (RFC 3501 6.1.1, 6.2.1): never what would be refused now. */
/** In every state. */
const ALWAYS = ["IMAP4rev1", "IMAP4rev2", "ID", "ENABLE", "IDLE"];

/** For those who are in. */
const AUTHENTICATED = [
  "LITERAL+", // RFC 7888: most clients look for this one, and messages come in one go
  "NAMESPACE", // RFC 2342
  "UIDPLUS", // RFC 4315
  "UNSELECT", // RFC 3691
  "MOVE", // RFC 6851
  "CHILDREN", // RFC 3348
  "LIST-EXTENDED", // RFC 5258
  "LIST-STATUS", // RFC 5819
  "SPECIAL-USE", // RFC 6154
  "CREATE-SPECIAL-USE", // RFC 6154
  "STATUS=SIZE", // RFC 8438
  "ESEARCH", // RFC 4731
  "PREVIEW", // RFC 8970
  "SEARCHRES", // RFC 5182
  "PARTIAL", // RFC 9394
  "SEARCH=FUZZY", // RFC 6203
  "CONTEXT=SEARCH", // RFC 5267
  "MULTISEARCH", // RFC 7377
  "WITHIN", // RFC 5032
  "SORT", // RFC 5256
  "SORT=DISPLAY", // RFC 5957
  "ESORT", // RFC 5267
  "THREAD=ORDEREDSUBJECT",
  "THREAD=REFERENCES",
  "THREAD=REFS",
  "MULTIAPPEND", // RFC 3502
  "CATENATE", // RFC 4469
  "BINARY", // RFC 3516
  "METADATA", // RFC 5464
  "LIST-METADATA", // RFC 9590
  "OBJECTID", // RFC 8474
  "SAVEDATE", // RFC 8514
  "REPLACE", // RFC 8508
  "UNAUTHENTICATE", // RFC 8437
  "UTF8=ACCEPT", // RFC 6855
  "INPROGRESS", // RFC 9585
  "UIDONLY", // RFC 9586
  "QUOTA", // RFC 9208
  "QUOTA=RES-STORAGE",
  "QUOTA=RES-MESSAGE",
];

export interface CapabilityFacts {
  readonly authenticated: boolean;
  /** TLS can be begun now. */
  readonly startTls: boolean;
  /** Passwords may be sent now. */
  readonly login: boolean;
  /** SASL mechanisms that may be used now; only with `login`. */
  readonly mechanisms: readonly string[];
  /** Octets of an APPEND at most (RFC 7889). */
  readonly appendLimit: number;
  /** Mod-sequences are kept. */
  readonly modSeqs: boolean;
  /** Changes of other mailboxes are noticed. */
  readonly notices: boolean;
  /** Mailboxes can be shared. */
  readonly sharing: boolean;
  /** Compression can be begun now. */
  readonly compression: boolean;
}

/** The list, separated by blanks. */
export function capabilities(facts: CapabilityFacts): string {
  const list = [...ALWAYS];
  if (facts.authenticated) {
    list.push(...AUTHENTICATED, `APPENDLIMIT=${facts.appendLimit}`);
    if (facts.modSeqs) list.push("CONDSTORE", "QRESYNC"); // RFC 7162
    if (facts.notices) list.push("NOTIFY"); // RFC 5465
    if (facts.sharing) list.push("ACL", "RIGHTS=texk", "LIST-MYRIGHTS"); // RFC 4314, RFC 8440
    if (facts.compression) list.push("COMPRESS=DEFLATE"); // RFC 4978
    return list.join(" ");
  }
  list.push("LITERAL-", "SASL-IR"); // RFC 7888: strangers have no more to send than names and passwords; RFC 4959
  if (facts.startTls) list.push("STARTTLS");
  if (facts.login) list.push(...facts.mechanisms.map((name) => `AUTH=${name}`));
  else list.push("LOGINDISABLED");
  return list.join(" ");
}
