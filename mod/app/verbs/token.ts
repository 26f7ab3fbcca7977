import { dataPaths } from "../../config/paths.ts";
import { hashToken, makeToken, readTokens, withToken, writeTokens } from "../../status/tokens.ts";
import { timestamp } from "../account_verbs.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["token add NAME [--read]", "token list [--json]", "token remove NAME"],
  about:
    `Tokens by which people sign in to the status page and programs use the API (Authorization: Bearer). "add" prints a new one, once: only its
hash is kept, in DATA/tokens.jsonl. With --read it may look and change nothing. "remove" makes it worthless at once, in the running server too.`,
  options: {
    read: { doc: "with add: it may look, not change" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [action = "", name, more] = call.operands;
    if (more !== undefined) throw new CommandFault("one name will do", 2);
    if (action === "list" && name === undefined) return await list(call);
    if (action !== "add" && action !== "remove") {
      throw new CommandFault("token needs one of add, list, remove", 2);
    }
    if (name === undefined) {
      throw new CommandFault("which? give the token a name, such as that of the program", 2);
    }
    return action === "add" ? await add(call, name) : await remove(call, name);
  },
};

async function add(call: Call, name: string): Promise<number> {
  const { fs, random } = call.tools;
  const config = await readConfig(call);
  const { tokens: file } = dataPaths(config);
  const token = makeToken(random);
  const right = call.options.has("read") ? "read" : "change";
  await fs.makeDir(config.data);
  const fresh = { name, right, hash: await hashToken(token), created: timestamp(call.tools) } as const;
  const tokens = withToken(await readTokens(fs, file), fresh);
  if (!tokens.ok) throw new CommandFault(tokens.error, 2);
  await writeTokens(fs, file, tokens.value);
  call.terminal.out(token);
  return 0;
}

async function list(call: Call): Promise<number> {
  const tokens = await readTokens(call.tools.fs, dataPaths(await readConfig(call)).tokens);
  const told = tokens.map(({ name, right, created }) => ({ name, right, created }));
  if (call.options.has("json")) call.terminal.out(JSON.stringify(told, null, 2));
  else if (told.length === 0) call.terminal.out('there is no token; "roost token add NAME" makes one');
  else {
    const rows = told.map((t) => [t.name, t.right, t.created.slice(0, 10)]);
    call.terminal.out(table([["NAME", "MAY", "CREATED"], ...rows]));
  }
  return 0;
}

async function remove(call: Call, name: string): Promise<number> {
  const { fs } = call.tools;
  const { tokens: file } = dataPaths(await readConfig(call));
  const tokens = await readTokens(fs, file);
  const left = tokens.filter((t) => t.name !== name);
  if (left.length === tokens.length) throw new CommandFault(`there is no token "${name}"`);
  await writeTokens(fs, file, left);
  call.terminal.out(`token ${name} removed`);
  return 0;
}
