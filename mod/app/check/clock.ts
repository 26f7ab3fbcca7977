import { type Clock, clockIsSet } from "../../base/clock.ts";
import type { Fs } from "../../base/fs.ts";
import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import { bad, type Finding, fine } from "./finding.ts";

/** Milliseconds a file may be from the future: other machines write here, too. */
const SKEW = 5 * 60_000;

/** The clock against what is known without a network: it cannot be earlier than files that were written by it. */
export async function checkClock(fs: Fs, clock: Clock, config: Config): Promise<readonly Finding[]> {
  const now = clock.now();
  const told = new Date(now).toISOString();
  const fix =
    "set it, and let systemd-timesyncd or chrony keep it right: certificates, DKIM and DMARC go by it";
  if (!clockIsSet(now)) return [bad("clock", `says ${told}, before this program was written`, fix)];
  const paths = dataPaths(config);
  for (const path of [config.file, paths.accounts, paths.controlToken, `${paths.tls}/server.pem`]) {
    const written = (await fs.stat(path))?.mtime ?? 0;
    if (written > now + SKEW) {
      return [bad("clock", `says ${told}, but ${path} was written ${new Date(written).toISOString()}`, fix)];
    }
  }
  return [fine("clock", told)];
}
