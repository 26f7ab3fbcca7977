/** `roost import imap`: connects to another server and logs in. */
import type { Config } from "../config/config.ts";
import { ImapClient, ImapFault } from "../transfer/imap_client.ts";
import { ImapSource } from "../transfer/imap_source.ts";
import type { Tally } from "../transfer/tally.ts";
import { ConnectionLost } from "../wire/conn.ts";
import { passwordFromInput } from "./account_verbs.ts";
import { CommandFault } from "./terminal.ts";
import type { Call } from "./verb.ts";

const CONNECT = 30_000; // milliseconds
const IDLE = 5 * 60_000; // milliseconds a busy server may take to answer
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** TLS from the first octet; else by STARTTLS. */
  readonly implicit: boolean;
}

/** Does `work` with the account as a source; faults of the other server end the verb. Throws CommandFault. */
export async function withImap(
  call: Call,
  config: Config,
  url: string,
  tally: Tally,
  work: (source: ImapSource) => Promise<number>,
): Promise<number> {
  const place = parsePlace(url);
  if (!call.options.has("password-stdin")) {
    throw new CommandFault("the other server's password comes by standard input; say --password-stdin", 2);
  }
  const password = await passwordFromInput(call.terminal);
  try {
    const client = await loggedIn(call, place, password);
    const origin = `${place.user}@${place.host}:${place.port}`;
    const code = await work(await ImapSource.open(client, origin, config.imap.separator, tally));
    await client.close();
    return code;
  } catch (e) {
    if (!(e instanceof ImapFault || e instanceof ConnectionLost)) throw e;
    const far = tally.messages > 0
      ? `; ${tally.messages} messages are here, run it again for the others`
      : "";
    const untrusted = e instanceof ConnectionLost && e.why === "tls"
      ? "; --any-certificate takes whatever it shows, if you know the network"
      : "";
    throw new CommandFault(`${place.host}: ${e.message}${untrusted}${far}`);
  }
}

/** Throws CommandFault. */
function parsePlace(text: string): Place {
  const url = URL.canParse(text) ? new URL(text) : null;
  const implicit = url?.protocol === "imaps:";
  if (!url || (!implicit && url.protocol !== "imap:") || url.username === "" || url.hostname === "") {
    throw new CommandFault(
      `"${text}" is not like imaps://you@mail.example.net (or imap://, with STARTTLS)`,
      2,
    );
  }
  if (url.password !== "") {
    throw new CommandFault(
      "no password belongs into the address, where others see it; say --password-stdin",
      2,
    );
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (implicit ? 993 : 143) : Number(url.port),
    user: decodeURIComponent(url.username),
    implicit,
  };
}

async function loggedIn({ options }: Call, place: Place, password: string): Promise<ImapClient> {
  const { connect } = await import("../sys/listener.ts");
  const conn = await connect(place.host, place.port, CONNECT);
  conn.setIdle(IDLE);
  const verify = { name: place.host, required: !options.has("any-certificate") };
  if (place.implicit) await conn.startTls(null, verify);
  const client = new ImapClient(conn);
  if (await client.greeting()) return client;
  let capabilities = await client.capabilities();
  if (!place.implicit) {
    if (capabilities.has("STARTTLS")) {
      await client.startTls(verify);
      capabilities = await client.capabilities();
    } else if (!LOOPBACK.has(place.host)) {
      throw new ImapFault("the server has no STARTTLS, and a password is not sent in the clear");
    }
  }
  await client.login(place.user, password, capabilities);
  return client;
}
