import { authResultsPayload } from "../../auth/authres/format.ts";
import { type Inspected, Inspection, type InspectionFacts } from "../../auth/inspection.ts";
import { CR, CRLF, LF } from "../../base/bytes.ts";
import { isFsError } from "../../base/fs.ts";
import { parseIp } from "../../base/ip.ts";
import { type Address, parseAddress } from "../../mail/address.ts";
import { absolutePath } from "../../config/paths.ts";
import type { Resolver } from "../../dns/resolver.ts";
import { BatchFault, type BatchQuestion, runBatch, textOf } from "../batch.ts";
import { DNS_OPTION, hostnameOf, resolverOf } from "../dns_option.ts";
import { CommandFault, type Tools } from "../terminal.ts";
import { bold, type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

const BLOCK = 64 * 1024;

export const verb: Verb = {
  usage: [
    "auth FILE --ip I --helo H --mail-from F [--dns HOST:PORT] [--json] [--config FILE]",
    "auth --batch [--dns HOST:PORT] [--config FILE]",
  ],
  about:
    `What SPF, DKIM, DMARC and ARC say of the message in FILE, had it come from the client at I that greets with H and names F as the sender.
Without --ip SPF is not asked. --mail-from "" is the null sender: then HELO is checked. With --batch, standard input has one JSON object
a line, {"id":1,"file":"m.eml","ip":"192.0.2.1","helo":"mail.example.org","mailFrom":"you@example.org","now":1800000000} (all but file may be left
out), and each is answered by {"id":1,"spf":{…},"dkim":[…],"dmarc":{…},"arc":{…}} as soon as it is known, or by {"id":1,"error":"…"}.`,
  options: {
    ip: { value: "I", doc: "the client's address" },
    helo: { value: "H", doc: "what it says in HELO or EHLO" },
    "mail-from": { value: "F", doc: "the sender it names" },
    batch: { doc: "answer JSON objects from standard input, one a line" },
    ...DNS_OPTION,
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    return call.options.has("batch") ? await batch(call) : await one(call);
  },
};

/** A message and where it is said to have come from. `now` in milliseconds since 1970. */
interface Question {
  readonly file: string;
  readonly client: InspectionFacts["client"];
  readonly now: number;
}

interface Ports {
  readonly tools: Tools;
  readonly resolver: Resolver;
  readonly hostname: string;
}

async function portsOf(call: Call): Promise<Ports> {
  return { tools: call.tools, resolver: await resolverOf(call), hostname: await hostnameOf(call) };
}

/** DESIGN: `roost auth --batch`. */
async function batch(call: Call): Promise<number> {
  if (call.operands.length > 0) throw new CommandFault("with --batch, questions come from standard input", 2);
  const ports = await portsOf(call);
  await runBatch(call.terminal, async (asked) => {
    const { findings } = await inspect(questionOf(asked, call), ports);
    const { spf, dkim, dmarc, arc } = findings;
    return {
      spf: spf && { result: spf.result, domain: spf.domain },
      dkim: dkim.map(({ result, domain, selector, reason }) => ({ result, domain, selector, reason })),
      dmarc: dmarc && { result: dmarc.result, policy: dmarc.policy, domain: dmarc.domain },
      arc: arc && { result: arc.result, instances: arc.instances, sealer: arc.sealer, reason: arc.reason },
    };
  });
  return 0;
}

function questionOf(asked: BatchQuestion, call: Call): Question {
  const file = absolutePath(call.terminal.cwd, textOf(asked, "file"));
  const now = asked["now"] ?? call.tools.clock.now() / 1000;
  if (typeof now !== "number" || !Number.isFinite(now)) throw new BatchFault('"now" is no number of seconds');
  const ip = textOf(asked, "ip", "");
  if (ip === "") return { file, client: null, now: now * 1000 };
  if (!parseIp(ip)) throw new BatchFault(`"ip" is no address: ${ip}`);
  const sender = senderOf(textOf(asked, "mailFrom", ""));
  if (sender === undefined) throw new BatchFault('"mailFrom" is no address');
  return { file, client: { address: ip, helo: textOf(asked, "helo", ""), sender }, now: now * 1000 };
}

async function one(call: Call): Promise<number> {
  const [path] = call.operands;
  if (path === undefined || call.operands.length > 1) {
    throw new CommandFault(
      "auth needs one FILE, such as: message.eml --ip 192.0.2.1 --helo mail.example.org --mail-from you@example.org",
      2,
    );
  }
  const question: Question = {
    file: absolutePath(call.terminal.cwd, path),
    client: clientOf(call),
    now: call.tools.clock.now(),
  };
  const ports = await portsOf(call);
  let inspected: Inspected;
  try {
    inspected = await inspect(question, ports);
  } catch (e) {
    if (e instanceof BatchFault) throw new CommandFault(e.message);
    throw e;
  }
  const { client } = question;
  const payload = authResultsPayload(ports.hostname, inspected.findings, {
    address: client?.address ?? null,
    sender: client?.sender ?? null,
  });
  const header = `Authentication-Results: ${payload}`;
  if (call.options.has("json")) call.terminal.out(JSON.stringify({ ...inspected.findings, header }, null, 2));
  else tell(call, inspected, header);
  return 0;
}

function clientOf({ options }: Call): InspectionFacts["client"] {
  const address = options.get("ip");
  if (address === undefined) return null;
  if (!parseIp(address)) throw new CommandFault(`--ip: "${address}" is no IP address`, 2);
  const sender = senderOf(options.get("mail-from") ?? "");
  if (sender === undefined) {
    throw new CommandFault(
      `--mail-from: "${options.get("mail-from")}" is no address, such as you@example.org`,
      2,
    );
  }
  return { address, helo: options.get("helo") ?? "", sender };
}

/** null for "" and "<>", undefined for what is no address. What SMTP would not take is taken: the domain is what counts. */
function senderOf(text: string): Address | null | undefined {
  const path = /^<(.*)>$/s.exec(text)?.[1] ?? text;
  if (path === "") return null;
  const parsed = parseAddress(path);
  if (parsed.ok) return parsed.value;
  const at = path.lastIndexOf("@");
  return at < 0 ? undefined : { local: path.slice(0, at), domain: path.slice(at + 1) };
}

/** Throws BatchFault where there is no such file. */
async function inspect(
  { file, client, now }: Question,
  { tools, resolver, hostname }: Ports,
): Promise<Inspected> {
  const inspection = new Inspection({ resolver, clock: tools.clock, hostname }, {
    client,
    now,
    trustedSealers: [],
    roll: 0,
  });
  try {
    await readLines(tools, file, (view) => inspection.write(view));
  } catch (e) {
    if (isFsError(e)) throw new BatchFault(`${file}: cannot be read (${e.code})`);
    throw e;
  }
  return await inspection.finish();
}

/** The octets of a file, with CRLF where only LF stands, as mail has it on its way; until `wanted` says no. Throws FsError. */
async function readLines(tools: Tools, path: string, wanted: (view: Uint8Array) => boolean): Promise<void> {
  const file = await tools.fs.open(path);
  try {
    const block = new Uint8Array(BLOCK);
    let last = 0;
    for (let at = 0;;) {
      const n = await file.readAt(block, at);
      if (n === 0) return;
      at += n;
      let from = 0;
      for (let lf = block.indexOf(LF); lf >= 0 && lf < n; lf = block.indexOf(LF, lf + 1)) {
        if ((lf === 0 ? last : block[lf - 1]) === CR) continue;
        wanted(block.subarray(from, lf));
        wanted(CRLF);
        from = lf + 1;
      }
      if (!wanted(block.subarray(from, n))) return;
      last = block[n - 1] ?? 0;
    }
  } finally {
    file.close();
  }
}

function tell({ terminal }: Call, { findings }: Inspected, header: string): void {
  const { spf, spfHelo, dkim, dmarc, arc } = findings;
  const rows: string[][] = [];
  if (spf) rows.push(["SPF", bold(terminal, spf.result), spf.domain, spf.why]);
  if (spfHelo) rows.push(["SPF of HELO", bold(terminal, spfHelo.result), spfHelo.domain, spfHelo.why]);
  for (const d of dkim) rows.push(["DKIM", bold(terminal, d.result), d.domain, d.reason]);
  if (dkim.length === 0) rows.push(["DKIM", bold(terminal, "none"), "", "nobody has signed it"]);
  if (arc) rows.push(["ARC", bold(terminal, arc.result), arc.sealer, arc.reason]);
  if (dmarc) {
    const policy = dmarc.policy === null ? "" : `p=${dmarc.policy}`;
    rows.push([
      "DMARC",
      bold(terminal, dmarc.result),
      dmarc.domain,
      [policy, dmarc.reason].filter((t) => t !== "").join(": "),
    ]);
  }
  terminal.out(`${table(rows)}\n\n${header.replaceAll("\r\n", "\n")}`);
}
