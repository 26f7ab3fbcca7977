/** Removes mail that lies in the folders of `expunge` for too long. All of it is loaded only where the config names some. */
import { EXPIRY_FIRST, EXPIRY_LOOK } from "../base/limits.ts";
import { dataPaths } from "../config/paths.ts";
import type { Expiring } from "../maildir/expiring.ts";
import type { Server } from "./server.ts";

/** Looks until `server` stops. Never rejects. */
export async function keepExpiring(server: Server): Promise<void> {
  const { clock } = server.platform;
  let expiring: Expiring | null = null;
  await clock.sleep(EXPIRY_FIRST, server.stopping);
  while (!server.stopping.aborted) {
    if (server.config.expunge.size === 0) expiring = null;
    else {
      expiring ??= await make(server);
      await expiring.look(server.stopping);
    }
    await clock.sleep(EXPIRY_LOOK, server.stopping);
  }
}

async function make(server: Server): Promise<Expiring> {
  const { fs, clock, log } = server.platform;
  const { Expiring } = await import("../maildir/expiring.ts");
  const paths = dataPaths(server.config);
  return new Expiring({
    ...{ fs, clock, log, store: server.services.store, root: paths.mail, file: paths.expiryTime },
    accounts: () => server.accounts.keys(),
    rules: () => server.config.expunge,
    written: async () => (await fs.stat(server.config.file))?.mtime ?? 0,
  });
}
