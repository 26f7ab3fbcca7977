/**
 * What would happen to a message now: a session of the real server, over ports that keep nothing. What only the running server knows (rates,
 * connections, hosts that are away) is not part of it.
 */
import { loadAccounts } from "../../account/accounts_file.ts";
import type { AccountId, Directory } from "../../account/directory.ts";
import { LocalDirectory } from "../../account/local_directory.ts";
import type { Authenticator } from "../../account/directory.ts";
import { Srs } from "../../auth/srs.ts";
import { makeSrsSecret, readSrsSecrets } from "../../auth/srs_secrets.ts";
import { BlockPool } from "../../base/block_pool.ts";
import { fromUtf8 } from "../../base/bytes.ts";
import { isLoopback, parseIp } from "../../base/ip.ts";
import type { Fs } from "../../base/fs.ts";
import { GREY_FILE, SUPPRESS_FILE } from "../../base/limits.ts";
import type { LogFields } from "../../base/log.ts";
import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { AccountRates } from "../../inbound/account_rate.ts";
import { Greylist } from "../../inbound/checks/greylist.ts";
import { HoldBack } from "../../inbound/checks/hold_back.ts";
import { Defences } from "../../inbound/defences.ts";
import { Dispatcher } from "../../inbound/dispatch.ts";
import { filingJunk } from "../../inbound/junk_folder.ts";
import { InboundPolicy } from "../../inbound/policy.ts";
import { RateLimiter } from "../../inbound/ratelimit.ts";
import { InboundReceiver } from "../../inbound/receive.ts";
import { ReturnPaths } from "../../inbound/return_paths.ts";
import { parseAddress } from "../../mail/address.ts";
import { MaildirStore } from "../../maildir/store.ts";
import { Suppressions } from "../../queue/suppressions.ts";
import type { Envelope } from "../../queue/types.ts";
import { serveSmtp } from "../../smtp/serve.ts";
import { eventOf, isStrangers, isTraced } from "../../trace/events.ts";
import { refusalEvent, Refusals } from "../../trace/refusals.ts";
import { storyOf, type ToldEvent } from "../../trace/story.ts";
import type { TraceEvent, Tracer } from "../../trace/types.ts";
import { TracedLog } from "../../trace/traced_log.ts";
import { defenceSettings } from "../defences.ts";
import { examinerOf } from "../examination.ts";
import { MailSigning } from "../mail_signing.ts";
import { silentLog } from "../silent_log.ts";
import { CommandFault, type Tools } from "../terminal.ts";
import { ClientConn, type Letter, type Said } from "./client_conn.ts";
import { dryMail, dryQueue, dryStore, readOnly, whereTo } from "./dry_ports.ts";
import { type WayOut, waysOut } from "./ways_out.ts";

/** What came of it. Names here are a contract with users' scripts. */
export interface Rehearsed {
  /** Whom the client is taken for: an account that has logged in, or null for a stranger on port 25. */
  readonly account: string | null;
  /** The last answer but that to QUIT. */
  readonly reply: string;
  readonly accepted: boolean;
  readonly dialog: readonly Said[];
  /** What is not known, and why. */
  readonly notes: readonly string[];
  /** What each recipient is to us. */
  readonly recipients: readonly string[];
  readonly decisions: readonly ToldEvent[];
  /** Mail that would be queued for others. */
  readonly out: readonly WayOut[];
}

/** Nobody logs in: who sends is said beforehand. */
const NOBODY: Authenticator = { password: () => Promise.resolve({ kind: "refused" }) };
const WHOLE = 1024 * 1024 * 1024;

/** Keeps what a session decides in memory. */
class Notes implements Tracer {
  readonly events: TraceEvent[] = [];
  readonly #refusals = new Refusals();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  note(event: string, fields: LogFields): void {
    if (event === "client judged" && typeof fields["reply"] === "string") this.#refusals.judged(fields);
    else if (isStrangers(event)) this.#refusals.note(event, fields, this.#now());
    else if (isTraced(event)) this.events.push(eventOf(event, fields, this.#now()));
  }

  refusals(): TraceEvent[] {
    return this.#refusals.take().map(refusalEvent);
  }
}

/** Rehearses; `ip`: the client's address. Throws CommandFault and FsError for what cannot be read. */
export async function rehearse(
  letter: Letter,
  ip: string | null,
  config: Config,
  tools: Tools,
): Promise<Rehearsed> {
  const fs = readOnly(tools.fs);
  const { clock, random } = tools;
  const resolver = await tools.resolver(config);
  const directory = await directoryOf(config, tools, fs);
  const account = ip === null ? accountFor(directory, letter.from) : null;
  const notes = new Notes(() => clock.now());
  const log = new TracedLog(silentLog, notes);
  const store = new MaildirStore({
    fs,
    root: dataPaths(config).mail,
    clock,
    random,
    log: silentLog,
    hostname: "rehearsal",
    pid: 1,
    separator: config.imap.separator,
    quota: directory.quota,
  });
  const queue = dryQueue();
  const signing = new MailSigning({ fs, clock, random, log }, config);
  const dispatcher = new Dispatcher({
    directory,
    store: dryStore(store),
    log,
    filing: filingJunk(dryMail(store), log),
    seal: signing.seal,
    rewriteSender: (sender, via) => directory.rewrite(sender, via),
    queue,
  });
  const receiver = new InboundReceiver({
    dispatcher,
    directory,
    clock,
    log,
    strip: () => config.submission.strip,
    examiner: examinerOf(tools, () => config, () => resolver),
    signer: (_, body) => signing.sign(body),
  }, config.hostname);
  const conn = new ClientConn(ip ?? "127.0.0.1", letter);
  const bodies = new BlockPool(WHOLE);
  const policy = await policyOf(config, tools, fs, directory, resolver, log);
  try {
    await serveSmtp(
      conn,
      settingsOf(config, account),
      { policy, receiver, authenticator: NOBODY, spooler: noSpool, bodies, clock, random, log },
      new AbortController().signal,
    );
  } finally {
    await store.close();
  }
  return await told(
    { conn, letter, account, notes, directory, submitted: queue.submitted },
    config,
    tools,
    resolver,
    fs,
  );
}

interface Played {
  readonly conn: ClientConn;
  readonly letter: Letter;
  readonly account: AccountId | null;
  readonly notes: Notes;
  readonly directory: Directory;
  readonly submitted: readonly Envelope[];
}

async function told(
  { conn, letter, account, notes, directory, submitted }: Played,
  config: Config,
  tools: Tools,
  resolver: Resolver,
  fs: Fs,
): Promise<Rehearsed> {
  const dialog = conn.said.filter((s) => s.command !== "QUIT");
  const last = dialog.at(-1);
  const { messages, refusals } = storyOf("", {
    messages: [{ id: "", events: notes.events }],
    refusals: notes.refusals(),
    more: false,
  });
  return {
    account,
    reply: last?.reply ?? "",
    accepted: last?.command === "message" && last.reply.startsWith("2"),
    dialog,
    notes: notesOn(conn.remote.address, account, config),
    recipients: letter.to.map((text) => {
      const address = parseAddress(text);
      return address.ok ? whereTo(directory, text, address.value) : `${text} is no address`;
    }),
    decisions: [...messages.flatMap((m) => m.events), ...refusals],
    out: await waysOut(submitted, config, tools, resolver, fs),
  };
}

function notesOn(address: string, account: AccountId | null, { network, dns }: Config): string[] {
  if (account !== null) return [];
  const ip = parseIp(address);
  if (ip && isLoopback(ip)) {
    return [
      "SPF, DKIM, DMARC and ARC are not asked of what this machine sends: --ip names a client elsewhere",
    ];
  }
  return network === "closed" && dns.servers.length === 0
    ? ["SPF, DKIM, DMARC and ARC are not asked: the network is closed, and no dns.servers are named"]
    : [];
}

/** Directory, return addresses and quotas, from the files. */
async function directoryOf(config: Config, { clock, random }: Tools, fs: Fs) {
  const accounts = await loadAccounts(fs, dataPaths(config).accounts);
  if (!accounts.ok) throw new CommandFault(accounts.error);
  const known = accounts.value;
  // Where there are none yet, the server makes them.
  const secrets = await readSrsSecrets(fs, dataPaths(config).srs) ?? [makeSrsSecret(random)];
  const srs = new Srs(secrets);
  const domain = config.domains.keys().next().value;
  const directory = new ReturnPaths(new LocalDirectory(config.domains, known), {
    srs: () => srs,
    domain: () => domain,
    clock,
  });
  return Object.assign(directory, {
    quota(id: AccountId) {
      const octets = known.get(id)?.quota ?? null;
      const messages = known.get(id)?.quotaMessages ?? null;
      return octets === null && messages === null ? null : { octets, messages };
    },
  });
}

/** The account that would have logged in to send as `from`; null where that is nobody's here. */
function accountFor(directory: Directory, from: string): AccountId | null {
  const sender = parseAddress(from);
  if (!sender.ok) return null;
  return directory.accounts().find((id) => directory.maySendAs(id, sender.value)) ?? null;
}

async function policyOf(
  config: Config,
  { clock }: Tools,
  fs: Fs,
  directory: Directory,
  resolver: Resolver,
  log: TracedLog,
): Promise<InboundPolicy> {
  const rate = { burst: 100, perMinute: 100 };
  const greylist = new Greylist();
  const suppressions = new Suppressions(() => config.sending.suppress);
  const paths = dataPaths(config);
  const grey = await fs.readFile(paths.greylist, GREY_FILE);
  if (grey) greylist.restore(fromUtf8(grey));
  const bounced = await fs.readFile(paths.suppressed, SUPPRESS_FILE);
  if (bounced) suppressions.restore(fromUtf8(bounced));
  // Nobody waits for an answer here.
  const settings = { ...defenceSettings(config), holdBack: false, refuseEarlyTalkers: false };
  const defences = new Defences(settings, {
    directory,
    resolver,
    clock,
    log,
    messages: new RateLimiter(clock, rate, config.trusted),
    accounts: new AccountRates(clock),
    holdBack: new HoldBack(clock),
    greylist,
  });
  return new InboundPolicy(
    directory,
    new RateLimiter(clock, rate, config.trusted),
    undefined,
    defences,
    (recipient) => suppressions.holds(recipient, clock.now()),
  );
}

function settingsOf(config: Config, account: AccountId | null) {
  return {
    listener: account === null ? "smtp" as const : "submission" as const,
    ...(account === null ? {} : { account }),
    hostname: config.hostname,
    messageSize: config.limits.messageSize,
    recipients: config.limits.recipients,
    bodyInMemory: WHOLE,
    cleartextLoopback: false,
    authOnSmtp: false,
    startTlsAvailable: () => false,
  };
}

/** Nothing is spooled: all is held in memory. */
const noSpool = {
  start: () => Promise.reject(new Error("Cannot spool in a rehearsal")),
};
