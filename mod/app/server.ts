/**
 * The running server: config, services, listeners, certificates, status. Invariants:
 * - A reload is all or nothing: the new config, accounts and certificates are read and checked first, ports are opened next, and only then does
 *   anything change; what fails leaves the old one running and says why.
 * - Connections keep what they began with; new ones see the new.
 */
import { loadAccounts } from "../account/accounts_file.ts";
import type { Accounts } from "../account/account.ts";
import { isInNetworks } from "../base/ip.ts";
import type { KeptFile } from "../base/kept_file.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { dataPaths } from "../config/paths.ts";
import { type FolderLock, lockFolder } from "../sys/folder_lock.ts";
import { systemMemory } from "../sys/memory.ts";
import type { Listener } from "../sys/listener.ts";
import type { HttpHandler } from "../status/serve_http.ts";
import type { Conn } from "../wire/conn.ts";
import { buildServices, type Services } from "./build.ts";
import { CertificateKeeper, certificatePorts } from "./certificates.ts";
import { certificatePlan } from "./certificate_plan.ts";
import { Connections } from "./connections.ts";
import { type HttpListener, listenHttp, writeControlToken } from "./http.ts";
import { keepExpiring } from "./expiry.ts";
import { Listeners, type ServiceKind, type Wanted } from "./listeners.ts";
import { MemoryGuard } from "./memory_guard.ts";
import { notBuilt } from "./not_built.ts";
import type { Observed } from "./observed.ts";
import type { Platform } from "./platform.ts";
import { RoomGuard } from "./room_guard.ts";
import { checkSelf } from "./self_check.ts";
import { serveConnection } from "./sessions.ts";

/** Milliseconds open sessions get to end after a stop. */
const DRAIN = 10_000;
/** Milliseconds between looks at certificate files, at what time made due, and at what programs put into the queue. */
const LOOK_AGAIN = 60_000;
/** Looks into a queue of very many messages take their time: so much of it goes by between two. */
const SPOOL_PAUSE = 100;

const KINDS: readonly ServiceKind[] = [
  "smtp",
  "submission",
  "submissions",
  "devices",
  "imap",
  "imaps",
  "pop3",
  "pop3s",
  "lmtp",
];

interface Loaded {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly warnings: readonly string[];
}

export class Server {
  readonly platform: Platform;
  readonly services: Services;
  readonly memory: MemoryGuard;
  readonly room: RoomGuard;
  readonly connections: Connections;
  readonly listeners: Listeners;
  readonly keeper: CertificateKeeper;
  readonly observed: Observed;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** Told when a reload begins, with what is to come of it: null, or what is wrong. */
  onReload: (done: Promise<string | null>) => void = () => {};
  readonly #stopping = new AbortController();
  #config: Config;
  #accounts: Accounts;
  #http: HttpListener[] = [];
  #history: KeptFile | null = null;
  #lock: FolderLock | null = null;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(platform: Platform, observed: Observed, loaded: Loaded, services: Services) {
    this.platform = platform;
    this.observed = observed;
    this.services = services;
    this.#config = loaded.config;
    this.#accounts = loaded.accounts;
    this.started = platform.clock.now();
    const { fs, clock, random, log } = platform;
    this.memory = new MemoryGuard(
      systemMemory,
      clock,
      log,
      loaded.config.limits.memory,
      () => services.smtp.bodies.tidy(),
    );
    this.room = new RoomGuard({
      free: () => freeWhereMailIs(fs, this.#config),
      queued: () => services.queue.size,
      clock,
      log,
    }, loaded.config.limits);
    this.connections = new Connections(limitsOf(loaded.config), () => this.memory.tight);
    this.keeper = new CertificateKeeper(
      certificatePorts(fs, clock, random),
      log,
      certificatePlan(loaded.config),
      async (board, dir, plan, gone) => {
        const { openAcme } = await import("./acme.ts");
        const signal = AbortSignal.any([gone, this.stopping]);
        return await openAcme(platform, () => this.#config, board, dir, plan, signal);
      },
    );
    this.listeners = new Listeners({
      connections: this.connections,
      serverTls: this.keeper.certificates.serverTls,
      oldServerTls: this.keeper.certificates.oldServerTls,
      clock,
      log,
      wantsCertificates: () => services.authenticator.knowsCertificates,
      isProxy: (remote) => isInNetworks(remote, this.#config.proxyProtocol),
      serve: (kind, conn) => this.#serve(kind, conn),
    });
  }

  get config(): Config {
    return this.#config;
  }

  get accounts(): Accounts {
    return this.#accounts;
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** All that is listened on. */
  get doors(): readonly Listener[] {
    return [...this.listeners.list(), ...this.#http].map((l) => l.listener);
  }

  /** HTTP listeners that are open. */
  get http(): readonly HttpListener[] {
    return this.#http;
  }

  /** Starts everything that the config at `file` says; the error has one line a fault. */
  static async start(
    platform: Platform,
    observed: Observed,
    file: string,
  ): Promise<Result<Server, readonly string[]>> {
    const loaded = await load(platform, file);
    if (!loaded.ok) return loaded;
    const { config, accounts, warnings } = loaded.value;
    for (const w of warnings) platform.log.warn("config", { about: w });
    let services: Services;
    try {
      services = await buildServices(platform, config, accounts);
    } catch (e) {
      return err([faultText(e)]);
    }
    const server = new Server(platform, observed, loaded.value, services);
    try {
      const lock = lockFolder(config.data);
      // Two would each send what is queued.
      if (lock === "taken") {
        throw new Error(
          `another Roost serves ${config.data}: stop it (systemctl stop roost), or name another folder under data:`,
        );
      }
      server.#lock = lock;
      server.#history = await observed.keep(dataPaths(config).history, platform);
      await server.keeper.load();
      await server.listeners.change(wantedOf(config));
      await server.#openHttp();
    } catch (e) {
      await server.stop();
      return err([faultText(e)]);
    }
    services.queue.start().catch((e) => platform.log.error("queue not loaded", {}, e));
    void server.keeper.lookAgain();
    void server.#lookAgain();
    void server.memory.watch(server.stopping);
    void server.room.watch(server.stopping);
    void checkSelf(server);
    void keepExpiring(server);
    return ok(server);
  }

  /** Reads config, accounts and certificates again; null, or what is wrong. Several calls wait for each other. */
  reload(): Promise<string | null> {
    const next = this.#reloading.then(() => {
      const done = this.#reload();
      this.onReload(done);
      return done;
    });
    this.#reloading = next.catch(() => {});
    return next;
  }

  async #reload(): Promise<string | null> {
    const { platform } = this;
    const loaded = await load(platform, this.#config.file);
    if (!loaded.ok) return this.#notReloaded(loaded.error);
    const { config, accounts, warnings } = loaded.value;
    const fixed = restartOnly(this.#config, config);
    if (fixed !== null) return this.#notReloaded([`${fixed} can only change with a restart`]);
    try {
      await this.keeper.load(certificatePlan(config));
      await this.listeners.change(wantedOf(config));
    } catch (e) {
      await this.keeper.load(certificatePlan(this.#config)).catch(() => {});
      return this.#notReloaded([e instanceof Error ? e.message : String(e)]);
    }
    await this.services.readAgain();
    this.#config = config;
    this.#accounts = accounts;
    this.connections.limit(limitsOf(config));
    platform.trace.limit(config.trace);
    this.memory.limit(config.limits.memory);
    this.room.limit(config.limits);
    this.services.adopt(config, accounts);
    for (const w of warnings) platform.log.warn("config", { about: w });
    platform.log.info("reloaded", { accounts: accounts.size, domains: config.domains.size });
    return null;
  }

  #notReloaded(faults: readonly string[]): string {
    for (const fault of faults) this.platform.log.error("not reloaded", { why: fault });
    return faults.join("\n");
  }

  /** Takes no new connections, lets sessions and deliveries end, closes all. Never throws. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.platform.log.info("stopping", { sessions: this.connections.sessions });
    this.listeners.close();
    this.#stopping.abort();
    await this.connections.drain(this.platform.clock.sleep(DRAIN));
    await Promise.allSettled([this.services.stop(), ...this.#http.map((h) => h.close())]);
    await this.#history?.close();
    this.#lock?.release();
    this.platform.log.info("stopped");
  }

  #serve(kind: ServiceKind, conn: Conn): Promise<void> {
    const { memory, room, connections, services, platform, stopping } = this;
    const state = {
      get tight() {
        return memory.tight;
      },
      get full() {
        return connections.full || room.short;
      },
    };
    return serveConnection(kind, conn, this.#config, services, platform, state, stopping);
  }

  async #openHttp(): Promise<void> {
    const { http, https } = this.#config.listen;
    if (http.length + https.length === 0) return;
    const { fs, log, random } = this.platform;
    const token = await writeControlToken(fs, random, log, dataPaths(this.#config).controlToken);
    let app: Promise<HttpHandler> | null = null;
    const make = async (): Promise<HttpHandler> => {
      const { createStatusApp } = await import("../status/app.ts");
      const { statusPorts } = await import("./status_ports.ts");
      const made = createStatusApp(statusPorts(this, token), () => [this.#config.hostname]);
      return (request, facts) => made.fetch(request, facts);
    };
    const ports = {
      ...this.platform,
      stopping: this.stopping,
      tight: () => this.memory.tight,
      isProxy: (remote: string) => isInNetworks(remote, this.#config.proxyProtocol),
      load: () => app ??= make(),
    };
    for (const at of http) this.#http.push(await listenHttp(at.host, at.port, ports));
    if (https.length === 0) return;
    const { httpsTls } = await import("../sys/choose_tls.ts");
    const chooseTls = httpsTls(this.keeper.certificates, this.keeper.challenges);
    for (const at of https) this.#http.push(await listenHttp(at.host, at.port, ports, chooseTls));
  }

  async #lookAgain(): Promise<void> {
    const { clock, log } = this.platform;
    let spoolDue = 0;
    for (;;) {
      await clock.sleep(LOOK_AGAIN, this.stopping);
      if (this.stopping.aborted) return;
      await this.keeper.lookAgain();
      void this.services.signing.look();
      const start = clock.monotonic();
      if (start < spoolDue) continue;
      await this.services.queue.rescan().catch((e) => log.error("queue not looked through", {}, e));
      const end = clock.monotonic();
      spoolDue = end + SPOOL_PAUSE * (end - start);
    }
  }
}

async function load(platform: Platform, file: string): Promise<Result<Loaded, readonly string[]>> {
  const config = await loadConfig(platform.fs, file);
  if (!config.ok) return config;
  const accounts = await loadAccounts(platform.fs, dataPaths(config.value.config).accounts);
  if (!accounts.ok) return accounts;
  const warnings = [...config.value.warnings, ...notBuilt(config.value.config)];
  return ok({ config: config.value.config, accounts: accounts.value, warnings });
}

/** Octets free where there is least: mail may lie on another disk than what waits for it. */
async function freeWhereMailIs(fs: Platform["fs"], { data, mail }: Config): Promise<number | null> {
  const { free } = await fs.space(data);
  if (mail === undefined || free === null) return free;
  return Math.min(free, (await fs.space(mail)).free ?? free);
}

/** The first key that differs and that a reload cannot take over; ignored in silence it would be a trap. */
function restartOnly(now: Config, next: Config): string | null {
  const keys: readonly (readonly [string, (c: Config) => unknown])[] = [
    ["data", (c) => [c.data, c.mail]],
    ["hostname", (c) => c.hostname],
    ["imap.separator", (c) => c.imap.separator],
    ["listen.http", (c) => c.listen.http],
    ["listen.https", (c) => c.listen.https],
    ["log", (c) => c.log],
  ];
  const changed = keys.find(([, of]) => JSON.stringify(of(now)) !== JSON.stringify(of(next)));
  return changed?.[0] ?? null;
}

function wantedOf(config: Config): Wanted[] {
  return KINDS.flatMap((kind) =>
    config.listen[kind].map((at) => ({ kind, address: at.host, port: at.port }))
  );
}

function limitsOf(config: Config) {
  const { connections, connectionsPerAddress } = config.limits;
  return { total: connections, perAddress: connectionsPerAddress, trusted: config.trusted };
}

function faultText(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
