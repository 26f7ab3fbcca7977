/** The daily reports at work: what is counted, kept in DATA/reports and sent. Loaded with the first thing to count (see reports.ts). */
import { KeptFile } from "../base/kept_file.ts";
import { REPORT_FILE, REPORT_SAVE } from "../base/limits.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { TlsSession } from "../outbound/tls_session.ts";
import type { Submitter } from "../queue/types.ts";
import type { JudgedMessage } from "../auth/dmarc/types.ts";
import type { Keepable } from "../base/kept_file.ts";
import type { ReportKey } from "../report/daily_ledger.ts";
import { DailySender, type Outbox } from "../report/daily_sender.ts";
import { DmarcLedger } from "../report/dmarc_ledger.ts";
import { DmarcReports } from "../report/dmarc_reports.ts";
import { ReportIntake } from "../report/intake.ts";
import type { ReceivedDmarc, ReceivedTls } from "../report/received.ts";
import { HandOver } from "../report/hand_over.ts";
import { TlsLedger } from "../report/tls_ledger.ts";
import { type Reporter, TlsReports } from "../report/tls_reports.ts";
import { postOverHttps } from "../sys/https.ts";
import type { Platform } from "./platform.ts";
import { buildResolver } from "./resolver.ts";

export interface RoomPorts {
  readonly platform: Platform;
  readonly queue: Submitter;
  /** Header fields that sign a message. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  /** The config of the moment. */
  readonly config: () => Config;
}

/** Reports of others about us, newest first. */
export interface AllReceived {
  readonly tls: readonly ReceivedTls[];
  readonly dmarc: readonly ReceivedDmarc[];
}

/** One kind of report: counted, kept, sent. */
interface Kind {
  readonly file: KeptFile;
  readonly sender: DailySender;
}

export class ReportRoom {
  readonly #ports: RoomPorts;
  readonly #tls: TlsLedger;
  readonly #dmarc = new DmarcLedger();
  readonly #kinds: readonly Kind[];
  readonly #intake: ReportIntake;
  /** Of what the intake keeps. */
  readonly #received: readonly KeptFile[];

  private constructor(ports: RoomPorts) {
    this.#ports = ports;
    const { platform, queue, config } = ports;
    const { clock, log } = platform;
    this.#tls = new TlsLedger(clock);
    const resolver = resolverOf(platform, config);
    const handOver = new HandOver({
      queue,
      post: (url, octets, type) => postOverHttps(resolver, url, octets, type),
      sign: ports.sign,
      log,
    });
    const shared = { resolver, handOver, clock };
    const tls = new TlsReports({
      ...shared,
      ledger: this.#tls,
      reporter: () => config().reports.tls ? reporterOf(config()) : null,
    });
    const dmarc = new DmarcReports({
      ...shared,
      ledger: this.#dmarc,
      reporter: () => config().reports.dmarc ? reporterOf(config()) : null,
    });
    this.#kinds = [
      this.#kind("tls", this.#tls.days, (key) => tls.send(key)),
      this.#kind("dmarc", this.#dmarc.days, (key) => dmarc.send(key)),
    ];
    const isOurs = (domain: string) =>
      [...config().domains.keys()].some((d) => `.${domain}`.endsWith(`.${d}`));
    this.#intake = new ReportIntake({ clock, log, isOurs });
    this.#received = [
      this.#file("received_tls", this.#intake.tls),
      this.#file("received_dmarc", this.#intake.dmarc),
    ];
  }

  /** Reads what was counted before, and sends what is due from then on. */
  static async open(ports: RoomPorts): Promise<ReportRoom> {
    await ports.platform.fs.makeDir(dataPaths(ports.config()).reports);
    const room = new ReportRoom(ports);
    for (const { file, sender } of room.#kinds) {
      await file.open();
      sender.start();
    }
    for (const file of room.#received) await file.open();
    return room;
  }

  noteTls(session: TlsSession): void {
    this.#tls.note(session);
  }

  noteDmarc(message: JudgedMessage): void {
    this.#dmarc.observe(message);
  }

  /** Looks into a message for a report about us. */
  take(message: Uint8Array, id: string): void {
    this.#intake.take(message, id);
  }

  received(): AllReceived {
    const now = this.#ports.platform.clock.now();
    return { tls: this.#intake.tls.list(now), dmarc: this.#intake.dmarc.list(now) };
  }

  /** Sends all of days that are over, due or not. How many. */
  async sendAll(): Promise<number> {
    let sent = 0;
    for (const { sender } of this.#kinds) sent += await sender.look(true);
    return sent;
  }

  async close(): Promise<void> {
    await Promise.all(this.#kinds.map(async ({ sender, file }) => {
      await sender.stop();
      await file.close();
    }));
    await this.#intake.settled();
    for (const file of this.#received) await file.close();
  }

  #file(name: string, kept: Keepable): KeptFile {
    const { platform, config } = this.#ports;
    const path = `${dataPaths(config()).reports}/${name}.jsonl`;
    return new KeptFile(
      kept,
      { path, name: `${name} reports`, most: REPORT_FILE, every: REPORT_SAVE },
      platform,
    );
  }

  #kind(
    name: string,
    days: Outbox & Keepable,
    send: (key: ReportKey) => Promise<"done" | "none" | "later">,
  ): Kind {
    const file = this.#file(name, days);
    const sender = new DailySender({
      ...this.#ports.platform,
      outbox: {
        finished: (now) => days.finished(now),
        drop(key) {
          days.drop(key);
          // A power cut must not send it again.
          void file.save();
        },
      },
      send,
    });
    return { file, sender };
  }
}

/** A resolver as the config of the moment wants it. */
function resolverOf({ clock, random }: Platform, config: () => Config): Resolver {
  let made: { readonly config: Config; readonly resolver: Resolver } | null = null;
  return {
    lookup(name, type) {
      const now = config();
      if (made?.config !== now) made = { config: now, resolver: buildResolver(now, clock, random) };
      return made.resolver.lookup(name, type);
    },
  };
}

/** In whose name reports go out; null where nobody is set up to, or the network is closed. */
function reporterOf(config: Config): Reporter | null {
  const [domain] = config.domains.keys();
  if (config.network === "closed" || domain === undefined) return null;
  return { from: config.reports.from ?? { local: "postmaster", domain }, hostname: config.hostname };
}
