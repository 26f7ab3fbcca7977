/**
 * Which protocol serves a connection of which listener, with the settings of the moment. A protocol is loaded at its first connection: what
 * nobody speaks takes no memory.
 */
import type { Config } from "../config/config.ts";
import { BODY_HELD, BODY_WHEN_TIGHT } from "../base/limits.ts";
import { passTurn } from "../base/clock.ts";
import { isInNetworks, isLoopback, parseIp } from "../base/ip.ts";
import type { ListenerKind } from "../smtp/ports.ts";
import type { XclientRights } from "../smtp/xclient.ts";
import { INBOX } from "../store/mailbox_name.ts";
import type { Conn } from "../wire/conn.ts";
import type { Services } from "./build.ts";
import type { ServiceKind } from "./listeners.ts";
import { putOffWhile } from "./memory_guard.ts";
import type { Platform } from "./platform.ts";

/** Whether memory is short, and whether that or anything else is so short that no message is begun. */
export interface MemoryState {
  readonly tight: boolean;
  readonly full: boolean;
}

/** Serves one connection to its end. Never rejects. */
export async function serveConnection(
  kind: ServiceKind,
  conn: Conn,
  config: Config,
  services: Services,
  platform: Platform,
  memory: MemoryState,
  stop: AbortSignal,
): Promise<void> {
  try {
    await serveProtocol(kind, conn, config, services, platform, memory, stop);
  } catch (e) {
    // What was to be loaded is gone or broken: the peer may come again.
    platform.log.error("connection not served", { service: kind }, e);
    conn.destroy();
  }
}

async function serveProtocol(
  kind: ServiceKind,
  conn: Conn,
  config: Config,
  services: Services,
  platform: Platform,
  memory: MemoryState,
  stop: AbortSignal,
): Promise<void> {
  switch (kind) {
    case "smtp":
    case "submission":
    case "submissions":
    case "lmtp":
      return await (await import("../smtp/serve.ts")).serveSmtp(
        conn,
        smtpSettings(kind, config, memory, xclientRights(conn, config, services)),
        {
          ...services.smtp,
          timed: platform.timings,
          policy: putOffWhile(() => memory.full, services.smtp.policy),
        },
        stop,
      );
    case "devices": {
      const { deviceSession } = await import("./device_sessions.ts");
      const { policy, settings } = deviceSession(conn.remote.address, config, services, platform.log);
      return await (await import("../smtp/serve.ts")).serveSmtp(
        conn,
        { ...smtpSettings("submission", config, memory, null), ...settings },
        { ...services.smtp, policy: putOffWhile(() => memory.full, policy) },
        stop,
      );
    }
    case "imap":
    case "imaps":
      return await (await import("../imap/serve.ts")).serveImap(conn, {
        config: {
          hostname: config.hostname,
          cleartext: config.auth.cleartext,
          tls: true,
          version: platform.version,
          messageSize: config.limits.messageSize,
          searchIndex: config.imap.searchIndex,
        },
        store: services.store,
        index: services.index,
        sharing: await services.sharing(),
        authenticator: services.authenticator,
        clock: platform.clock,
        random: platform.random,
        log: platform.log,
        pause: () => passTurn(platform.clock),
        buffers: platform.buffers,
        timed: platform.timings.imapCommand,
        stopping: stop,
        compression: async () => new (await import("../sys/deflate.ts")).Deflate(),
      });
    case "pop3":
    case "pop3s":
      return await (await import("../pop3/serve.ts")).servePop3(conn, {
        store: services.store,
        authenticator: services.authenticator,
        log: platform.log,
        hostname: config.hostname,
        version: platform.version,
        tlsAvailable: true,
        cleartextAllowed: config.auth.cleartext === "loopback" && isLoopbackPeer(conn),
        random: platform.random,
        clock: platform.clock,
        buffers: platform.buffers,
        uidl: config.pop3.uidl,
        ...expireOf(config.expunge.get(INBOX)),
      }, stop);
  }
}

/** For POP3: days that mail stays in INBOX. */
function expireOf(age: number | undefined): { readonly expire?: number } {
  return age === undefined ? {} : { expire: Math.floor(age / 86_400_000) };
}

function smtpSettings(
  listener: ListenerKind,
  config: Config,
  memory: MemoryState,
  xclient: XclientRights | null,
) {
  return {
    listener,
    ...(xclient ? { xclient } : {}),
    hostname: config.hostname,
    messageSize: config.limits.messageSize,
    recipients: config.limits.recipients,
    // What arrives while memory is short goes to the spool sooner.
    get bodyInMemory() {
      return memory.tight ? BODY_WHEN_TIGHT : BODY_HELD;
    },
    cleartextLoopback: config.auth.cleartext === "loopback",
    authOnSmtp: false,
    startTlsAvailable: () => true,
  };
}

/** What a peer in the networks of `xclient` may tell of its clients. */
function xclientRights(conn: Conn, config: Config, services: Services): XclientRights | null {
  if (!isInNetworks(conn.remote.address, config.xclient)) return null;
  return config.auth.xclientLogin ? { account: (login) => services.authenticator.accountNamed(login) } : {};
}

function isLoopbackPeer(conn: Conn): boolean {
  const ip = parseIp(conn.remote.address);
  return ip !== null && isLoopback(ip);
}
