import type { AppPassword } from "../../account/account.ts";
import { loadAccounts } from "../../account/accounts_file.ts";
import { generatePassword, hashAppPassword } from "../../account/app_password.ts";
import { parseScram } from "../../account/stored_scram.ts";
import { APP_PASSWORDS } from "../../base/limits.ts";
import { err, ok } from "../../base/result.ts";
import type { Config } from "../../config/config.ts";
import { dataPaths } from "../../config/paths.ts";
import { parseSize } from "../../config/values.ts";
import {
  accountNamed,
  change,
  changeOne,
  kept,
  noAccount,
  passwordFromInput,
  timestamp,
} from "../account_verbs.ts";
import { tellServer } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { mailFolder } from "../transfer.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

type Action = (call: Call, config: Config, rest: readonly string[]) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = {
  add,
  list,
  passwd,
  "app-password": appPassword,
  certificate: async (call, config, rest) =>
    (await import("../user_certificates.ts")).certificate(call, config, rest),
  disable: (call, config, rest) => setDisabled(call, config, rest, true),
  enable: (call, config, rest) => setDisabled(call, config, rest, false),
  quota: setQuota,
  remove,
  import: async (call, config, rest) => (await import("../import_users.ts")).importUsers(call, config, rest),
};

export const verb: Verb = {
  usage: [
    "user add ADDRESS [--password-stdin] [--quota SIZE]",
    "user list [--json]",
    "user passwd ADDRESS [--password-stdin]",
    "user app-password ADDRESS [NAME]        make one, say for a phone",
    "user app-password ADDRESS NAME --remove",
    "user certificate add|remove ADDRESS FILE    a client certificate in PEM that opens the account",
    "user disable|enable|remove ADDRESS",
    "user quota ADDRESS SIZE|none [--messages N]",
    "user import FILE                        lines ADDRESS:{SCHEME}VALUE, as in Dovecot's passwd-file",
  ],
  about:
    `Accounts, kept in DATA/accounts.yaml. Without --password-stdin a password is made up and printed once. An app password opens the account
beside the real one and can be taken away alone. A disabled account neither logs in nor gets mail. Mail for an account whose quota is
used up is put off (452) for its sender to try again, or refused (limits.mailbox_full). "remove" leaves the mail on disk and says where;
whoever gets the address later has it, and what others share with it ("acl").`,
  options: {
    "password-stdin": { doc: "take the password from the first line of standard input" },
    quota: { value: "SIZE", doc: "how much mail the account may keep, such as 2GB" },
    messages: { value: "N", doc: "with quota: how many messages it may keep" },
    remove: { doc: "with app-password: take it away" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [action = "", ...rest] = call.operands;
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!run) throw new CommandFault(`user needs one of ${Object.keys(ACTIONS).join(", ")}`, 2);
    return await run(call, await readConfig(call), rest);
  },
};

/** The password to set and, when it was made up, the same to print. */
async function newPassword(
  call: Call,
): Promise<{ readonly password: string; readonly shown: string | null }> {
  if (call.options.has("password-stdin")) {
    return { password: await passwordFromInput(call.terminal), shown: null };
  }
  const password = generatePassword(call.tools.random);
  return { password, shown: password };
}

async function add(call: Call, config: Config, [address]: readonly string[]): Promise<number> {
  const { tools, terminal } = call;
  const id = accountNamed(config, address);
  const quota = call.options.has("quota") ? parseSize(call.options.get("quota")) : null;
  if (quota === undefined) {
    throw new CommandFault(`--quota "${call.options.get("quota")}" is no size such as 2GB`, 2);
  }
  const { password, shown } = await newPassword(call);
  const { hash, scram } = await kept(tools, config, id, password);
  await change(tools, config, (accounts) => {
    if (accounts.has(id)) return err(`${id} is there already; "roost user passwd ${id}" sets a new password`);
    accounts.set(id, {
      id,
      password: hash,
      scram,
      appPasswords: [],
      disabled: false,
      quota,
      created: timestamp(tools),
    });
    return ok(undefined);
  });
  const news = await tellServer(tools, config);
  if (call.options.has("json")) terminal.out(JSON.stringify({ address: id, password: shown }));
  else {terminal.out(
      `${id} added (${news})${shown === null ? "" : `\npassword: ${shown}   (shown only now)`}`,
    );}
  return 0;
}

async function list(call: Call, config: Config): Promise<number> {
  const loaded = await loadAccounts(call.tools.fs, dataPaths(config).accounts);
  if (!loaded.ok) throw new CommandFault(loaded.error);
  const rows = [...loaded.value.values()].map((a) => ({
    address: a.id,
    disabled: a.disabled,
    quota: a.quota,
    ...(a.quotaMessages === undefined ? {} : { quotaMessages: a.quotaMessages }),
    created: a.created,
    scram: a.password === null || (a.scram !== undefined && parseScram(a.scram, a.password) !== null),
    certificates: a.certificates ?? [],
    appPasswords: a.appPasswords.map(({ name, created }) => ({ name, created })),
    password: a.password === null
      ? "none"
      : a.password.startsWith("{")
      ? a.password.slice(1, a.password.indexOf("}"))
      : "scrypt",
  }));
  if (call.options.has("json")) {
    call.terminal.out(JSON.stringify(rows, null, 2));
  } else if (rows.length === 0) {
    call.terminal.out('no accounts yet; "roost user add ADDRESS" makes one');
  } else {
    const cells = rows.map((r) => [
      r.address,
      r.disabled ? "disabled" : "",
      // Until all have keys, SCRAM is not offered to anybody: who holds it up should be seen.
      r.scram ? r.password : `${r.password}, no SCRAM`,
      r.appPasswords.map((p) => p.name).join(", "),
      quotaText(r.quota, r.quotaMessages),
      r.created.slice(0, 10),
    ]);
    call.terminal.out(
      table([["ADDRESS", "STATE", "PASSWORD", "APP PASSWORDS", "QUOTA", "CREATED"], ...cells]),
    );
  }
  return 0;
}

async function passwd(call: Call, config: Config, [address]: readonly string[]): Promise<number> {
  const id = accountNamed(config, address);
  const { password, shown } = await newPassword(call);
  const { hash, scram } = await kept(call.tools, config, id, password);
  await changeOne(call.tools, config, id, (account) => ok({ ...account, password: hash, scram }));
  const news = await tellServer(call.tools, config);
  call.terminal.out(
    `new password of ${id} set (${news})${shown === null ? "" : `\npassword: ${shown}   (shown only now)`}`,
  );
  return 0;
}

async function appPassword(call: Call, config: Config, [address, name]: readonly string[]): Promise<number> {
  const { tools } = call;
  const id = accountNamed(config, address);
  if (call.options.has("remove")) {
    if (name === undefined) throw new CommandFault("which app password? give its name", 2);
    await changeOne(call.tools, config, id, (account) => {
      const left = account.appPasswords.filter((p) => p.name !== name);
      if (left.length === account.appPasswords.length) return err(`${id} has no app password "${name}"`);
      return ok({ ...account, appPasswords: left });
    });
    call.terminal.out(`app password "${name}" of ${id} removed (${await tellServer(tools, config)})`);
    return 0;
  }
  const password = generatePassword(tools.random);
  const entry = await kept(tools, config, id, password, hashAppPassword(password, tools.random));
  let made = name ?? "";
  await changeOne(call.tools, config, id, (account) => {
    made ||= freeName(account.appPasswords);
    if (account.appPasswords.some((p) => p.name === made)) {
      return err(`${id} has an app password "${made}" already; choose another name`);
    }
    if (account.appPasswords.length >= APP_PASSWORDS) {
      return err(`${id} has ${APP_PASSWORDS} app passwords; remove one first`);
    }
    const fresh = { name: made, ...entry, created: timestamp(tools) };
    return ok({ ...account, appPasswords: [...account.appPasswords, fresh] });
  });
  const news = await tellServer(tools, config);
  if (call.options.has("json")) call.terminal.out(JSON.stringify({ address: id, name: made, password }));
  else {call.terminal.out(
      `app password "${made}" of ${id} made (${news})\npassword: ${password}   (shown only now)`,
    );}
  return 0;
}

function freeName(taken: readonly AppPassword[]): string {
  for (let n = taken.length + 1;; n++) if (!taken.some((p) => p.name === `app ${n}`)) return `app ${n}`;
}

async function setDisabled(
  call: Call,
  config: Config,
  [address]: readonly string[],
  disabled: boolean,
): Promise<number> {
  const id = accountNamed(config, address);
  await changeOne(call.tools, config, id, (account) => ok({ ...account, disabled }));
  call.terminal.out(`${id} ${disabled ? "disabled" : "enabled"} (${await tellServer(call.tools, config)})`);
  return 0;
}

/** Sets or ends the bounds of what an account may keep. */
async function setQuota(call: Call, config: Config, [address, size]: readonly string[]): Promise<number> {
  const id = accountNamed(config, address);
  const count = call.options.get("messages");
  const quota = size === undefined || size === "none" ? null : parseSize(size);
  if (quota === undefined || (size === undefined && count === undefined)) {
    throw new CommandFault('how much? give a size such as 5GB, or "none"', 2);
  }
  if (count !== undefined && !/^[1-9]\d{0,8}$/.test(count)) {
    throw new CommandFault(`--messages "${count}" is no number above 0`, 2);
  }
  await changeOne(call.tools, config, id, ({ quotaMessages: _, ...account }) =>
    ok({
      ...account,
      quota,
      ...(count === undefined ? {} : { quotaMessages: Number(count) }),
    }));
  const text = quotaText(quota, count === undefined ? undefined : Number(count)) || "none";
  call.terminal.out(`quota of ${id}: ${text} (${await tellServer(call.tools, config)})`);
  return 0;
}

function quotaText(octets: number | null, messages: number | undefined): string {
  const parts: string[] = [];
  if (octets !== null) parts.push(sizeText(octets));
  if (messages !== undefined) parts.push(`${messages} messages`);
  return parts.join(", ");
}

function sizeText(octets: number): string {
  const unit = octets >= 1024 ** 3 ? 1024 ** 3 : octets >= 1024 ** 2 ? 1024 ** 2 : 1024;
  const name = unit === 1024 ? "KB" : unit === 1024 ** 2 ? "MB" : "GB";
  return `${Math.round(octets / unit * 10) / 10} ${name}`;
}

async function remove(call: Call, config: Config, [address]: readonly string[]): Promise<number> {
  const id = accountNamed(config, address);
  await change(call.tools, config, (accounts) => accounts.delete(id) ? ok(undefined) : err(noAccount(id)));
  const mail = mailFolder(config, id);
  const left = await call.tools.fs.stat(mail) ? `; its mail stays in ${mail}` : "";
  call.terminal.out(`${id} removed (${await tellServer(call.tools, config)})${left}`);
  return 0;
}
