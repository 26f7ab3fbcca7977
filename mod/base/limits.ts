/**
 * Every cap on what others may send or make us keep, with its reason. Rooms add theirs here, under their heading.
 * Octets, milliseconds or counts, as the name says. What a person may want to change is in the config schema, which takes
 * its default from here.
 */
const KiB = 1024;
const MiB = 1024 * KiB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Messages. */
export const MESSAGE_SIZE = 50 * MiB; // what large providers take; bigger files belong elsewhere
export const BODY_IN_MEMORY = 1 * MiB; // a message past this that IMAP brings goes to a file while it arrives
export const BODY_HELD = 8 * MiB; // one that SMTP brings, while there is room: it is written once then, and few are larger
export const BODIES_HELD = 1 / 4; // share of the memory limit for all of these together; past it they go to spool files
export const HEADER_SIZE = 1 * MiB; // header block of one message: Exim's and Postfix's order of size
export const RECEIVED_HOPS = 100; // RFC 5321 6.3 asks for at least 100 before it is a loop

/** SMTP. */
export const SMTP_LINE = 2048; // command line; RFC 5321 4.5.3.1.4 wants 512 at least, extensions and AUTH add to it
export const SMTP_AUTH_LINE = 12288; // RFC 4954 4: base64 answers up to 12,288 octets
export const SMTP_RECIPIENTS = 1000; // RFC 5321 4.5.3.1.8 wants 100 at least; lists use more
export const SMTP_ERRORS = 10; // bad commands before the session is closed
export const SMTP_IDLE = 5 * MINUTE; // RFC 5321 4.5.3.2.7
export const SMTP_DATA_IDLE = 3 * MINUTE; // RFC 5321 4.5.3.2.5: between two chunks of data
export const SMTP_DATA_TOTAL = 60 * MINUTE; // one message, however slowly it drips in
export const SMTP_DISCARD = 256 * MiB; // of a message that is refused anyway, so much is read to stay in step; then we hang up
export const SMTP_HEADER_LINES = 10000; // real mail stays under 1,000; each line costs every parser after us
export const SMTP_REFUSED_RECIPIENTS = 100; // in one session: past it somebody guesses addresses
export const SMTP_AUTH_FAILURES = 5; // in one session
export const SMTP_JUNK = 100; // NOOP, RSET, VRFY and the like between two messages
export const SMTP_BY_MIN = MINUTE; // least time a sender may set for mail that is to come back after it (RFC 2852): one attempt takes that long
export const SMTP_HOLD = 30 * 24 * 60 * MINUTE; // FUTURERELEASE: a month, as calendars plan; longer belongs into one

/** IMAP. */
export const IMAP_LINE = 64 * KiB; // a command without its literals: long UID sets are real
export const IMAP_LITERAL = 1 * MiB; // a literal that is not a message (search text, names)
export const IMAP_NESTING = 100; // parentheses in a command
export const IMAP_DISCARD = 64 * MiB; // octets of a refused command read and thrown away before BYE: a message somewhat over MESSAGE_SIZE
export const IMAP_URL = 2 * KiB; // characters of an IMAP URL: a mailbox name, each octet of it as %XX, and a list of header fields
export const APPEND_MESSAGES = 2000; // of one command (RFC 3502): for each the command is looked at from its beginning
export const CATENATE_PARTS = 500; // of one command (RFC 4469): a message of a hundred attachments that are put together anew has some 200
export const CATENATE_WORK = 4; // times the largest message that the URLs of one command may have read and copied: few octets ask for many
export const FETCH_WHOLE = 256 * KiB; // a message up to this is read into memory to FETCH from it; larger ones are streamed
export const FETCH_CHUNK = 64 * KiB; // octets read at a time of larger ones
export const SEARCH_HELD = 64 * KiB; // decoded characters of one part searched at a time
export const PREVIEW_LENGTH = 200; // characters of a preview (RFC 8970 3.2)
export const PREVIEW_OCTETS = 32 * KiB; // of a part that its preview is made from: HTML begins with a lot that nobody reads
export const SEARCH_UPDATES = 16; // searches of a session that are kept up to date: a client shows one or two
export const FIELDS_KEPT = 16 * KiB; // what the index keeps of one message's header; one with more is read each time
export const SUBJECT_COMPARED = 1000; // characters of a subject that SORT and THREAD compare
export const THREAD_DEPTH = 1000; // of answers to answers: no one can be above another farther up than that
export const THREAD_REFERENCES = 200; // message IDs of one References field: the newest count
export const IMAP_ERRORS = 20; // bad commands in a row before BYE
export const IMAP_IDLE_LOGIN = 1 * MINUTE; // before authentication
export const IMAP_IDLE = 30 * MINUTE; // RFC 3501 5.4 wants at least 30 minutes
export const IMAP_LITERAL_LOGIN = 4 * KiB; // literals of a command before authentication: names and passwords; what LITERAL- allows (RFC 7888 5)
export const IMAP_AUTH_FAILURES = 3; // wrong passwords in one connection before BYE
export const IMAP_AUTH_DELAY = 2 * SECOND; // wait before that BYE
export const NOTIFY_GROUPS = 32; // of one command (RFC 5465): each is looked at for each mailbox and event
export const NOTIFY_QUEUE = 5000; // mailboxes, names and annotations a client is still to be told of: past it NOTIFY ends, and it must look for itself
export const NOTIFY_BATCH = 50; // of them told before a command of its own has its turn
export const IMAP_PROGRESS = 10 * SECOND; // of silence before a client hears that its command is under way, and between two such words (RFC 9585 4)
export const IMAP_OUTPUT = 64 * KiB; // response octets gathered before they are handed to the connection
export const METADATA_VALUE = 16 * KiB; // octets of one value a client notes of a mailbox (RFC 5464)
export const METADATA_ENTRIES = 100; // of them for one mailbox, and for the account
export const IMAP_SLICE = 4; // ms of work in one go before other connections get their turn: a step that cannot be cut, and the collection of garbage, come on top

/** POP3. */
export const POP3_LINE = 255; // RFC 2449 4
export const POP3_IDLE = 10 * MINUTE; // RFC 1939 3: from one command to the end of the next, however slowly it drips in
export const POP3_IDLE_LOGIN = 1 * MINUTE; // the same before authentication

/** Connections. */
export const CONNECTIONS = 2000; // all listeners together; past it a new one gets a 4xx, NO or -ERR and is closed
export const CONNECTIONS_WHEN_TIGHT = 10; // let in even when memory is short: a few cost little, and refusing all would help nobody
export const MEMORY_LOOK = 500; // between two looks at how much memory is used
export const ROOM_LOOK = 2 * SECOND; // between two looks at how much disk is free
export const MEMORY_COLLECT = 2 * SECOND; // between two collections of garbage when memory gets short: each holds the loop
export const READ_AHEAD = 256 * KiB; // taken from a connection before anyone asked for it: what a fast peer sends while we look at the last of it
export const WRITE_AHEAD = 64 * KiB; // handed to the system but not taken yet while we make more: one piece of a long answer
export const READ_AHEAD_ALL = 32 * MiB; // of all connections together; past it each is read from only when nothing of it waits
export const BODY_WHEN_TIGHT = 64 * KiB; // as BODY_HELD, while memory is short
export const CONNECTIONS_PER_ADDRESS = 100; // from one address that is not trusted
export const WRITE_STALL = 2 * MINUTE; // a peer that does not take our octets for so long is cut off
export const PROXY_WAIT = 5 * SECOND; // for the PROXY header, which a proxy sends at once
export const PROXY_V2 = 4096; // octets after the fixed part of a version 2 header: the specification wants 520 at least
export const TLS_HANDSHAKE = 30 * SECOND; // from the first octet to the end of the handshake

export const GIVEN_UP_TIMES = 2; // connections in a row that end as soon as TLS 1.3 stands, after which their network is offered TLS 1.2
export const GIVEN_UP_AGE = 24 * 60 * MINUTE; // so long it is
export const GIVEN_UP_NETWORKS = 1000; // remembered; the oldest go first
export const CLIENT_HELLO = 16 * KiB; // what a TLS client says first: some 500 octets, with keys that withstand quantum computers 2 KiB

/** Log. */
export const LOG_DELAY = 10; // lines that do not warn are gathered for so long; a power cut takes no more of them
export const LOG_HELD = 64 * KiB; // characters gathered at most

/** Reception. */
export const CONNECT_BURST = 300; // connections from one address at once, before the rate below counts; lists and relays come in bursts
export const CONNECT_PER_MINUTE = 300; // connections from one address in the long run
export const RATE_ENTRIES = 20000; // addresses whose rate is remembered: some 4 MB

export const ORIGIN_WAIT = 5 * SECOND; // for what is asked of DNS about a client, from its connect on; then it is unknown
export const REVERSE_NAMES = 5; // names of one address that are looked at: hosts of many names have hundreds
export const HOLD_BACK_FREE = 2; // refusals that are answered at once: everybody mistypes an address
export const HOLD_BACK_STEP = 1 * SECOND; // added by each further refusal
export const HOLD_BACK_MOST = 5 * SECOND; // well under any client's patience
export const HELD_BACK = 200; // connections held back at once: past it refusals are answered at once, lest they fill the house
export const MESSAGES_PER_MINUTE = 600; // from one address that is not trusted, to port 25: large providers come in bursts
export const ACCOUNT_PER_HOUR = 1000; // recipients an account may write to: a club's newsletter fits, a stolen password is of little use
export const ACCOUNT_PER_DAY = 5000;
export const ACCOUNT_RATES = 10_000; // accounts whose recipients are counted; the oldest go first
export const GREY_ENTRIES = 20_000; // triplets and networks remembered: some 4 MB
export const GREY_PENDING = 24 * 60 * MINUTE; // a first try nobody followed up is forgotten
export const GREY_PASSED = 36 * 24 * 60 * MINUTE; // monthly newsletters come in time
export const GREY_NETWORK = 5; // triplets that passed before a whole network passes
export const GREY_SAVE = 60 * SECOND; // between two savings: a crash costs senders one more try
export const GREY_FILE = 16 * MiB; // GREY_ENTRIES with long addresses

/** Store. */
export const MAILBOX_NAME = 255; // octets of a folder's name on disk: what file systems take
export const KEYWORDS = 26; // a-z in the file name, as dovecot-keywords has it
export const UIDLIST_SIZE = 512 * MiB; // dovecot-uidlist: millions of lines; past it something is wrong with the file
export const KEYWORD_FILE_SIZE = 64 * KiB; // dovecot-keywords: 26 names
export const KEYWORD_LENGTH = 255; // octets of a keyword's name
export const SUBSCRIPTIONS_SIZE = 8 * MiB; // tens of thousands of names
export const ACL_SIZE = 64 * KiB; // dovecot-acl: ACL_ENTRIES with long addresses
export const ACL_ENTRIES = 200; // of one mailbox: more people are "authenticated"
export const ACLS_KEPT = 20_000; // lists of shared mailboxes, and entries in them, kept in memory: some 4 MB
export const SHARED_LIST_SIZE = 32 * MiB; // roost-shared: hundreds of thousands of folders
export const SHARED_BY_ONE = 5000; // lines in it of one account: a hundred folders, each for fifty people
export const SHARED_SHOWN = 10_000; // mailboxes of others that one user sees
export const SHARED_SEEN = 24 * 60 * MINUTE; // until folders that other programs have shared are looked for again
export const KEPT_DIRS = 64; // folders kept open between two syncs of them: a descriptor each
export const QUICK_READ = 256 * KiB; // messages up to this are read at once, without waiting
export const BULK_FILES = 64; // messages read ahead together: a millisecond of the thread's
export const BULK_OCTETS = 256 * KiB; // and what they may take: as much as the processor keeps at hand
export const BULK_FILE = 64 * KiB; // a message larger than this is not read ahead: reading it costs more than asking
export const BULK_HEADER = 16 * KiB; // octets of a message that are read for its header: nearly all have less
export const BULK_ARRAYS = 8; // arrays of BULK_OCTETS kept to be used again while the thread lives
export const BULK_WAITING = 64; // requests that wait for it, those of readers that have gone among them: 16 MB; who asks for more reads by himself
export const BULK_IDLE = 10 * SECOND; // without a request, then the thread is ended: it holds 15 MB
export const BULK_RETRY = 1 * MINUTE; // until it is started again after it failed
export const AHEAD_BATCHES = 6; // BULK_OCTETS each, read ahead for a command: the thread has always some to do
export const AHEADS = 8; // readers ahead at once: 12 MB; others read by themselves
export const AHEAD_FROM = 32; // messages of one command from which on they are read ahead: fewer are read while the thread is asked
export const AHEAD_START = 1000; // the same where the thread has to be started for them: as many are read before it is there
export const AHEAD_RUN = 8; // messages asked for one by one, in order, after which the next ones are read ahead
export const AHEAD_START_RUN = 64; // the same where the thread has to be started
export const AHEAD_KEPT = 5 * SECOND; // read ahead for one who asks one by one, and does not ask any more
export const CACHED_MESSAGES = 150_000; // of folders nobody has open, kept for the next SELECT: some 25 MB at most
export const CACHED_FOR = 10 * MINUTE; // and for how long
export const FOLDER_SEEN = 1 * SECOND; // a folder that was there is not looked for again by the next delivery
export const CACHED_FOLDERS = 200; // folders nobody has open, kept likewise
export const KNOWN_FOLDERS = 500; // folders without their messages, of which is kept what was shown to whom: some 5 KB each
export const NOTIFY_FOLDERS = 20_000; // of an account that are followed at once (RFC 5465): some 6 MB, and a look at them takes half a second of the disk's and ours
export const NOTIFY_FOLDERS_ALL = 100_000; // of all accounts: some 30 MB
export const NOTIFY_WATCHED = 64; // of an account with notices of the file system; others are looked at each half minute
export const NOTIFY_WATCHED_ALL = 256; // of all accounts: the kernel takes 10 us for each, and is asked for all of them anew at times
export const UID_VALIDITIES = 512; // UIDVALIDITYs taken at once where very many folders are looked at for the first time: minutes that they run ahead of the clock
export const STATUSES_KEPT = 20_000; // of an account's folders that nobody has open: 4 MB at most

/** Mail formats. */
export const ADDRESS_LOCAL = 255; // octets of a local part; RFC 5321 4.5.3.1.1 says 64, but VERP and SRS addresses in daily mail are longer
export const ADDRESS_DOMAIN = 255; // RFC 5321 4.5.3.1.2
export const MIME_DEPTH = 100; // parts within parts; deeper is one opaque part. Dovecot's figure
export const MIME_PARTS = 10_000; // of one message; more are not looked into. Dovecot's figure
export const MIME_BOUNDARY = 80; // octets of a boundary that are compared: RFC 2046 5.1.1 allows 70
export const MIME_PARAMETERS = 100; // of one field; real mail has under 10
export const PART_HEADER = 64 * KiB; // header of one MIME part (of the message itself: HEADER_SIZE); fields beyond are not looked at
export const ENVELOPE_ADDRESSES = 10_000; // in one address field; more are left out of ENVELOPE
export const DSN_RETURNED = 256 * KiB; // of the message that a bounce brings back; above it only the header
export const ENCODED_WORDS = 128 * KiB; // of a field in which encoded words are looked for: broken ones cost time by the square
export const SEARCH_TEXT = 16 * MiB; // decoded octets of one part that a text search looks at

/** DNS. */
export const DNS_UDP_SIZE = 1232; // answer we offer to take over UDP: fits any path without fragments (DNS flag day 2020)
export const DNS_TIMEOUT = 3 * SECOND; // one question to one server; doubled in the second round
export const DNS_ROUNDS = 2; // times each server is asked before we say "could not ask"
export const DNS_SERVERS = 3; // servers asked, as in resolv.conf(5)
export const DNS_ALIASES = 10; // CNAMEs followed: more is a loop or a trick
export const DNS_POINTERS = 128; // followed within one name, which has 127 labels at most: chains of thousands would hold the loop
export const DNS_ANSWER_RECORDS = 500; // records of one answer looked at: 64 KiB could hold thousands of tiny ones
export const DNS_IN_FLIGHT = 200; // questions under way at once, one socket each
export const DNS_ZONE_IN_FLIGHT = 40; // of these about one zone: one whose servers do not answer leaves the others their places
export const DNS_ZONE_WAITING = 200; // questions about one zone that wait for their turn; past it the answer is "could not ask"
export const DNS_WAITING = 2000; // the same of all zones
export const DNS_CACHE_OCTETS = 4 * MiB; // about 20,000 usual answers
export const DNS_TTL = 86400; // seconds an answer is believed at most
export const DNS_NEGATIVE_TTL = 3600; // seconds a "no" is believed at most (RFC 2308 5 suggests one to three hours)
export const DNS_SYSTEM_TTL = 60; // seconds for answers of the system's resolver, which does not tell the TTL
export const CHECKED_ADDRESSES = 8; // of this server that "check" looks at: a host has two as a rule
export const MX_HOSTS = 20; // exchanges of one domain that are considered

/** Checks of a message's origin. */
export const AUTH_WAIT = 20 * SECOND; // for what DNS has not told when the message is whole; then it is a temperror (SPF: RFC 7208 4.6.4)
export const AUTHRES_SIZE = 64 * KiB; // an Authentication-Results field that is read; real ones have some hundred octets
export const AUTHRES_RESULTS = 100; // results in one, and properties of one result
export const AUTHRES_DKIM = 20; // signatures named in ours: with more, only few of those that failed
export const AUTHRES_REASON = 200; // characters of a reason told in it
export const DMARC_RECORD = 8 * KiB; // a policy record that is read; real ones have some hundred octets
export const DMARC_FROM = 64 * KiB; // of a From field that is read: mail programs show far less
export const DMARC_LABELS = 7; // of a long name, where the walk up the tree goes on (RFC 9989 4.10)
export const DMARC_AUTHORS = 3; // domains in From that are looked up; honest mail has one
export const DMARC_IDENTIFIERS = 10; // signing domains below the author's organization that are looked at

/** DKIM and ARC. */
export const DKIM_SIGNATURES = 20; // of one message that are checked, each a look-up and some arithmetic; lists make three or four
export const DKIM_TAGS = 100; // of one signature or key record that are read; real ones have about ten
export const DKIM_OUTCOMES = 100; // signatures of one message that are told of at all
export const DKIM_KEY_RECORDS = 5; // of one selector that are tried; there should be one
export const ARC_SETS = 50; // of one message (RFC 8617 4.2.1)
export const DKIM_KEY_FILE = 16 * KiB; // a private key in PEM: the longest usual one has 3 KiB
export const DKIM_DOMAINS = 1000; // domains whose keys are held ready to sign: some 10 KB each
export const DKIM_COUNT = 10 * MINUTE; // between two looks at keys that are being changed: each may ask DNS and write a few octets
export const DKIM_RETIRED = 7 * 24 * 3600; // seconds a retired key stays published: mail waits in queues for five days
export const DKIM_WAIT = 7 * 24 * 3600; // seconds for somebody to publish a new key, where DNS cannot be asked whether it is
export const DKIM_FORGET = 60 * 24 * 3600; // seconds after which a retired key's file goes, whatever DNS still shows
export const RSA_BITS_LEAST = 1024; // RFC 8301 3.2
export const RSA_BITS_MOST = 8192; // RFC 6376 wants 2048; each doubling costs four times as much, and a longer key fits no usual answer

/** Sending. Times of the client are RFC 5321 4.5.3.2's minima. */
export const SMTP_REPLY_LINE = 4096; // RFC 5321 4.5.3.1.5 says 512; some answers carry long links
export const SMTP_REPLY_LINES = 100; // lines of one reply; EHLO has about 20
export const SMTP_REPLY_KEPT = 2000; // characters of a reply that are kept for logs and bounces
export const CLIENT_CONNECT = 30 * SECOND; // kernels give up after about two minutes; the next address may be quicker
export const CLIENT_NEXT_ADDRESS = 2 * SECOND; // before a host's next address is tried beside one that does not answer; RFC 8305 has 250 ms, mail is less hasty
export const CLIENT_GREETING = 5 * MINUTE;
export const CLIENT_COMMAND = 5 * MINUTE; // EHLO, MAIL, RCPT, RSET
export const CLIENT_DATA = 2 * MINUTE; // for the 354
export const CLIENT_DATA_END = 10 * MINUTE; // after the final dot: giving up early is what makes doubles
export const CLIENT_CHUNKS_AHEAD = 16; // chunks of 64 KiB on their way without an answer: a long line stays busy, the answers fit any buffer
export const CLIENT_QUIT = 10 * SECOND; // nothing hangs on the answer to QUIT
export const CLIENT_RECIPIENTS = 100; // in one transaction: what every server must take (RFC 5321 4.5.3.1.8)
export const OUTBOUND_ADDRESSES = 10; // addresses tried in one attempt
export const OUTBOUND_SESSIONS = 3; // hosts that answered and could not be used, before the attempt ends
export const OUTBOUND_AWAY_HOSTS = 2000; // addresses that are left alone for a while; the oldest are forgotten first
export const OUTBOUND_AWAY_DESTINATIONS = 200; // that wait for one of these, by name; the others come back by themselves
export const OUTBOUND_IDLE = 5 * SECOND; // a connection kept for the next message to the same host
export const OUTBOUND_IDLE_CONNECTIONS = 50; // of these, all hosts together
export const OUTBOUND_MESSAGES = 100; // over one connection, so that no host is held for ever
export const STS_POLICY = 64 * KiB; // an MTA-STS policy, as RFC 8461 3.3 suggests
export const STS_FETCH = 60 * SECOND; // for the whole fetch, as RFC 8461 3.3 suggests
export const STS_RETRY = 5 * MINUTE; // between two failed fetches for a domain, as RFC 8461 3.3 suggests
export const STS_REFRESH = 24 * 60 * MINUTE; // a policy is fetched again after so long, that its max_age begins anew
export const STS_DOMAINS = 5000; // policies kept: some 250 octets each
export const STS_CACHE_FILE = 64 * MiB; // of these on disk, all as large as they may be
export const SRS_SECRETS = 64 * KiB; // file with the secrets of SRS: hundreds of them
export const SRS_STEPS = 5; // return addresses within return addresses that are unwrapped: our own forwards make two at most
export const TLS_MEMORY_DOMAINS = 10_000; // destinations whose TLS is remembered: some 2 MB; those not heard of for longest go first
export const TLS_MEMORY_TIMES = 3; // sessions in a row after which TLS, or a valid certificate, is expected
export const TLS_MEMORY_AGE = 60 * 24 * 60 * MINUTE; // since the last session with TLS, after which nothing is expected any more
export const TLS_MEMORY_SAVE = 60 * SECOND; // between two savings
export const TLS_MEMORY_FILE = 8 * MiB; // of these on disk
export const TLS_CHAIN = 10; // certificates of a chain that are looked at: real ones have two to four

/** Status page and API. */
export const STATUS_BODY = 8 * MiB; // of a request that changes: the IDs of all messages that a full queue has
export const WORD_FIRST = 10 * MINUTE; // after the start, before the first look at how the server is
export const WORD_LOOK = 60 * MINUTE; // between two such looks
export const WORD_EVERY = 24 * 60 * MINUTE; // between two mails to the postmaster about what they found
export const WORD_FILE = 100; // octets of the file that keeps when the last one was
export const HTTP_CONNECTIONS = 200; // to one address of listen.http or listen.https: browsers open six each
export const HTTP_PER_NETWORK = 50; // of these from one address of strangers, or IPv6 network: a household
export const HTTP_LINE = 8 * KiB; // request line or one header field: what browsers and proxies keep to
export const HTTP_HEAD = 32 * KiB; // all of these together: 100 long ones on each of 200 connections would be all our memory
export const HTTP_FIELDS = 100; // header fields of one request; browsers send about 20
export const HTTP_HEAD_TIME = 20 * SECOND; // for a whole request line and header, the wait for it included
export const HTTP_BODY_TIME = 60 * SECOND; // for a whole body, however it drips in
export const HTTP_REQUESTS = 1000; // over one connection
export const HSTS_AGE = 30 * 24 * 60 * MINUTE; // for which browsers that came by TLS do not come without: what is left of a certificate when it is renewed
export const HTTP_DRAIN = 64 * KiB; // of a body nobody wanted that is read to go on; with more we hang up
export const LAG_LOOK = SECOND; // between two looks at how late the event loop is, while nothing goes on
export const LAG_LOOK_BUSY = 10; // ms between them while something does: whatever holds the loop for longer is seen
export const LAG_CALM = 2 * SECOND; // without any command or lateness until nothing goes on: an idle machine had better sleep
export const SETUP_BODY = 16 * KiB; // what Outlook asks with: some 500 octets
export const STATUS_FORM = 64 * KiB; // a form of the page: a hundred IDs and a token
export const STATUS_QUEUE = 100; // messages that the page shows; the API has all
export const STATUS_ACCOUNTS = 1000; // accounts that page and API tell of; "roost user list" has all
export const STATUS_DOMAINS = 50; // domains whose DNS the page asks for
export const STATUS_DNS_AGE = 10 * MINUTE; // what DNS said is shown so long before it is asked again
export const STATUS_DNS_WAIT = 4 * SECOND; // for DNS before the page is shown without its answers
export const LIVE_STREAMS = 20; // pages that are told of changes: an open connection each
export const LIVE_LOOK = 2 * SECOND; // between two looks for a change
export const LIVE_BEAT = 15 * SECOND; // of silence on such a connection, lest a proxy cuts it
export const DECISIONS_KEPT = 300; // some 500 octets each
export const DECISION_TEXT = 500; // characters of one reason: a reply line's worth
export const HISTORY_SAVE = 5 * MINUTE; // between two savings of the day's counts: a crash costs as much of the plot
export const HISTORY_FILE = 64 * KiB; // of these on disk: 144 lines of some 40 octets
export const TOKENS = 100; // for the API: one for each program
export const TOKEN_NAME = 60; // characters
export const TOKEN_FILE = 64 * KiB; // of these on disk, all with long names
export const SESSIONS = 50; // browsers signed in at once; the oldest is signed out
export const SESSION_AGE = 12 * 60 * MINUTE; // a working day, then the token is asked for again
export const WRONG_TOKEN_WAIT = 5 * SECOND; // longest wait for the answer to a wrong token
export const WRONG_TOKEN_FORGET = 60 * MINUTE; // without a wrong one it starts anew
export const WRONG_TOKEN_NETWORKS = 5000; // remembered; the oldest go first

/** Configuration and accounts. */
export const CONFIG_FILE = 4 * MiB; // thousands of domains and aliases fit
export const ACCOUNTS_FILE = 64 * MiB; // some 200,000 accounts
export const UNFOLDED_ALIASES = 10_000; // values YAML aliases may stand for in a file, lest few lines fill the memory
export const ALIAS_TARGETS = 1000; // mailboxes one recipient may unfold to; larger lists belong to a list manager
export const ALIAS_DEPTH = 20; // aliases that lead to aliases: deeper is a mistake
export const PASSWORD_LENGTH = 1024; // octets; RFC 4616 bounds nothing, hashing costs by length
export const SCRAM_ITERATIONS = 32_768; // PBKDF2 rounds that each client computes at a login: 25 ms on a PC; Cyrus' clients take 65,536 at most
export const SCRAM_ITERATIONS_MAX = 10_000_000; // of stored keys, which may come from a hand-edited file; costs only the client
export const CERTIFICATES = 20; // of one account, for logins by client certificate
export const APP_PASSWORDS = 50; // an account's; each is checked at a login that is not cached
export const HASHES_AT_ONCE = 2; // a hash takes 32 MiB and a thread: a flood of logins waits instead
export const HASHES_WAITING = 200; // logins that wait for a hash; past it they are told to try later
export const LOGIN_CACHE = 4096; // accounts whose last good password is remembered (as an HMAC under a key of this process)
export const LOGIN_CACHE_AGE = 60 * MINUTE; // after that the real hash is computed again
export const BACK_OFF_FREE = 10; // failed logins from one network for one account before it has to wait
export const BACK_OFF_FREE_NETWORK = 50; // failed logins from one network for any accounts: guessing names
export const BACK_OFF_FIRST = 2 * SECOND; // then this long, doubled by each further failure
export const BACK_OFF_LONGEST = 15 * MINUTE;
export const BACK_OFF_FORGET = 60 * MINUTE; // without a failure for so long it starts anew
export const BACK_OFF_ENTRIES = 20_000; // networks and accounts remembered; the oldest go first

/** SPF, by RFC 7208 4.6.4. */
export const SPF_LOOKUPS = 10; // terms that ask DNS in one check
export const SPF_VOID = 2; // of these whose question has no answer
export const SPF_MX_NAMES = 10; // hosts of one mx term
export const SPF_PTR_NAMES = 10; // names of the client's address
export const SPF_TIME = 20 * SECOND; // for all of one check, which is the least it should be
export const SPF_EXPLANATION = 500; // characters of what a domain has to say about a fail: a reply line's worth
export const SPF_WHY = 200; // characters of why, which goes into header fields

/** Checks by hand. */
export const BATCH_LINE = 64 * KiB; // one question
export const BATCH_AT_ONCE = 32; // questions under way: a batch must not crowd out its name server

/** Listeners. */
export const LISTEN_KNOCK = 30 * SECOND; // between two looks whether a listener still accepts: so long nobody gets in when it does not
export const LISTEN_KNOCK_WAIT = 5 * SECOND; // for our own connection to be let in: longer than the loop is ever held

/** The service manager that watches over us. */
export const MANAGER_LOOK = 60 * SECOND; // between two lines about how we are, and signs of life where it wants none more often
export const MANAGER_LEAST = 50; // milliseconds between two signs of life, whatever it wants
export const MANAGER_KNOCKS = 3; // times that listeners are tried at the start, LISTEN_KNOCK_WAIT each
export const MANAGER_STATUS = 200; // characters of such a line
export const MANAGER_WAITING = 20; // datagrams it has not taken yet: one that hangs takes none

/** Notices of certificates that end. */
export const NOTICE_DAYS = [14, 7, 3, 1]; // before the end, once each: time to do something, and a last word
export const NOTICE_CERTIFICATES = 20; // told one by one in a mail
export const NOTICE_FILE = 64 * KiB; // of what was told: hundreds of certificates
export const CLOCK_DRIFT = 5 * MINUTE; // that a clock may go wrong by, or be brought right by, without having been set
export const CLOCK_STEADY = 2 * 60 * MINUTE; // after which a clock that nobody has set is believed: with a network it is right in minutes

/** Mail that lies in a folder for too long. */
export const EXPIRY_FIRST = 10 * MINUTE; // after the start, when most clocks are right and clients have come back
export const EXPIRY_LOOK = 60 * MINUTE; // between two looks at the time
export const EXPIRY_EVERY = 24 * 60 * MINUTE; // between two rounds
export const EXPIRY_BATCH = 100; // messages removed together; each batch is a moment in which the folder waits
export const EXPIRY_PAUSE = 20; // milliseconds after each, for everybody else
export const ARRIVAL_MARKS = 30; // notes of what was in a folder, each age that mail has there: of 30 days, one a day
export const ARRIVALS_FILE = 4 * KiB; // all of these
export const EXPIRY_FILE = 100; // octets of the file that has two times in it
export const CATCH_UP = 8; // times as fast as time goes by: after a month off all is right in four days, and three hours of a wrong clock are one

/** Installing. */
export const INSTALL_BLOCK = 1 * MiB; // of the executable copied at a time
export const INSTALL_UNIT = 64 * KiB; // of a file of systemd's: ours have three

/** The index. */
export const INDEX_BATCH = 256; // rows written in one transaction: some 2 ms
export const INDEX_READ_AHEAD = 256; // rows read at once: under 1 ms
export const INDEX_PENDING = 8 * MiB; // octets waiting to be written, some 10,000 headers; past it they are written at once
export const INDEX_NEEDLES = 4; // texts of a search that the database looks for in header fields: one with more is done without its help
export const INDEX_FIELDS_ASKED = 1024; // messages it is asked about at a time: some 2 ms
export const INDEX_REST = 1 * SECOND; // after which what is pending is written and what was read ahead is forgotten
export const INDEX_PAUSE = 60 * SECOND; // before an index that could not be used is tried again
export const INDEX_TELL = 60 * MINUTE; // between two log lines that tell why the same index cannot be used: a full disk stays full for hours
export const INDEX_KEPT = 10 * SECOND; // a database nobody uses stays open so long: it takes a millisecond or two to open, and 0.3 MB
export const INDEX_OPEN = 8; // databases open at once; each holds 0.3 to 1 MB, which the C library does not give back
export const INDEX_TEXT = 512 * KiB; // characters of one message in the full-text index; what has more is also looked into at each search
export const INDEX_NEEDLE = 64; // characters of a search text that are looked up in it; signatures of a long text overlap by as many
export const INDEX_TRIGRAMS = 12; // of these characters, three at a time, that are looked up: more cost more than they keep out
export const INDEX_SLICE = 4; // milliseconds the full-text index is filled at a time
export const INDEX_QUIET = 20; // milliseconds nobody has worked with a mailbox before its texts are put in: clients that ask one thing after the other are not kept waiting
export const INDEX_LATEST = 10 * SECOND; // after which what is pending is written though somebody asks one thing after the other
export const INDEX_LAG = 32; // messages that need not be in it: read in 2 ms by who searches, put in together
export const INDEX_SWEEP = 200; // rows looked at for messages that are gone, each time a folder is opened
export const INDEX_SPANS = 64; // stretches of mod-sequences known of a folder, one each time a server starts: clients away for longer ask for everything
export const VANISHED_KEPT = 50_000; // expunged UIDs remembered of a folder: clients away for longer ask for everything

export const DEVICE_PER_HOUR = 60; // recipients of an old device: a scan a minute
export const DEVICE_PER_DAY = 500; // likewise; one that is taken over can do no more harm than that

/** Queue. */
export const QUEUE_HEAD = 1 * MiB; // envelope of a queued message on disk: SMTP_RECIPIENTS long addresses with their DSN options
export const QUEUE_STATE = 16 * MiB; // journal of a queued message: more is not ours
export const QUEUE_STATE_COMPACT = 256 * KiB; // journal that is written anew as a summary
export const QUEUE_WHY = 500; // characters kept of why a recipient has not got it, and of replies
export const QUEUE_BODY_IN_MEMORY = 256 * KiB; // a queued message read at once for an attempt; larger ones are streamed
export const QUEUE_ATTEMPTS = 50; // deliveries under way at once: hosts that stall must not take all the room
export const QUEUE_ATTEMPTS_PER_DESTINATION = 20; // of these to one domain, when all goes well: what Postfix and Exim are at
export const SUPPRESS_AFTER = 3; // refusals of an address by its own server before it is left alone: one may be a mistake there
export const SUPPRESS_APART = 60 * MINUTE; // between two that count: a burst of mail into one bad hour is one
export const SUPPRESS_MEMORY = 60 * 24 * 60 * MINUTE; // without another they are forgotten
export const SUPPRESS_ADDRESSES = 20_000; // that are remembered: some 300 octets each
export const SUPPRESS_WHY = 200; // characters kept of what the server said
export const SUPPRESS_FILE = 16 * MiB; // of these on disk, all as long as they may be
export const SUPPRESS_SAVE = 60 * SECOND; // between two savings
export const QUEUE_MESSAGES = 250_000; // in the queue: some 100 MB of memory, and folders that can still be listed
export const QUEUE_STEADY = 60 * MINUTE; // the clock must have gone like this before a message is given up for its age: a machine without a battery is set within minutes
export const QUEUE_TEMPORARY_AGE = 60 * MINUTE; // a half-written file this old has no writer any more

/** Reports about TLS and about who sends in a domain's name. */
export const REPORT_TARGETS = 10; // addresses of one domain a report goes to: real ones have one or two
export const REPORT_DOMAINS = 1000; // domains a day that are counted for: some 2 MB; what comes after them is not told of
export const REPORT_DAYS = 8; // days that are counted at a time: more only where the clock jumps about
export const REPORT_POLICIES = 20; // policies of one report: a domain has one a day, two on the day it changes
export const REPORT_DETAILS = 100; // kinds of failure of one policy; past it they count in the total only
export const REPORT_STRINGS = 50; // lines of a policy that are told
export const REPORT_TEXT = 1000; // characters of one text in a report
export const REPORT_DEPTH = 20; // braces within braces: a report has six
export const REPORT_CHILDREN = 500; // elements within one, but for the rows of a report: real ones have under twenty
export const REPORT_ROWS = 1000; // ways mail of one domain fared on one day; past it messages are counted as left out
export const REPORT_ROWS_DAY = 10_000; // the same of all domains: some 6 MB
export const REPORT_SIGNATURES = 10; // of one message that are told; RFC 9990 3.1.3 says no more than 100
export const REPORT_LOOK = 5 * MINUTE; // between two looks for reports that are due
export const REPORT_SPREAD = 4 * 60 * MINUTE; // reports of a day go out within so long after it, as RFC 8460 4.1 wishes
export const REPORT_AGAIN = 60 * MINUTE; // after a report could not be handed over
export const REPORT_KEPT = 2; // days after which nobody needs a report any more
export const REPORT_SAVE = 60 * SECOND; // between two savings: a crash costs a minute's counts
export const REPORT_FILE = 64 * MiB; // of these counts on disk
export const REPORT_MAIL = 2 * MiB; // a message that is looked into for a report: packed ones have some kilobytes
export const REPORT_PARTS = 20; // of such a message that are looked at
export const REPORT_XML = 4 * MiB; // a report unpacked: past it, it is a bomb, or about more mail than a person can read
export const REPORT_JSON = 1 * MiB; // likewise; it is read in one go, which takes some 10 ms
export const REPORT_VALUES = 20_000; // of such a report: hundreds of thousands of small ones would take ten times as long
export const REPORTS_WAITING = 5; // such messages held in memory at a time
export const REPORT_RECEIVED = 500; // summaries kept of each kind: some 2 KB each
export const REPORT_RECEIVED_AGE = 90 * 24 * 60 * MINUTE; // and for how long
export const REPORT_WORST = 10; // failures told in a summary
export const REPORT_POST = 60 * SECOND; // to hand a report over by HTTPS

/** Certificates from authorities (ACME). */
export const ACME_REPLY = 64 * KiB; // of one reply: a directory and an order of a hundred names have some
export const ACME_CHAIN = 128 * KiB; // a certificate with its chain: a few KiB
export const ACME_REQUEST = 30 * SECOND; // for one request
export const ACME_ORDER = 10 * MINUTE; // for one certificate, whatever the authority says
export const ACME_REQUESTS = 1000; // for one certificate: a hundred names take some 400
export const ACME_NONCES = 10; // tries where each nonce is called bad
export const ACME_POLL = 1 * SECOND; // between two looks at what the authority is about
export const ACME_POLL_MOST = 20 * SECOND; // and at most, whatever it asks for
export const ACME_NAMES = 100; // of one certificate: what Let's Encrypt takes
export const ACME_TEXT = 500; // characters of an error that are kept
export const ACME_STATE = 64 * KiB; // of what is remembered of it on disk
export const ACME_WAIT_MOST = 7 * 24 * 60 * MINUTE; // until the next attempt, whatever the authority says: its limits count by the week
export const ACME_CLOCK = 24 * 60 * MINUTE; // our clock may be off from the authority's: one that is further off is wrong
export const ACME_ALONE = 3; // failures after which the server's own name is asked for alone: whatever is wrong with the others must not cost it its certificate
export const ACME_LOOK_NAMES = 500; // names looked up in DNS to see whether they lead here
export const ACME_WINDOW = 6 * 60 * MINUTE; // between two questions when a certificate is to be renewed, unless the authority says otherwise
export const ACME_WINDOW_LEAST = 60 * MINUTE; // and at least, whatever it says
export const ACME_WINDOW_MOST = 24 * 60 * MINUTE; // and at most: some are to be renewed within a day
export const ACME_REFUSED = 24 * 60 * MINUTE; // a name it does not issue for is left out so long
export const ACME_LOOK = 24 * 60 * MINUTE; // between two looks in DNS for names that lead here

/** The trace of what was decided about mail. */
export const TRACE_AGE = 30 * 24 * 60 * MINUTE; // people ask within days; who reads logs for longer keeps the log
export const TRACE_SIZE = 50 * MiB; // some 80,000 messages; looked through in half a second
export const TRACE_SIZE_LEAST = 1 * MiB; // less would be gone before anybody asks
export const TRACE_WAITING = 10_000; // events held in memory until they are written: some 5 MB, two seconds of the busiest machine
export const TRACE_FLUSH = 1 * SECOND; // what a crash may lose
export const TRACE_BATCH = 200; // events of one transaction: some 3 ms
export const TRACE_ROW = 50; // events of one message kept as one row
export const TRACE_EVENT = 4 * KiB; // characters of an event on the average of a row; past it texts are cut
export const TRACE_TEXT = 500; // characters of each, then
export const TRACE_PAUSE = 60 * SECOND; // before a file that could not be written is tried again
export const TRACE_PRUNE = 60 * SECOND; // between two looks at what is too old or too much
export const TRACE_REFUSALS = 2000; // clients with refusals in one hour that are told apart
export const TRACE_PAIRS = 10; // senders and recipients told of each
export const TRACE_PAIR = 200; // characters of each: 2,000 clients with ten long ones are 4 MB
export const TRACE_FOUND = 200; // messages told to who asks; the newest
export const TRACE_TOLD = 5000; // events of them

/** Import, export and backup. */
export const TRANSFER_BATCH = 128; // messages put on the medium together: a crash repeats no more
export const TRANSFER_BATCH_OCTETS = 8 * MiB; // of these in memory; another such batch is read meanwhile
export const TRANSFER_LOSSES = 1000; // losses told one by one; past it they are only counted
export const TRANSFER_FOLDERS = 20_000; // folders of one source
export const TRANSFER_DEPTH = 30; // folders within folders of one source
export const TRANSFER_REMOTE = 2_000_000; // messages of one folder of another server: some 500 MB of notes about them; one that lies has no end
export const MBOX_LINE = 1024; // octets of a From_ line that are looked at
export const MBOX_HEADER = 64 * KiB; // of a message's header in which Content-Length is looked for
export const BACKUP_ROUNDS = 5; // looks at folders that change while a snapshot is made; a sixth would find changes, too
