/** `roost user certificate`: client certificates that open an account (SASL EXTERNAL). */
import { CERTIFICATES } from "../base/limits.ts";
import { fromUtf8 } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { absolutePath } from "../config/paths.ts";
import { certificateReader } from "../sys/tls.ts";
import { accountNamed, changeOne } from "./account_verbs.ts";
import { tellServer } from "./control.ts";
import { CommandFault } from "./terminal.ts";
import type { Call } from "./verb.ts";

/** Octets of a certificate file. */
const FILE_MAX = 1024 * 1024;

/** Runs `user certificate add|remove ADDRESS FILE`. Throws CommandFault. */
export async function certificate(
  call: Call,
  config: Config,
  [action, address, file]: readonly string[],
): Promise<number> {
  if (action !== "add" && action !== "remove") {
    throw new CommandFault("add or remove? write user certificate add ADDRESS FILE", 2);
  }
  const id = accountNamed(config, address);
  const fingerprint = await fingerprintFrom(call, file);
  await changeOne(call.tools, config, id, (account) => {
    const has = account.certificates ?? [];
    const left = has.filter((c) => c !== fingerprint);
    if (action === "remove") {
      if (left.length === has.length) return err(`${id} does not have that certificate`);
      return ok({ ...account, certificates: left });
    }
    if (left.length < has.length) return err(`${id} has that certificate already`);
    if (has.length >= CERTIFICATES) return err(`${id} has ${CERTIFICATES} certificates; remove one first`);
    return ok({ ...account, certificates: [...has, fingerprint] });
  });
  const news = await tellServer(call.tools, config);
  call.terminal.out(
    `certificate ${fingerprint} of ${id} ${action === "add" ? "added" : "removed"} (${news})`,
  );
  return 0;
}

/** The fingerprint of the first certificate in a PEM file; a fingerprint itself will do too. */
async function fingerprintFrom(call: Call, file: string | undefined): Promise<string> {
  if (file === undefined) throw new CommandFault("which certificate? give a PEM file, or its SHA-256", 2);
  const digits = file.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  const bytes = await call.tools.fs.readFile(absolutePath(call.terminal.cwd, file), FILE_MAX);
  if (bytes === null) throw new CommandFault(`${file}: there is no such file`);
  try {
    return certificateReader.read(fromUtf8(bytes)).fingerprint.replaceAll(":", "").toLowerCase();
  } catch {
    // Whatever the reader dislikes, the person can only bring another file.
    throw new CommandFault(`${file}: holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`);
  }
}
