/** What the verbs that deal with accounts share. */
import { type Account, accountId, type Accounts } from "../account/account.ts";
import { changeAccounts } from "../account/accounts_file.ts";
import type { AccountId } from "../account/directory.ts";
import { loadSaltSecret } from "../account/salt_secret.ts";
import { makeScram, scramSalt } from "../account/stored_scram.ts";
import { fromUtf8 } from "../base/bytes.ts";
import { PASSWORD_LENGTH } from "../base/limits.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { dataPaths } from "../config/paths.ts";
import { parseAddress } from "../mail/address.ts";
import { CommandFault, readInput, type Terminal, type Tools } from "./terminal.ts";

/** The account an operand names: a whole address in one of our domains, or its local part while there is one. Throws CommandFault. */
export function accountNamed(config: Config, text: string | undefined): AccountId {
  if (text === undefined) throw new CommandFault("which account? give its address", 2);
  const domains = [...config.domains.keys()];
  const whole = text.includes("@") || domains.length !== 1 ? text : `${text}@${domains[0]}`;
  const address = parseAddress(whole);
  if (!address.ok || address.value.domain === "") {
    throw new CommandFault(`"${text}" is no address; write it as you@${domains[0] ?? "example.org"}`, 2);
  }
  const { local, domain } = address.value;
  if (!config.domains.has(domain)) {
    const ours = domains.length === 0 ? "there are none yet" : `ours are ${domains.join(", ")}`;
    throw new CommandFault(
      `${domain} is not one of the domains in ${config.file} (${ours}); add it with "roost domain add ${domain}"`,
    );
  }
  const fault = parseAddress(accountId({ local, domain }));
  if (!fault.ok) {
    throw new CommandFault(
      `"${local}" would have to be written in quotes; choose a name without special signs`,
      2,
    );
  }
  return accountId({ local, domain });
}

/** The first line of standard input as a password. Throws CommandFault. */
export async function passwordFromInput(terminal: Terminal): Promise<string> {
  const text = fromUtf8(await readInput(terminal, 64 * 1024));
  const password = text.replace(/\r?\n[\s\S]*$/, "");
  if (password === "") throw new CommandFault("standard input holds no password", 2);
  if (password.length > PASSWORD_LENGTH) {
    throw new CommandFault(`the password is longer than ${PASSWORD_LENGTH} signs`, 2);
  }
  return password;
}

/** Changes the accounts of this configuration durably, making DATA if need be. Throws CommandFault with what is wrong. */
export async function change(
  tools: Tools,
  config: Config,
  alter: (accounts: Map<AccountId, Account>) => Result<void, string>,
): Promise<Accounts> {
  await tools.fs.makeDir(config.data);
  const changed = await changeAccounts(tools.fs, tools.clock, dataPaths(config).accounts, alter);
  if (!changed.ok) throw new CommandFault(changed.error);
  return changed.value;
}

/** What an account keeps of a password: its hash, and its SCRAM keys. */
export async function kept(
  tools: Tools,
  config: Config,
  id: AccountId,
  password: string,
  hash?: string,
): Promise<{ readonly hash: string; readonly scram: string }> {
  const secret = await loadSaltSecret(tools.fs, dataPaths(config).saltSecret, tools.random);
  const made = hash ?? await tools.hashPassword(password);
  return { hash: made, scram: await makeScram(password, made, scramSalt(secret, id)) };
}

/** Now, as accounts.yaml has times: RFC 3339 in UTC, without fractions. */
export function timestamp(tools: Tools): string {
  return new Date(tools.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Changes one account durably. Throws CommandFault, also when there is none. */
export async function changeOne(
  tools: Tools,
  config: Config,
  id: AccountId,
  alter: (account: Account) => Result<Account, string>,
): Promise<void> {
  await change(tools, config, (accounts) => {
    const account = accounts.get(id);
    if (!account) return err(noAccount(id));
    const altered = alter(account);
    if (!altered.ok) return altered;
    accounts.set(id, altered.value);
    return ok(undefined);
  });
}

/** What is said of an account that is not there. */
export function noAccount(id: AccountId): string {
  return `there is no account ${id}; "roost user list" shows all`;
}
