/** The way out, taken when the first mail for others is due: until then neither the SMTP client nor DNS is loaded. */
import type { Config } from "../config/config.ts";
import type { Batch, RecipientOutcome } from "../queue/transport.ts";
import type { Platform } from "./platform.ts";
import type { TlsSessions } from "../outbound/tls_session.ts";
import type { SeenTls } from "./seen_tls.ts";
import type { RemoteTransport } from "./transport.ts";

/** All of a config that decides where mail for others goes, as a text to compare. */
export function wayOut(config: Config): string {
  const { network, hostname, dns, routes, senderRoutes, sending, listen } = config;
  const { sources, helo, family, refuseDowngrade } = sending;
  const ways = [[...routes], [...senderRoutes], sources, helo, family, refuseDowngrade];
  return JSON.stringify([network, hostname, dns.servers, [...dns.hosts], ways, listen.smtp]);
}

/** A transport for what is not ours; `tlsSessions` is told how TLS goes, `seenTls` remembers it, `back` which destinations a host leads to that was away and answers again. */
export function remoteTransport(
  platform: Platform,
  config: Config,
  tlsSessions: TlsSessions,
  seenTls: SeenTls,
  back: (destinations: ReadonlySet<string>) => void,
): RemoteTransport {
  let opened: Promise<RemoteTransport> | null = null;
  let transport: RemoteTransport | null = null;
  const open = async () => {
    const { smtpTransport } = await import("./smtp_transport.ts");
    return transport = smtpTransport(platform, config, tlsSessions, await seenTls.open(), back);
  };
  return {
    forgive: (destination) => transport?.forgive?.(destination),
    awayHosts: () => transport?.awayHosts() ?? [],
    async deliver(batch: Batch, signal: AbortSignal): Promise<readonly RecipientOutcome[]> {
      return await (await (opened ??= open())).deliver(batch, signal);
    },
    async close(): Promise<void> {
      await (await opened)?.close();
    },
  };
}
