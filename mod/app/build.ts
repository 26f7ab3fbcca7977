/** Every wire between the rooms. What lives as long as the process is made here once; what a reload changes goes through `adopt`. */
import type { Account, Accounts } from "../account/account.ts";
import { changeAccounts } from "../account/accounts_file.ts";
import { AccountAuthenticator, type LoginPolicy } from "../account/authenticator.ts";
import { BackOff } from "../account/back_off.ts";
import type { AccountId, Directory } from "../account/directory.ts";
import { LocalDirectory } from "../account/local_directory.ts";
import { PasswordHasher } from "../account/password_hasher.ts";
import { loadSaltSecret } from "../account/salt_secret.ts";
import { withScram } from "../account/stored_scram.ts";
import { Srs } from "../auth/srs.ts";
import { loadSrsSecrets } from "../auth/srs_secrets.ts";
import { BlockPool } from "../base/block_pool.ts";
import { memoryBody } from "../base/body.ts";
import type { BulkReader } from "../base/bulk_reader.ts";
import { folderOf } from "../base/durable.ts";
import { KeptFile } from "../base/kept_file.ts";
import { isFsError } from "../base/fs.ts";
import {
  BODIES_HELD,
  CONNECT_BURST,
  CONNECT_PER_MINUTE,
  SUPPRESS_FILE,
  SUPPRESS_SAVE,
} from "../base/limits.ts";
import { err, ok } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { AccountRates } from "../inbound/account_rate.ts";
import { Dispatcher } from "../inbound/dispatch.ts";
import { filingJunk } from "../inbound/junk_folder.ts";
import { LocalTransport } from "../inbound/local_transport.ts";
import { InboundPolicy, type Room } from "../inbound/policy.ts";
import { RateLimiter } from "../inbound/ratelimit.ts";
import { ReturnPaths } from "../inbound/return_paths.ts";
import { FsSpooler } from "../inbound/spooler.ts";
import { SuccessReports } from "../inbound/success_report.ts";
import { QueueTurns } from "../inbound/turns.ts";
import type { Address } from "../mail/address.ts";
import { MaildirStore } from "../maildir/store.ts";
import type { AwayHost } from "../outbound/hosts.ts";
import { Queue } from "../queue/queue.ts";
import { type Suppressed, Suppressions } from "../queue/suppressions.ts";
import { Spool } from "../queue/spool.ts";
import type { Reporter } from "../queue/reporter.ts";
import type { MailIndex } from "../store/mail_index.ts";
import type { Sharing } from "../store/sharing.ts";
import type { QuotaLimit } from "../store/store.ts";
import type { Policy, Receiver, SmtpPorts } from "../smtp/ports.ts";
import { REPLY, type Reply } from "../smtp/reply.ts";
import { ReceptionDefences } from "./defences.ts";
import { remoteTransport, wayOut } from "./outbound.ts";
import { MailSigning } from "./mail_signing.ts";
import { BUILD_FACTS } from "./build_facts.ts";
import { lazyIndex } from "./mail_index.ts";
import type { Platform } from "./platform.ts";
import { laneFor, postmasterOf, retryTerms } from "./queue_terms.ts";
import { Reports } from "./reports.ts";
import { SeenTls } from "./seen_tls.ts";
import { SplitTransport } from "./transport.ts";
import { SwappableDirectory } from "./swappable_directory.ts";

/** Milliseconds deliveries under way get to end after a stop. */
const QUEUE_GRACE = 10_000;

/** What sessions and the status page work with. */
export interface Services {
  readonly store: MaildirStore;
  readonly index: MailIndex;
  /** What accounts let each other do; made when somebody logs in to mail. */
  sharing(): Promise<Sharing>;
  readonly queue: Queue;
  /** Hosts that no mail is sent to for a while. */
  awayHosts(): readonly AwayHost[];
  /** Addresses elsewhere that bounce. */
  readonly suppressed: {
    list(): readonly Suppressed[];
    /** Forgets an address, or all of "@domain", on the medium; gives how many there were. */
    remove(address: string): Promise<number>;
  };
  readonly authenticator: AccountAuthenticator;
  readonly smtp: SmtpPorts;
  readonly directory: Directory;
  /** Quotas of old devices. */
  readonly deviceRates: AccountRates;
  readonly reports: Reports;
  readonly signing: MailSigning;
  /** Reads what people may change beside config and accounts. Never throws: what cannot be read stays as it was. */
  readAgain(): Promise<void>;
  /** Takes over a config and accounts that were read and checked. */
  adopt(config: Config, accounts: Accounts): void;
  /** Ends deliveries and closes the store. */
  stop(): Promise<void>;
}

/** Makes the services and opens the queue's folder. Throws FsError when DATA cannot be used. */
export async function buildServices(
  platform: Platform,
  config: Config,
  accounts: Accounts,
): Promise<Services> {
  const { fs, clock, random, log } = platform;
  const paths = dataPaths(config);
  await fs.makeDir(paths.mail);
  await keepFolder(platform, config.data);
  const people = new SwappableDirectory(new LocalDirectory(config.domains, accounts));
  let terms = config;
  let srs = new Srs(await loadSrsSecrets(fs, paths.srs, random));
  const directory = new ReturnPaths(people, {
    srs: () => srs,
    domain: () => terms.domains.keys().next().value,
    clock,
  });
  let known = accounts;
  const store = new MaildirStore({
    fs,
    root: paths.mail,
    clock,
    random,
    log,
    hostname: platform.machine,
    pid: platform.pid,
    separator: config.imap.separator,
    quota: (id) => quotaOf(known.get(id)),
    bulk: () => bulkReader(platform),
  });
  const saltSecret = await loadSaltSecret(fs, paths.saltSecret, random);
  const authenticator = buildAuthenticator(platform, config, accounts, saltSecret);
  // The queue delivers by what needs the queue: it comes into being between the two.
  const submitter: { queue: Queue | null } = { queue: null };
  const signing = new MailSigning(platform, config);
  const dispatcher = new Dispatcher({
    directory,
    store,
    log,
    filing: filingJunk(store, log),
    seal: signing.seal,
    rewriteSender: (sender, via) => directory.rewrite(sender, via),
    queue: { submit: (envelope, body) => requireQueue(submitter.queue).submit(envelope, body) },
  });
  const local = new LocalTransport(dispatcher, config.hostname, log);
  const daily = new Reports(platform, config, {
    submit: (envelope, body) => requireQueue(submitter.queue).submit(envelope, body),
  }, (message) => signing.sign(memoryBody(message)));
  await daily.open();
  const seenTls = new SeenTls(platform, paths.tlsMemory);
  const back = (destinations: ReadonlySet<string>) => submitter.queue?.cameBack(destinations);
  const transport = new SplitTransport(
    directory,
    local,
    remoteTransport(platform, config, daily, seenTls, back),
  );
  const reporter = signing.signed(lazyReporter(config.hostname));
  const suppressions = new Suppressions(() => terms.sending.suppress);
  const suppressed = new KeptFile(
    suppressions,
    { path: paths.suppressed, name: "suppressed addresses", most: SUPPRESS_FILE, every: SUPPRESS_SAVE },
    platform,
  );
  await suppressed.open();
  const queue = new Queue({
    spool: new Spool(paths.queue, { fs, clock, random, log }),
    transport,
    reporter,
    clock,
    random,
    log,
  }, {
    terms: (destination) => retryTerms(terms, destination),
    postmaster: () => postmasterOf(terms),
    limits: {
      get attempts() {
        return terms.sending.deliveries;
      },
      get perDestination() {
        return terms.sending.deliveriesPerDestination;
      },
    },
    laneFor: (sender, destination) => laneFor(terms, sender, destination),
    heard: (recipient, outcome) => suppressions.heard(recipient, outcome, clock.now()),
  });
  submitter.queue = queue;
  await queue.open();
  const reports = new SuccessReports({ reporter, queue, clock }, config.hostname);
  const spooler = new FsSpooler(fs, `${paths.queue}/tmp`, random, log);
  // What a crash left over is in nobody's way: nobody waits for it to go.
  void spooler.sweep(clock);
  const bodies = new BlockPool(BODIES_HELD * config.limits.memory);
  let way = wayOut(config);
  let strip = config.submission.strip;
  const defences = await ReceptionDefences.open(platform, config, directory);
  const isSuppressed = (recipient: Address) => suppressions.holds(recipient, clock.now());
  const roomOf = (terms: Config): Room => ({
    has: (id, octets) =>
      quotaOf(known.get(id)) === null ||
      store.account(id).then((account) => account.hasRoom(octets)).catch(() => true),
    full: fullReply(terms),
  });
  const policyOf = (terms: Config) =>
    buildPolicy(platform, terms, directory, queue, defences, isSuppressed, roomOf(terms));
  const policy = new SwappablePolicy(policyOf(config));
  const index = lazyIndex(platform, config);
  let sharing: Promise<Sharing> | null = null;
  return {
    store,
    index,
    sharing: () => sharing ??= store.sharing({ has: (id) => known.has(id), all: () => [...known.keys()] }),
    queue,
    awayHosts: () => transport.awayHosts(),
    directory,
    deviceRates: new AccountRates(clock),
    suppressed: {
      list: () => suppressions.list(clock.now()),
      async remove(address) {
        const removed = suppressions.remove(address);
        await suppressed.save();
        return removed;
      },
    },
    authenticator,
    reports: daily,
    signing,
    smtp: {
      policy,
      receiver: lazyReceiver(async () => {
        const { InboundReceiver } = await import("../inbound/receive.ts");
        const { watched } = await import("../report/watch.ts");
        const { examinerOf } = await import("./examination.ts");
        const receiver = new InboundReceiver(
          {
            dispatcher,
            directory,
            clock,
            log,
            reports,
            strip: () => strip,
            full: () => fullReply(terms),
            examiner: examinerOf(platform, () => terms, (c) => defences.resolver(c)),
            observer: daily,
            signer: (_, body) => signing.sign(body),
          },
          config.hostname,
        );
        return watched(receiver, (message, id) => daily.keep(message, id));
      }),
      authenticator,
      spooler,
      bodies,
      clock,
      random,
      log,
    },
    async readAgain() {
      try {
        srs = new Srs(await loadSrsSecrets(fs, paths.srs, random));
      } catch (cause) {
        log.error("secrets of srs not read again; the old ones hold", {}, cause);
      }
    },
    adopt(next, nextAccounts) {
      known = nextAccounts;
      people.swap(new LocalDirectory(next.domains, nextAccounts));
      authenticator.swap(nextAccounts, loginPolicy(next));
      const shorter = next.limits.queueLifetime < terms.limits.queueLifetime;
      terms = next;
      daily.adopt(next);
      signing.adopt(next);
      bodies.limit(BODIES_HELD * next.limits.memory);
      if (shorter) queue.reschedule();
      if (way !== wayOut(next)) {
        way = wayOut(next);
        transport.swapRemote(remoteTransport(platform, next, daily, seenTls, back));
        queue.reconsider();
      }
      strip = next.submission.strip;
      policy.swap(policyOf(next));
    },
    async stop() {
      await queue.stop(QUEUE_GRACE);
      await index.close();
      await Promise.all([
        transport.close(),
        store.close(),
        defences.close(),
        daily.close(),
        suppressed.close(),
        seenTls.close(),
      ]);
    },
  };
}

/** DATA itself must survive a power cut like what lies in it; what lies in it is synced by the queue's `open`. */
async function keepFolder({ fs, log }: Platform, data: string): Promise<void> {
  try {
    await fs.syncDir(folderOf(data));
  } catch (e) {
    // A parent that this user may not open was not made by us, and neither was DATA in it.
    if (!isFsError(e, "denied")) throw e;
    log.debug("folder above the data not synced", { path: folderOf(data) });
  }
}

/** Reads many files beside the event loop. */
async function bulkReader({ clock, log }: Platform): Promise<BulkReader> {
  const { startThread, ThreadReader } = await import("../sys/bulk_reader.ts");
  // A build has it beside the bundle's other files (build/bundle.ts).
  const program = BUILD_FACTS.built ? "./bulk_thread.js" : "../sys/bulk_thread.ts";
  return new ThreadReader({ clock, log }, () => startThread(new URL(program, import.meta.url)));
}

/** What reads and writes messages is loaded with the first of them: an idle server holds a megabyte less. */
function lazyReceiver(make: () => Promise<Receiver>): Receiver {
  let made: Receiver | null = null;
  return {
    async begin(transaction) {
      made ??= await make();
      return await made.begin?.(transaction) ?? null;
    },
    async receive(transaction, body) {
      made ??= await make();
      return await made.receive(transaction, body);
    },
  };
}

function lazyReporter(hostname: string): Reporter {
  return {
    async write(report) {
      const { dsnReporter } = await import("./reporter.ts");
      return await dsnReporter(hostname, (at) => -new Date(at).getTimezoneOffset()).write(report);
    },
  };
}

/** What is said of mail for a full mailbox. */
function fullReply({ limits }: Config): Reply {
  return limits.mailboxFull === "refuse" ? REPLY.mailboxFull : REPLY.overQuota;
}

/** What an account may keep; null for no bound. A bound of 0 octets lets nothing in, as it says. */
function quotaOf(account: Account | undefined): QuotaLimit | null {
  const octets = account?.quota ?? null;
  const messages = account?.quotaMessages ?? null;
  return octets === null && messages === null ? null : { octets, messages };
}

function requireQueue(queue: Queue | null): Queue {
  if (!queue) throw new Error("Cannot queue before the queue is made");
  return queue;
}

function buildAuthenticator(
  platform: Platform,
  config: Config,
  accounts: Accounts,
  saltSecret: Uint8Array,
): AccountAuthenticator {
  const { fs, clock, random, log } = platform;
  const file = dataPaths(config).accounts;
  /** Changes one account in the file, and what the authenticator knows. */
  const alter = async (id: AccountId, change: (account: Account) => Account | null) => {
    const changed = await changeAccounts(fs, clock, file, (all) => {
      const account = all.get(id);
      const altered = account ? change(account) : null;
      if (!altered) return err("the password was changed meanwhile");
      all.set(id, altered);
      return ok(undefined);
    });
    if (!changed.ok) throw new Error(changed.error.join("; "));
    authenticator.swapAccounts(changed.value);
  };
  const authenticator: AccountAuthenticator = new AccountAuthenticator(
    accounts,
    loginPolicy(config),
    {
      clock,
      random,
      log,
      hasher: new PasswordHasher(random, clock),
      backOff: new BackOff(),
      async replaceHash(id, old, fresh, scram) {
        await alter(id, (account) => {
          if (account.password !== old) return null;
          return { ...account, password: fresh, ...(scram === undefined ? {} : { scram }) };
        });
        log.info("password hash renewed", { account: id });
      },
      saltSecret,
      async storeScram(id, hash, scram) {
        await alter(id, (account) => withScram(account, hash, scram));
        log.info("scram keys made", { account: id });
      },
    },
  );
  return authenticator;
}

function loginPolicy(config: Config): LoginPolicy {
  return {
    domains: [...config.domains.keys()],
    trusted: config.trusted,
    channelBindingListed: config.auth.channelBinding === "listed",
  };
}

function buildPolicy(
  platform: Platform,
  config: Config,
  directory: Directory,
  queue: Queue,
  defences: ReceptionDefences,
  isSuppressed: (recipient: Address) => boolean,
  room: Room,
): Policy {
  const rate = { burst: CONNECT_BURST, perMinute: CONNECT_PER_MINUTE };
  const connections = new RateLimiter(platform.clock, rate, config.trusted);
  return new InboundPolicy(
    directory,
    connections,
    new QueueTurns(queue, config.trusted),
    defences.of(config),
    isSuppressed,
    room,
  );
}

/** A policy that a reload replaces. */
class SwappablePolicy implements Policy {
  #current: Policy;

  constructor(first: Policy) {
    this.#current = first;
  }

  swap(next: Policy): void {
    this.#current = next;
  }

  get turns(): Policy["turns"] {
    return this.#current.turns;
  }

  origin: NonNullable<Policy["origin"]> = (client) => this.#current.origin?.(client) ?? null;
  silence: NonNullable<Policy["silence"]> = (client) => this.#current.silence?.(client) ?? null;
  holdBack: NonNullable<Policy["holdBack"]> = (client, n) => this.#current.holdBack?.(client, n) ?? 0;
  connect: Policy["connect"] = (client) => this.#current.connect(client);
  helo: Policy["helo"] = (client) => this.#current.helo(client);
  mail: Policy["mail"] = (transaction) => this.#current.mail(transaction);
  rcpt: Policy["rcpt"] = (transaction, recipient) => this.#current.rcpt(transaction, recipient);
}
