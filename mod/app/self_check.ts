/** Looks now and then how the server is, and tells the postmaster. All of it is loaded at the first look: an idle server holds less. */
import { CLOCK_STEADY, WORD_FIRST, WORD_LOOK } from "../base/limits.ts";
import { memoryBody } from "../base/body.ts";
import { concat } from "../base/bytes.ts";
import { SteadyClock } from "../base/steady_clock.ts";
import { dataPaths } from "../config/paths.ts";
import type { Address } from "../mail/address.ts";
import type { WatchedCertificate } from "../report/certificate_notice.ts";
import { postmasterOf } from "./queue_terms.ts";
import type { Server } from "./server.ts";

/** Looks until `server` stops. Never rejects. */
export async function checkSelf(server: Server): Promise<void> {
  const { clock } = server.platform;
  const steady = new SteadyClock(clock);
  await clock.sleep(WORD_FIRST, server.stopping);
  while (!server.stopping.aborted) {
    // A machine without a battery is years off until somebody sets its clock, and certificates seem to have ended, or to have years.
    await look(server, steady.steadyFor() >= CLOCK_STEADY);
    await clock.sleep(WORD_LOOK, server.stopping);
  }
}

async function look(server: Server, clockBelieved: boolean): Promise<void> {
  const { platform, config } = server;
  try {
    const { endedCertificates, serverHealth } = await import("./server_health.ts");
    const { tellPostmaster } = await import("../report/daily_word.ts");
    const ports = {
      ...platform,
      hostname: config.hostname,
      postmaster: () => postmasterOf(server.config),
      send: (message: Uint8Array, to: Address) => send(server, message, to),
    };
    await tellPostmaster({
      ...ports,
      file: dataPaths(config).postmasterTold,
      // Before its end a certificate has notices of its own.
      troubles: () => serverHealth(server, clockBelieved ? endedCertificates : () => []),
    });
    if (!clockBelieved) return;
    const { tellOfCertificates } = await import("../report/certificate_notice.ts");
    await tellOfCertificates({
      ...ports,
      file: dataPaths(config).certificatesTold,
      certificates: () => watched(server),
    });
  } catch (cause) {
    platform.log.error("self-check failed", {}, cause);
  }
}

function watched(server: Server): readonly WatchedCertificate[] {
  return server.keeper.certificates.list().map((c) => ({
    ...c,
    about: c.dnsNames[0] ?? c.source,
    fix: server.keeper.renewal(c) === null
      ? `renew ${c.source}, or see why whoever does it has not; the server takes the new file up by itself`
      : '"roost cert show" tells why it was not renewed, "roost cert renew" tries again',
  }));
}

async function send({ platform, services }: Server, message: Uint8Array, to: Address): Promise<void> {
  const signed = await services.signing.sign(memoryBody(message));
  await services.queue.submit({
    sender: null,
    recipients: [{ address: to, options: { notify: ["never"] } }],
    eightBit: message.some((octet) => octet > 127),
    smtpUtf8: false,
    account: null,
    traceId: `word-${platform.clock.now()}`,
  }, memoryBody(concat([signed, message])));
}
