/** The configuration files that `demo` and `quickstart` write: commented, for people to go on from. */
import { parseIp } from "../base/ip.ts";

/** What a new server's file is made from. */
export interface TemplateFacts {
  readonly hostname: string;
  /** DATA, relative to the file. */
  readonly data: string;
  readonly closed: boolean;
  /** Local part that gets postmaster's mail, and the domain. */
  readonly owner: { readonly local: string; readonly domain: string };
}

/** The file of a server for real mail. */
export function quickstartConfig(facts: TemplateFacts): string {
  return `# Roost. "roost help config" lists every key; after a change: roost reload
hostname: ${facts.hostname}   # this server's name in DNS
data: ${scalar(facts.data)}   # mail, queue, accounts, keys; relative to this file
network: ${facts.closed ? "closed" : "open"}   # closed: nothing is asked or reached but what this file names

listen:
  smtp: ["[::]:25"]   # from other servers; [::] is IPv4 too
  submission: ["[::]:587"]   # from your programs, STARTTLS
  submissions: ["[::]:465"]   # the same, TLS from the start
  imap: ["[::]:143"]
  imaps: ["[::]:993"]
  pop3: ["[::]:110"]
  pop3s: ["[::]:995"]
  http: ["127.0.0.1:8080"]   # status page and what the verbs talk to; keep it on loopback
  # https: ["[::]:443"]   # settings for mail programs, MTA-STS policies, and the status page for who has a token

# Networks that are never slowed down or banned. They still need a password to send elsewhere.
trusted: []

# One of three: own_ca makes a certificate that your devices must be told to trust (DATA/tls/ca.pem);
# acme gets one that everybody trusts (you agree to the authority's terms; it asks port 443, listen.https, or 80: "[::]:80" in listen.http);
# certificates names files, such as those of certbot, which are read again when they change.
tls:
  own_ca: true
  # acme: { email: ${scalar(`${facts.owner.local}@${facts.owner.domain}`)} }
  # certificates: [{ cert: /etc/letsencrypt/live/NAME/fullchain.pem, key: /etc/letsencrypt/live/NAME/privkey.pem }]

# Mail that does not go where DNS says. A relay that asks for a password:
# routes: { "*": "submission://user:password@relay.example.net:587" }
${
    facts.closed
      ? "# On a closed network every domain that is not ours needs a route, or an entry here.\ndns: { servers: [], hosts: {} }\n"
      : ""
  }
domains:
  ${facts.owner.domain}:
    subaddress: "+"   # you+anything@ is you@
    # catch_all: ${facts.owner.local}   # who gets mail for names nobody has
    aliases:
      postmaster: [${scalar(facts.owner.local)}]
      abuse: [${scalar(facts.owner.local)}]

auth: { cleartext: never }   # no password without TLS
`;
}

/** What the demo's two servers differ in. */
export interface DemoFacts {
  readonly hostname: string;
  readonly domain: string;
  /** Listener to port, all on 127.0.0.1. */
  readonly ports: Readonly<Record<string, number>>;
  /** Domain to port on 127.0.0.1 where its mail is sent. */
  readonly routes: Readonly<Record<string, number>>;
  readonly comment: string;
}

/** The file of one of the demo's servers: loopback only, closed network, passwords without TLS allowed from this machine. */
export function demoConfig(facts: DemoFacts): string {
  const listen = Object.entries(facts.ports).map(([kind, port]) => `  ${kind}: ["127.0.0.1:${port}"]`);
  const routes = Object.entries(facts.routes).map(([domain, port]) =>
    `  ${domain}: smtp://127.0.0.1:${port}`
  );
  return `# ${facts.comment}
hostname: ${facts.hostname}
data: data   # relative to this file
network: closed   # nothing is asked or reached but the routes below

listen:
${listen.join("\n")}

trusted: ["127.0.0.0/8", "::1"]

tls:
  own_ca: true   # data/tls/ca.pem is what clients would have to trust

routes:   # where the mail of these domains goes, instead of asking DNS
${routes.join("\n")}

domains:
  ${facts.domain}: { subaddress: "+" }

auth: { cleartext: loopback }   # AUTH and LOGIN without TLS, from this machine only
`;
}

/** A text as YAML: in quotes unless it is plain. */
function scalar(text: string): string {
  return /^[A-Za-z/][A-Za-z0-9._/@-]*$/.test(text) && !parseIp(text) && !/^(true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
