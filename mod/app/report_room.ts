/** The daily reports at work: what is counted, kept in DATA/reports and sent. Loaded with the first thing to count (see reports.ts). */
import { KeptFile } from "../base/kept_file.ts";
import { REPORT_FILE, REPORT_SAVE } from "../base/limits.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import type { TlsSession } from "../outbound/tls_session.ts";
import type { Submitter } from "../queue/types.ts";
import { DailySender } from "../report/daily_sender.ts";
import { HandOver } from "../report/hand_over.ts";
import { TlsLedger } from "../report/tls_ledger.ts";
import { type Reporter, TlsReports } from "../report/tls_reports.ts";
import { postOverHttps } from "../sys/https.ts";
import type { Platform } from "./platform.ts";
import { buildResolver } from "./resolver.ts";

export interface RoomPorts {
  readonly platform: Platform;
  readonly queue: Submitter;
  /** The config of the moment. */
  readonly config: () => Config;
}

export class ReportRoom {
  readonly #tls: TlsLedger;
  readonly #tlsFile: KeptFile;
  readonly #tlsSender: DailySender;

  private constructor(ports: RoomPorts) {
    const { platform, queue, config } = ports;
    const { clock, random, log } = platform;
    const resolver = buildResolver(config(), clock, random);
    const handOver = new HandOver({
      queue,
      post: (url, octets, type) => postOverHttps(resolver, url, octets, type),
      log,
    });
    this.#tls = new TlsLedger(clock);
    const path = `${dataPaths(config()).reports}/tls.jsonl`;
    const facts = { path, name: "tls report", most: REPORT_FILE, every: REPORT_SAVE };
    this.#tlsFile = new KeptFile(this.#tls.days, facts, platform);
    const reports = new TlsReports({
      ledger: this.#tls,
      resolver,
      handOver,
      clock,
      reporter: () => config().reports.tls ? reporterOf(config()) : null,
    });
    this.#tlsSender = new DailySender({
      clock,
      random,
      log,
      outbox: this.#tls.days,
      send: async (key) => {
        const outcome = await reports.send(key);
        // A power cut must not send it again.
        if (outcome === "done") void this.#tlsFile.save();
        return outcome;
      },
    });
  }

  /** Reads what was counted before, and sends what is due from then on. */
  static async open(ports: RoomPorts): Promise<ReportRoom> {
    await ports.platform.fs.makeDir(dataPaths(ports.config()).reports);
    const room = new ReportRoom(ports);
    await room.#tlsFile.open();
    room.#tlsSender.start();
    return room;
  }

  noteTls(session: TlsSession): void {
    this.#tls.note(session);
  }

  /** Sends all of days that are over, due or not. How many. */
  async sendAll(): Promise<number> {
    return await this.#tlsSender.look(true);
  }

  async close(): Promise<void> {
    await this.#tlsSender.stop();
    await this.#tlsFile.close();
  }
}

/** In whose name reports go out; null where nobody is set up to, or the network is closed. */
function reporterOf(config: Config): Reporter | null {
  const [domain] = config.domains.keys();
  if (config.network === "closed" || domain === undefined) return null;
  return { from: config.reports.from ?? { local: "postmaster", domain }, hostname: config.hostname };
}
