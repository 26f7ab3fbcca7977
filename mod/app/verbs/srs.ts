import { Srs, type SrsError } from "../../auth/srs.ts";
import { readSrsSecrets, rotateSrsSecrets } from "../../auth/srs_secrets.ts";
import { dataPaths } from "../../config/paths.ts";
import { hostName } from "../../config/values.ts";
import { type Address, formatAddress, parseAddress } from "../../mail/address.ts";
import { tellServer } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

const FAULTS: Readonly<Record<SrsError, string>> = {
  "not-srs": "is no address such as SRS0=…=…=example.org=user@DOMAIN",
  "forged": "was not made with this secret",
  "expired": "is older than 21 days (or not from this clock)",
};

export const verb: Verb = {
  usage: [
    "srs forward ADDRESS [--domain DOMAIN] [--secret SECRET] [--now UNIX_SECONDS] [--json]",
    "srs reverse ADDRESS [--secret SECRET] [--now UNIX_SECONDS] [--json]",
    "srs rotate",
  ],
  about:
    `"forward" prints the envelope sender that mail from ADDRESS gets when it is forwarded, "reverse" where such an address leads back to.
Secrets and domain come from the configuration unless given. "rotate" puts a new secret on top of DATA/keys/srs: it signs from now on,
while addresses made with the two before it are good for their 21 days.`,
  options: {
    domain: {
      value: "DOMAIN",
      doc: "domain of ours that was written to; default the first one of the configuration",
    },
    secret: { value: "SECRET", doc: "instead of those in DATA/keys/srs" },
    now: { value: "UNIX_SECONDS", doc: "the time to reckon with; default now" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [action = "", text = "", extra] = call.operands;
    if (extra !== undefined || action === "rotate" && text !== "") {
      throw new CommandFault(`what is "${extra ?? text}"? srs does one thing at a time`, 2);
    }
    if (action === "rotate") return await rotate(call);
    if (action !== "forward" && action !== "reverse") {
      throw new CommandFault("srs needs one of forward, reverse, rotate", 2);
    }
    const address = parseAddress(text);
    if (!address.ok || address.value.domain === "") {
      throw new CommandFault(`"${text}" is no address such as you@example.org`, 2);
    }
    const turnedTo = formatAddress(await turned(call, action, address.value));
    call.terminal.out(call.options.has("json") ? JSON.stringify({ address: turnedTo }) : turnedTo);
    return 0;
  },
};

async function turned(call: Call, action: "forward" | "reverse", address: Address): Promise<Address> {
  const now = timeOf(call);
  const domain = action === "forward" ? await domainOf(call) : null;
  const srs = await rewriter(call);
  if (domain === null) {
    const back = srs.reverse(address, now);
    if (!back.ok) throw new CommandFault(`${formatAddress(address)} ${FAULTS[back.error]}`);
    return back.value;
  }
  const to = srs.forward(address, domain, now);
  if (!to) throw new CommandFault("the address would grow too long: such mail keeps its sender");
  return to;
}

async function rewriter(call: Call): Promise<Srs> {
  const secret = call.options.get("secret");
  if (secret === "") throw new CommandFault("--secret must not be empty", 2);
  if (secret !== undefined) return new Srs([secret]);
  const file = dataPaths(await readConfig(call)).srs;
  // To make them is for the server's own user.
  const secrets = await readSrsSecrets(call.tools.fs, file);
  if (!secrets) throw new CommandFault(`there is no ${file} yet: start the server once, or give --secret`);
  return new Srs(secrets);
}

async function domainOf(call: Call): Promise<string> {
  const named = call.options.get("domain");
  if (named === undefined) {
    const [first] = (await readConfig(call)).domains.keys();
    if (first === undefined) throw new CommandFault("no domains yet; name one with --domain");
    return first;
  }
  const domain = hostName(named);
  if (domain === undefined) throw new CommandFault(`--domain "${named}" is no domain such as example.org`, 2);
  return domain;
}

/** Milliseconds since 1970. */
function timeOf(call: Call): number {
  const text = call.options.get("now");
  if (text === undefined) return call.tools.clock.now();
  if (!/^\d{1,12}$/.test(text)) {
    throw new CommandFault(`--now "${text}" is no number of seconds since 1970`, 2);
  }
  return Number(text) * 1000;
}

async function rotate(call: Call): Promise<number> {
  const config = await readConfig(call);
  const { fs, random } = call.tools;
  await rotateSrsSecrets(fs, dataPaths(config).srs, random);
  call.terminal.out(`a new secret signs (${await tellServer(call.tools, config)})`);
  return 0;
}
