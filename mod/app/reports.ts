/** Daily reports, from outside: takes what is to be counted and loads the room for it only then. An idle server has nothing of it in memory. */
import type { DmarcObserver, JudgedMessage } from "../auth/dmarc/types.ts";
import { REPORT_LOOK } from "../base/limits.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import type { TlsSession, TlsSessions } from "../outbound/tls_session.ts";
import type { Submitter } from "../queue/types.ts";
import type { Platform } from "./platform.ts";
import type { AllReceived, ReportRoom } from "./report_room.ts";

export class Reports implements TlsSessions, DmarcObserver {
  readonly #platform: Platform;
  readonly #queue: Submitter;
  readonly #sign: (message: Uint8Array) => Promise<Uint8Array>;
  #config: Config;
  #room: Promise<ReportRoom | null> | null = null;
  #cancel: () => void = () => {};
  #stopped = false;

  /** `sign` gives the header fields that sign a message. */
  constructor(
    platform: Platform,
    config: Config,
    queue: Submitter,
    sign: (message: Uint8Array) => Promise<Uint8Array>,
  ) {
    this.#platform = platform;
    this.#config = config;
    this.#queue = queue;
    this.#sign = sign;
  }

  /** Where there are counts of before, they are looked through in a while. */
  async open(): Promise<void> {
    const { fs, clock } = this.#platform;
    if (await fs.stat(dataPaths(this.#config).reports) === null) return;
    this.#cancel = clock.after(REPORT_LOOK, () => void this.#load());
  }

  adopt(config: Config): void {
    this.#config = config;
  }

  note(session: TlsSession): void {
    const { network, reports } = this.#config;
    if (network === "closed" || !reports.tls) return;
    void this.#load().then((room) => room?.noteTls(session));
  }

  observe(message: JudgedMessage): void {
    const { network, reports } = this.#config;
    if (network === "closed" || !reports.dmarc) return;
    void this.#load().then((room) => room?.noteDmarc(message));
  }

  /** A message that may bring a report about us. */
  keep(message: Uint8Array, id: string): void {
    void this.#load().then((room) => room?.take(message, id));
  }

  /** Reports of others about us, newest first. */
  async received(): Promise<AllReceived> {
    const nothing = { tls: [], dmarc: [] };
    const { fs } = this.#platform;
    // Not for the sake of nothing.
    if (!this.#room && await fs.stat(dataPaths(this.#config).reports) === null) return nothing;
    return (await this.#load())?.received() ?? nothing;
  }

  /** Sends all reports of days that are over. How many. */
  async sendAll(): Promise<number> {
    return await (await this.#load())?.sendAll() ?? 0;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await (await this.#room)?.close();
  }

  /** null when it cannot be opened, or the server is about to end. Never rejects. */
  #load(): Promise<ReportRoom | null> {
    this.#cancel();
    if (this.#stopped) return Promise.resolve(null);
    this.#room ??= this.#open();
    return this.#room;
  }

  async #open(): Promise<ReportRoom | null> {
    const platform = this.#platform;
    try {
      const { ReportRoom } = await import("./report_room.ts");
      return await ReportRoom.open({
        platform,
        queue: this.#queue,
        sign: this.#sign,
        config: () => this.#config,
      });
    } catch (e) {
      // Deliveries go on; the next restart tries again.
      platform.log.error("no reports: their folder cannot be used", {}, e);
      return null;
    }
  }
}
