/** Looks now and then how the server is, and tells the postmaster. All of it is loaded at the first look: an idle server holds less. */
import { WORD_FIRST, WORD_LOOK } from "../base/limits.ts";
import { memoryBody } from "../base/body.ts";
import { concat } from "../base/bytes.ts";
import { dataPaths } from "../config/paths.ts";
import { postmasterOf } from "./queue_terms.ts";
import type { Server } from "./server.ts";

/** Looks until `server` stops. Never rejects. */
export async function checkSelf(server: Server): Promise<void> {
  const { clock } = server.platform;
  await clock.sleep(WORD_FIRST, server.stopping);
  while (!server.stopping.aborted) {
    await look(server);
    await clock.sleep(WORD_LOOK, server.stopping);
  }
}

async function look(server: Server): Promise<void> {
  const { platform, services, config } = server;
  try {
    const { serverHealth } = await import("./server_health.ts");
    const { tellPostmaster } = await import("../report/daily_word.ts");
    await tellPostmaster({
      ...platform,
      file: dataPaths(config).postmasterTold,
      hostname: config.hostname,
      troubles: () => serverHealth(server),
      postmaster: () => postmasterOf(server.config),
      async send(message, to) {
        const signed = await services.signing.sign(memoryBody(message));
        await services.queue.submit({
          sender: null,
          recipients: [{ address: to, options: { notify: ["never"] } }],
          eightBit: message.some((octet) => octet > 127),
          smtpUtf8: false,
          account: null,
          traceId: `word-${platform.clock.now()}`,
        }, memoryBody(concat([signed, message])));
      },
    });
  } catch (cause) {
    platform.log.error("self-check failed", {}, cause);
  }
}
