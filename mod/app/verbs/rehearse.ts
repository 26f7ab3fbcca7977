import { concat, CR, CRLF, fromUtf8, LF, utf8 } from "../../base/bytes.ts";
import { parseIp } from "../../base/ip.ts";
import type { Config } from "../../config/config.ts";
import { absolutePath } from "../../config/paths.ts";
import { parseAddressList } from "../../mail/address_list.ts";
import { formatDate } from "../../mail/date.ts";
import { allFields, fieldValue, scanHeader } from "../../mail/header.ts";
import type { Letter } from "../rehearsal/client_conn.ts";
import type { Rehearsed } from "../rehearsal/rehearsal.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { bold, type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

/** A message may be larger than what is taken: that is one of the things to find out. */
const FILE_MOST = 1024 * 1024 * 1024;

export const verb: Verb = {
  usage: ["rehearse [--from A] [--to B[,C...]] [--ip I] [--helo H] [FILE] [--json]"],
  about:
    `What would happen to the message in FILE now, without delivering anything: a session of the server is played, with all checks, from the client at I that
greets with H. Without --ip, a sender of ours is taken as logged in. Without --from and --to, the message's own From and To count; without FILE, a small
message is made up. Rates, connections and hosts that are away, which only the running server knows, are no part of it.`,
  options: {
    from: { value: "A", doc: 'the sender; "<>" for none' },
    to: { value: "B", doc: "the recipients, with commas between them" },
    ip: { value: "I", doc: "the client's address" },
    helo: { value: "H", doc: "what it says in EHLO; default the sender's domain" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    if (call.operands.length > 1) throw new CommandFault("rehearse takes one FILE", 2);
    const config = await readConfig(call);
    const ip = call.options.get("ip") ?? null;
    if (ip !== null && !parseIp(ip)) throw new CommandFault(`--ip: "${ip}" is no IP address`, 2);
    const letter = await letterOf(call, config);
    const { rehearse } = await import("../rehearsal/rehearsal.ts");
    const rehearsed = await rehearse(letter, ip, config, call.tools);
    if (call.options.has("json")) call.terminal.out(JSON.stringify(rehearsed, null, 2));
    else call.terminal.out(tell(call, rehearsed));
    return rehearsed.accepted ? 0 : 1;
  },
};

async function letterOf({ options, operands, terminal, tools }: Call, config: Config): Promise<Letter> {
  const [file] = operands;
  const path = file === undefined ? null : absolutePath(terminal.cwd, file);
  const given = path === null ? null : await tools.fs.readFile(path, FILE_MOST);
  if (path !== null && !given) throw new CommandFault(`${path}: there is no such file`);
  const lines = given && withCrlf(given);
  const from = pathOf("from", options.get("from") ?? addressesIn(lines, "from")[0]);
  const to = (options.get("to")?.split(",") ?? addressesIn(lines, "to")).map((t) => pathOf("to", t.trim()));
  if (to.length === 0 || to.includes("")) {
    throw new CommandFault("to whom? give --to, or a FILE with a To field", 2);
  }
  const now = tools.clock.now();
  const message = lines ?? madeUp(from, to, config.hostname, now);
  const helo = options.get("helo") ?? (from.split("@")[1] || "client.example");
  if (/[^\x21-\x7e]/.test(helo)) throw new CommandFault(`--helo: "${helo}" is no host name`, 2);
  return { helo, from, to, message, eightBit: message.some((octet) => octet > 0x7f) };
}

/** What stands between the brackets of MAIL and RCPT. */
function pathOf(option: string, text = ""): string {
  const path = text.replace(/^<(.*)>$/s, "$1");
  if (/[\p{Cc}<>]/u.test(path)) throw new CommandFault(`--${option}: "${path}" is no address`, 2);
  return path;
}

function addressesIn(message: Uint8Array | null, name: string): string[] {
  if (!message) return [];
  const header = scanHeader(message);
  return allFields(header, name).flatMap((field) =>
    parseAddressList(fieldValue(header, field)).flatMap(({ mailbox, host }) =>
      mailbox && host ? [`${fromUtf8(mailbox)}@${fromUtf8(host)}`] : []
    )
  );
}

/** With CRLF where only LF stands, as mail has it on its way. */
function withCrlf(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf - 1] === CR) continue;
    parts.push(bytes.subarray(from, lf), CRLF);
    from = lf + 1;
  }
  return from === 0 ? bytes : concat([...parts, bytes.subarray(from)]);
}

function madeUp(from: string, to: readonly string[], hostname: string, now: number): Uint8Array {
  const fields = [
    `From: <${from || `postmaster@${hostname}`}>`,
    `To: ${to.map((t) => `<${t}>`).join(", ")}`,
    `Date: ${formatDate(now, 0)}`,
    `Message-ID: <rehearsal.${now}@${hostname}>`,
    "Subject: A rehearsal",
  ];
  return utf8(`${fields.join("\r\n")}\r\n\r\nNothing is delivered.\r\n`);
}

function tell({ terminal }: Call, rehearsed: Rehearsed): string {
  const { account, dialog, notes, recipients, decisions, out, accepted, reply } = rehearsed;
  const title = (text: string) => bold(terminal, text);
  const lines = [
    title(accepted ? "it would be accepted" : "it would not be accepted"),
    `  from ${
      account === null ? "a stranger, on port 25" : `${account}, logged in (with --ip it comes from outside)`
    }: ${plain(reply)}`,
    ...notes.map((note) => `  ${note}`),
    title("recipients"),
    ...recipients.map((r) => `  ${plain(r)}`),
  ];
  const refused = dialog.filter((s) => /^[45]/.test(s.reply));
  if (refused.length > 0) {
    lines.push(
      title("answers that refuse"),
      ...refused.map((s) => `  ${plain(`${s.command} -> ${s.reply}`)}`),
    );
  }
  if (decisions.length > 0) lines.push(title("what would be decided"));
  for (const { text, details, advice } of decisions) {
    lines.push(
      `  ${text}`,
      ...details.map((d) => `      ${d}`),
      ...(advice === "" ? [] : [`      -> ${advice}`]),
    );
  }
  for (const { destination, recipients: to, hosts, fault, advice } of out) {
    lines.push(title(`on to ${destination}, for ${to.join(", ")}`));
    if (fault !== "") {
      lines.push(`  it would fail: ${plain(fault)}`, ...(advice === "" ? [] : [`      -> ${advice}`]));
    }
    for (const host of hosts) lines.push(`  ${host.name} port ${host.port}: ${plain(host.tls)}`);
  }
  return lines.join("\n");
}

/** One line that moves no cursor. */
function plain(text: string): string {
  return text.replace(/\r\n/g, " / ").replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "?");
}
