/**
 * The configuration file: every key with its kind, default and reason. From this one table come the types, the checks, the texts of errors
 * and the reference (`reference.ts`).
 */
import type { Network } from "../base/ip.ts";
import {
  ACCOUNT_PER_DAY,
  ACCOUNT_PER_HOUR,
  CONNECTIONS,
  CONNECTIONS_PER_ADDRESS,
  DEVICE_PER_DAY,
  DEVICE_PER_HOUR,
  MESSAGE_SIZE,
  MESSAGES_PER_MINUTE,
  QUEUE_ATTEMPTS,
  QUEUE_ATTEMPTS_PER_DESTINATION,
  QUEUE_MESSAGES,
  SMTP_RECIPIENTS,
  TRACE_AGE,
  TRACE_SIZE,
} from "../base/limits.ts";
import {
  entry,
  falseOr,
  listOrOne,
  mapping,
  required,
  type Schema,
  section,
  shorthand,
} from "../yaml/schema.ts";
import { TLS } from "./schema_tls.ts";
import * as kind from "./values.ts";

const MiB = 1024 * 1024;

function addresses(doc: string): Schema<kind.HostPort[]> {
  return entry(listOrOne(kind.listenValue), [], doc);
}

const LISTEN = {
  smtp: addresses("mail from other servers; 25"),
  submission: addresses("mail from our users, STARTTLS; 587"),
  submissions: addresses("mail from our users, TLS from the first octet; 465"),
  devices: addresses(
    "mail from printers and NAS boxes that cannot log in, see devices; with or without STARTTLS, 2525",
  ),
  imap: addresses("IMAP with STARTTLS; 143"),
  imaps: addresses("IMAP, TLS from the first octet; 993"),
  pop3: addresses("POP3 with STLS; 110"),
  pop3s: addresses("POP3, TLS from the first octet; 995"),
  managesieve: addresses("filter scripts; 4190"),
  lmtp: addresses("delivery from another mail server; 24"),
  http: addresses(
    "status page, API, metrics, autoconfig; keep it on loopback, or behind a proxy that speaks TLS",
  ),
  https: addresses(
    "the same over TLS, for everybody (443): settings of mail programs and MTA-STS policies; the status page takes a token, also from this machine",
  ),
};

/** The listeners there can be. */
export type ListenerKind = keyof typeof LISTEN;
export const LISTENERS = Object.keys(LISTEN) as readonly ListenerKind[];

const measure = kind.wordValue("deliver", "junk", "reject");

const DOMAIN = section({
  catch_all: entry(falseOr(kind.recipientValue), false, "where mail for names nobody has goes"),
  subaddress: entry(
    falseOr(kind.separatorValue),
    "+",
    "what parts you from a tag, as in you+lists@; false for nothing",
  ),
  aliases: entry(
    mapping(kind.aliasKey, listOrOne(kind.recipientValue)),
    {},
    "names and the addresses their mail goes to: whole addresses, also elsewhere, or names in this domain",
  ),
  mta_sts: entry(
    falseOr(kind.wordValue("testing", "enforce", "none")),
    false,
    "the MTA-STS policy that listen.https has for mta-sts.DOMAIN (or listen.http, for a web server with a certificate for that name before it); none takes one back",
  ),
});

export const SCHEMA = section({
  hostname: required(
    kind.hostValue,
    "this server's name in DNS; what it greets with and its certificate is for",
  ),
  data: entry(
    kind.fileValue,
    "data",
    "folder of mail, queue, accounts and keys; relative to this file. It, and the folder mail in it, may be links to another disk",
  ),
  network: entry(
    kind.wordValue("open", "closed"),
    "open",
    "closed: nothing is asked or reached but what this file names (routes, dns.servers, dns.hosts)",
  ),
  listen: entry(section(LISTEN), {}, "ADDRESS:PORT each, or a list of them; what is left out is not served"),
  proxy_protocol: entry(
    listOrOne(kind.frontNetwork),
    [],
    "networks of proxies that send PROXY v1/v2 first on every mail connection, and then must",
  ),
  xclient: entry(
    listOrOne(kind.frontNetwork),
    [],
    "networks of fronts that may tell by XCLIENT for whom they connect (SMTP), such as an nginx mail proxy",
  ),
  trusted: entry(
    listOrOne(kind.networkValue),
    [],
    "networks never rate-limited, delayed or banned (they still need AUTH to relay)",
  ),
  tls: TLS,
  dns: entry(
    section({
      servers: entry(listOrOne(kind.serverValue), [], "DNS servers; the system's when empty"),
      hosts: entry(mapping(kind.hostValue, listOrOne(kind.ipValue)), {}, "name: address, asked before DNS"),
    }),
    {},
    "how names are looked up",
  ),
  routes: entry(
    mapping(kind.routeKey, routeEntry()),
    {},
    'domain, or "*" for all others: where its mail is sent instead of to its MX; of a list the next when one is not reached or puts us off',
  ),
  sender_routes: entry(
    mapping(kind.senderKey, wayEntry()),
    {},
    'the same by sender: an address, a domain, or "<>" for reports. Counts after the recipient\'s own route, before "*"',
  ),
  sending: entry(
    section({
      source_address: entry(
        listOrOne(kind.sourceValue),
        [],
        "addresses of this machine to send from, one IPv4, one IPv6 or both; the system's choice where there is none",
      ),
      helo: entry(
        falseOr(kind.hostValue),
        false,
        "name to greet other hosts with, where the one of source_address is not hostname",
      ),
      downgrade: entry(
        kind.wordValue("warn", "refuse"),
        "warn",
        "a destination that had TLS, or a valid certificate, each time and suddenly has not: warn in the log, or refuse, which keeps the mail waiting",
      ),
      address_family: entry(
        kind.wordValue("any", "ipv6_first", "ipv4_first", "ipv6", "ipv4"),
        "any",
        "addresses of a host that are tried, and in what order; any: both in turn. One that is silent for 2s gets company of the next",
      ),
      suppress: entry(
        falseOr(kind.durationValue),
        "7d",
        "an address elsewhere that its own server refused three times (5.1.1, an hour apart) is refused to our users so long after the last; one delivery clears it. false: never",
      ),
      deliveries: entry(
        kind.countValue(1, 10_000),
        QUEUE_ATTEMPTS,
        "under way at once, all destinations together",
      ),
      deliveries_per_destination: entry(
        kind.countValue(1, 1000),
        QUEUE_ATTEMPTS_PER_DESTINATION,
        "of these to one domain at most; it begins with 2, grows with success and halves when the host has too much",
      ),
    }),
    {},
    "mail to other hosts",
  ),
  domains: entry(
    mapping(kind.domainValue, entry(DOMAIN, {}, "rules of one domain")),
    {},
    "the domains whose mail is ours",
  ),
  auth: entry(
    section({
      cleartext: entry(
        kind.wordValue("never", "loopback"),
        "never",
        "loopback: LOGIN and AUTH without TLS from 127.0.0.1 and ::1",
      ),
      channel_binding: entry(
        kind.wordValue("unlisted", "listed"),
        "unlisted",
        "listed: SCRAM-SHA-256-PLUS (tls-server-end-point) stands in the list of mechanisms, not only usable; mutt and others with another binding then cannot log in",
      ),
      xclient_login: entry(
        kind.yesValue,
        false,
        "fronts in xclient may also say who has logged in there: they are believed without a password",
      ),
    }),
    {},
    "logins",
  ),
  reception: entry(
    section({
      early_talkers: entry(
        kind.wordValue("refuse", "allow"),
        "refuse",
        "hosts on port 25 that talk before our greeting, as only spam programs do",
      ),
      banner_delay: entry(
        kind.durationValue,
        "0s",
        "how long the greeting waits for them to betray themselves; 2s catches most, over 30s annoys real servers",
      ),
      helo: entry(
        kind.wordValue("note", "refuse"),
        "note",
        "hosts that greet with our name or another's address: noted in the log, or refused",
      ),
      tarpit: entry(
        kind.yesValue,
        true,
        "errors, unknown recipients and wrong passwords are answered more slowly each time, up to 5s",
      ),
      greylist: entry(
        falseOr(kind.durationValue),
        false,
        "such as 2m: strangers' first try is put off so long; less spam, and new senders' mail comes late",
      ),
      blocklists: entry(
        listOrOne(dnsListEntry()),
        [],
        "DNS lists whose hosts are refused on port 25, as ZONE or { zone: ZONE, results: [127.0.0.2, ...] }",
      ),
      allowlists: entry(
        listOrOne(dnsListEntry()),
        [],
        "DNS lists whose hosts pass the blocklists, the greylist and the checks of names, written likewise",
      ),
    }),
    {},
    "what strangers have to put up with; networks in trusted, this machine and who has logged in do not",
  ),
  verdict: entry(
    section({
      dmarc_reject: entry(
        measure,
        "reject",
        "mail that fails DMARC where its author's domain wants it refused (p=reject)",
      ),
      dmarc_quarantine: entry(
        measure,
        "junk",
        "mail that fails DMARC where its author's domain wants it put aside (p=quarantine)",
      ),
      spf_fail: entry(
        measure,
        "deliver",
        "mail from a host that the sender's domain forbids (-all), where there is no DMARC policy; forwarded mail often comes so",
      ),
      no_from: entry(measure, "junk", "mail whose From names no domain, or more than three"),
    }),
    {},
    "what is done with mail from outside: deliver, junk (into the Junk folder) or reject; what trusted networks bring is delivered",
  ),
  arc: entry(
    section({
      trusted_sealers: entry(
        listOrOne(kind.domainValue),
        [],
        "domains of forwarders and mailing lists whose ARC seals are believed: mail that was in order when it came to them passes DMARC here",
      ),
    }),
    {},
    "mail that was forwarded",
  ),
  submission: entry(
    section({
      strip: entry(
        kind.yesValue,
        true,
        "User-Agent, X-Mailer, X-Originating-IP and the like are taken out of mail our users send; false keeps them",
      ),
      recipients_per_hour: entry(
        kind.countValue(1, 10_000_000),
        ACCOUNT_PER_HOUR,
        "of one account, lest a stolen password empties the queue of a spammer; networks in trusted have no bound",
      ),
      recipients_per_day: entry(kind.countValue(1, 100_000_000), ACCOUNT_PER_DAY, "of one account"),
    }),
    {},
    "mail our users send",
  ),
  reports: entry(
    section({
      tls: entry(
        kind.yesValue,
        true,
        "domains that ask for it are told once a day how TLS went on the way to their hosts (TLSRPT)",
      ),
      dmarc: entry(
        kind.yesValue,
        true,
        "domains that ask for it are told once a day who sent mail in their name, and what became of it (DMARC)",
      ),
      from: entry(
        falseOr(kind.emailValue),
        false,
        "whom these reports come from; postmaster of the first domain when false",
      ),
    }),
    {},
    "daily reports to other domains; none on a closed network",
  ),
  devices: entry(
    mapping(kind.deviceNetwork, deviceEntry()),
    {},
    "address or small network: who may send by listen.devices without a password, as ACCOUNT or { as: ACCOUNT, ... }",
  ),
  imap: entry(
    section({
      separator: entry(
        kind.wordValue(".", "/"),
        ".",
        "between the levels of folder names, as clients see them; Dovecot's default is .",
      ),
      search_index: entry(
        kind.wordValue("opened", "searched", "never"),
        "opened",
        "when the texts of a folder go into the index for searches, while nobody works with it: once it is opened, once its texts were searched, or never; the index has some 1.2 KB a mail, and grows only while twice limits.disk_free is free",
      ),
    }),
    {},
    "IMAP",
  ),
  expunge: entry(
    mapping(kind.mailboxKey, kind.ageValue),
    {},
    "FOLDER: AGE, such as { Trash: 30d, Junk: 30d }: what came into it, or was changed in it, longer ago is removed for good, in every account; days on which the server did not run do not count",
  ),
  pop3: entry(
    section({
      uidl: entry(
        kind.uidlFormat,
        "%08Xu%08Xv",
        "form of unique ids, as Dovecot's pop3_uidl_format: %u, %v, %f and %g; ids saved in dovecot-uidlist come before it",
      ),
    }),
    {},
    "POP3",
  ),
  log: entry(
    section({
      level: entry(
        kind.wordValue("debug", "info", "warning", "error"),
        "info",
        "lines less important are left out",
      ),
      format: entry(kind.wordValue("auto", "text", "json"), "auto", "auto: text on a terminal, else JSON"),
    }),
    {},
    "log lines, on standard error",
  ),
  trace: entry(
    falseOr(section({
      age: entry(kind.durationValue, `${TRACE_AGE / 86_400_000}d`, "what is older goes"),
      size: entry(
        kind.sizeValue,
        `${TRACE_SIZE / MiB}MB`,
        "of its file, at least 1MB; past it the oldest goes; 50MB are some 80,000 messages",
      ),
    })),
    {},
    'what was decided about each message, for "roost why", in DATA/log; false keeps nothing',
  ),
  limits: entry(
    section({
      message_size: entry(
        kind.sizeValue,
        `${MESSAGE_SIZE / MiB}MB`,
        "largest message; what large providers take",
      ),
      memory: entry(
        kind.sizeValue,
        "256MB",
        "past it new connections and messages get a temporary refusal, never the machine an OOM kill",
      ),
      connections: entry(kind.countValue(1, 1_000_000), CONNECTIONS, "all listeners together"),
      connections_per_address: entry(
        kind.countValue(1, 1_000_000),
        CONNECTIONS_PER_ADDRESS,
        "from one address that is not trusted",
      ),
      messages_per_minute: entry(
        kind.countValue(1, 1_000_000),
        MESSAGES_PER_MINUTE,
        "from one address that is not trusted, to port 25",
      ),
      recipients: entry(
        kind.countValue(100, 100_000),
        SMTP_RECIPIENTS,
        "of one message; RFC 5321 wants 100 at least",
      ),
      queue_lifetime: entry(
        kind.durationValue,
        "5d",
        "a message that cannot be sent for so long goes back; RFC 5321 4.5.4.1 advises 4 to 5 days",
      ),
      retry: entry(
        listOrOne(kind.waitValue),
        [],
        "waits after the first attempt, the second and so on, such as [5m, 15m, 1h]; the last one repeats; doubling from 5m to 4h when empty",
      ),
      queue_messages: entry(
        kind.countValue(100, 10_000_000),
        QUEUE_MESSAGES,
        "in the queue; past it new mail gets a temporary refusal",
      ),
      disk_free: entry(
        kind.sizeValue,
        "100MB",
        "with less left where DATA is, new mail gets a temporary refusal",
      ),
      mailbox_full: entry(
        kind.wordValue("later", "refuse"),
        "later",
        "mail for a mailbox that is over its quota: the sender's server tries again for days (452), or tells him at once (552)",
      ),
    }),
    {},
    "bounds",
  ),
});

/** Where mail goes, as it is written. */
export interface WrittenWay {
  readonly to: readonly kind.Route[];
  readonly password_file: string | null;
  readonly source_address: readonly string[];
  readonly helo: string | null;
}

function wayKeys() {
  return {
    to: required(
      listOrOne(kind.routeValue),
      "protocol://[user@]host[:port], or a list of them to try in order",
    ),
    password_file: entry(falseOr(kind.fileValue), false, "file that holds the password alone"),
    source_address: entry(
      listOrOne(kind.sourceValue),
      [],
      "as sending.source_address, for what goes this way",
    ),
    helo: entry(falseOr(kind.hostValue), false, "as sending.helo, for what goes this way"),
  };
}

/** "smtp://host:25", a list of such, or { to: "submission://user@host:587", password_file: FILE }. */
function routeEntry(): Schema<WrittenWay & { readonly retry: readonly number[] }> {
  const retry = entry(listOrOne(kind.waitValue), [], "as limits.retry, for what goes this way");
  return shorthand("to", section({ ...wayKeys(), retry }));
}

function wayEntry(): Schema<WrittenWay> {
  return shorthand("to", section(wayKeys()));
}

/** "scanner@example.org" or { as: scanner@example.org, outside: true }. */
function deviceEntry() {
  const whole = section({
    as: required(kind.emailValue, "the account it sends as; an address of one account"),
    outside: entry(kind.yesValue, false, "whether it may write to other domains than ours"),
    per_hour: entry(
      kind.countValue(1, 1_000_000),
      DEVICE_PER_HOUR,
      "recipients, of all in this network together",
    ),
    per_day: entry(kind.countValue(1, 10_000_000), DEVICE_PER_DAY, "likewise"),
    message_size: entry(kind.sizeValue, "25MB", "largest message; limits.message_size holds as well"),
  });
  return shorthand("as", whole);
}

/** "zen.example.org" or { zone: zen.example.org, results: [127.0.0.2] }. */
function dnsListEntry(): Schema<{ readonly zone: string; readonly results: Network[] }> {
  const whole = section({
    zone: required(kind.domainValue, "where the list is asked"),
    results: entry(
      listOrOne(kind.networkValue),
      [],
      "answers that count, such as 127.0.0.2 or 127.0.0.0/24; empty: all that mean listed",
    ),
  });
  return shorthand("zone", whole);
}
