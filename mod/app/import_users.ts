/** `roost user import FILE`: accounts from lines ADDRESS:{SCHEME}VALUE. All lines are good, or nothing is changed. */
import { importFault, parseScheme } from "../account/imported_hash.ts";
import { fromUtf8 } from "../base/bytes.ts";
import { ACCOUNTS_FILE } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { absolutePath } from "../config/paths.ts";
import { accountNamed, change, kept, timestamp } from "./account_verbs.ts";
import { tellServer } from "./control.ts";
import { CommandFault, readInput } from "./terminal.ts";
import type { Call } from "./verb.ts";

interface Line {
  readonly id: string;
  /** To be hashed, or a hash to keep. */
  readonly plain: string | null;
  readonly hash: string;
  readonly scram?: string;
}

/** Runs the import. Throws CommandFault with every line that is wrong. */
export async function importUsers(call: Call, config: Config, [file]: readonly string[]): Promise<number> {
  if (file === undefined) throw new CommandFault('which file? give its path, or "-" for standard input', 2);
  const { tools } = call;
  const bytes = file === "-"
    ? await readInput(call.terminal, ACCOUNTS_FILE)
    : await tools.fs.readFile(absolutePath(call.terminal.cwd, file), ACCOUNTS_FILE);
  if (bytes === null) throw new CommandFault(`${file}: there is no such file`);
  const lines: Line[] = [];
  const faults: string[] = [];
  for (const [i, text] of fromUtf8(bytes).split(/\r?\n/).entries()) {
    if (text.trim() === "" || text.startsWith("#")) continue;
    const line = parseLine(config, text);
    if (line.ok) lines.push(line.value);
    else faults.push(`${file}:${i + 1}: ${line.error}`);
  }
  if (faults.length > 0) {
    throw new CommandFault([...faults, "nothing was imported; correct these lines and run it again"]);
  }
  const hashed: Line[] = [];
  for (const line of lines) {
    hashed.push(
      line.plain === null ? line : { ...line, ...await kept(tools, config, line.id, line.plain) },
    );
  }
  const created = timestamp(tools);
  await change(tools, config, (accounts) => {
    const taken = hashed.filter((l) => accounts.has(l.id)).map((l) => l.id);
    if (taken.length > 0) return err(`there already: ${taken.join(", ")}; nothing was imported`);
    for (const { id, hash, scram } of hashed) {
      const secrets = { password: hash, ...(scram === undefined ? {} : { scram }) };
      accounts.set(id, { id, ...secrets, appPasswords: [], disabled: false, quota: null, created });
    }
    return ok(undefined);
  });
  const asTheyWere = hashed.filter((l) => l.plain === null).length;
  call.terminal.out(
    `${hashed.length} accounts imported, ${asTheyWere} with a hash that is replaced at the first login (${await tellServer(
      tools,
      config,
    )})`,
  );
  return 0;
}

function parseLine(config: Config, text: string): Result<Line, string> {
  const colon = text.indexOf(":");
  if (colon < 1) return err("is not ADDRESS:{SCHEME}VALUE");
  // Dovecot's passwd-file goes on with :uid:gid:…; no hash of a known scheme holds a colon, but a plain password may.
  const rest = text.slice(colon + 1);
  const hash = parseScheme(/^\{PLAIN|^\{CLEAR/i.test(rest) ? rest : rest.replace(/:.*$/, ""));
  if (!hash) return err("the password has no {SCHEME} before it, such as {SHA512-CRYPT} or {PLAIN}");
  const fault = importFault(hash);
  if (fault !== null) return err(fault);
  try {
    const id = accountNamed(config, text.slice(0, colon));
    const plain = ["PLAIN", "CLEARTEXT", "CLEAR"].includes(hash.scheme)
      ? hash.value.replace(/(?::[^:]*){5,6}$/, "")
      : null;
    if (plain === "") return err("the password is empty");
    const scheme = hash.encoding === null ? hash.scheme : `${hash.scheme}.${hash.encoding}`;
    return ok({ id, plain, hash: `{${scheme}}${hash.value}` });
  } catch (e) {
    if (e instanceof CommandFault) return err(e.lines[0] ?? "is no account");
    throw e;
  }
}
