/** What to do where mail did not go as it should, by what was answered. For the operator of this server. */

type Rule = readonly [pattern: RegExp, advice: string];

/** What we refused. The first that fits counts. */
const OURS: readonly Rule[] = [
  [
    /relaying denied/i,
    'mail for others is taken after a login only: set up the sender\'s program with user and password (port 587 or 465); if the domain is yours, add it with "roost domain add"',
  ],
  [
    /no such user/i,
    'nobody has this address here: make it with "roost user add" or "roost alias add", or set catch_all of the domain',
  ],
  [/mailbox disabled/i, 'the account is disabled: "roost user enable" opens it again'],
  [
    /does not belong to the account/i,
    'users send as themselves: make the address an alias of the account with "roost alias add", or change the sender in the program',
  ],
  [
    /greylisted/i,
    "nothing: real servers come again in some minutes and then get through; reception.greylist turns it off",
  ],
  [
    /too many recipients|sent to too many/i,
    "if it is the user's own mail, raise submission.recipients_per_hour; if not, change the password: it is stolen",
  ],
  [
    /too many messages/i,
    "if the host is one of yours, put its network into trusted; else limits.messages_per_minute raises the rate",
  ],
  [/too many connections/i, "if the host is one of yours, put its network into trusted"],
  [
    /client host is listed/i,
    "the sender's operator must get off that list; reception.allowlists or trusted lets the host in nevertheless",
  ],
  [
    /name in helo/i,
    "the sender's server greets with a name that is not its own; reception.refuse_helo: false only notes it",
  ],
  [/before the greeting|early/i, "hardly a mail server; reception.refuse_early_talkers: false lets it in"],
  [/mailbox is full|over quota/i, "make room in the mailbox, or raise the quota of the account"],
  [/message too big|too-big/i, "limits.message_size is the largest message taken"],
  [
    /dmarc|spf/i,
    "the sender's domain publishes that such mail is not its own; if it comes by way of a list or a forwarder of yours, put its network into trusted or its domain into arc.trusted_sealers",
  ],
  [/insufficient system storage|no space/i, "make room on the disk"],
  [/credentials|authentication/i, 'the password is wrong: "roost user passwd" sets a new one'],
  [/bare cr|nul|binary octets/i, "the sender's program is broken; nothing to do here"],
  [
    /may not send here|our own domains only/i,
    "see devices in the configuration: networks, and where such devices may send to",
  ],
];

/** What others answered when we sent. */
const THEIRS: readonly Rule[] = [
  [
    /no way to .*closed/i,
    "the network is closed: name a way under routes, or the host under dns.hosts",
  ],
  [/does not exist|null mx|no such domain/i, "the domain is misspelt or takes no mail: ask the recipient"],
  [/greylist|try again later|4\.7\.1/i, "nothing: it is tried again by itself"],
  [
    /blocklist|blacklist|spamhaus|barracuda|listed|reputation|5\.7\.(1|25|26|27)/i,
    'the other side does not trust this address: "roost check" looks at PTR, SPF, DKIM and lists; a smarthost under routes goes around it',
  ],
  [/5\.1\.1|no such user|user unknown|unknown user/i, "the recipient's address is wrong: ask the recipient"],
  [/[45]\.2\.2|quota|full/i, "the recipient's mailbox is full: the recipient must make room"],
  [
    /tls|certificate|4\.7\.5/i,
    "the other side's TLS does not keep what its domain promises: its operator must mend it; a route with another protocol goes around it",
  ],
  [
    /timed? ?out|refused|unreachable|no host|cannot (connect|reach)|connection/i,
    'if it concerns all destinations, port 25 is blocked on the way out ("roost check" tells): use a smarthost under routes; else wait, it is tried again',
  ],
  [/too (big|large)|5\.3\.4/i, "the other side takes smaller messages only: send a link"],
  [/cannot look up/i, 'DNS does not answer: "roost check" looks at the resolver; it is tried again'],
];

/** What to do about a refusal of ours; "" where there is nothing to say. */
export function adviceForOurs(text: string): string {
  return find(OURS, text);
}

/** What to do about what another server answered, or about not reaching it. */
export function adviceForTheirs(text: string): string {
  return find(THEIRS, text);
}

function find(rules: readonly Rule[], text: string): string {
  return rules.find(([pattern]) => pattern.test(text))?.[1] ?? "";
}
