import { checkHost, type SpfQuestion, type SpfStep } from "../../auth/spf/check.ts";
import { formatReceivedSpf } from "../../auth/spf/format.ts";
import type { SpfOutcome } from "../../auth/types.ts";
import { parseIp } from "../../base/ip.ts";
import { SPF_LOOKUPS } from "../../base/limits.ts";
import { parseAddress } from "../../mail/address.ts";
import { BatchFault, type BatchQuestion, runBatch, textOf } from "../batch.ts";
import { DNS_OPTION, hostnameOf, resolverOf } from "../dns_option.ts";
import { CommandFault } from "../terminal.ts";
import { bold, type Call, CONFIG_OPTION, JSON_OPTION, table, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: [
    "spf IP SENDER HELO [--dns HOST:PORT] [--json] [--config FILE]",
    "spf --batch [--dns HOST:PORT] [--config FILE]",
  ],
  about:
    `Whether SPF lets a client send in a sender's name, and how that came about: the records, the terms that were looked at, and the one
that decided. SENDER "" is the null sender: then HELO is checked. With --batch, standard input has one JSON object a line,
{"id":1,"ip":"192.0.2.1","helo":"mail.example.org","mailFrom":"you@example.org"}, and each is answered by
{"id":1,"result":"pass","explanation":null,"lookups":0} as soon as it is known, or by {"id":1,"error":"…"} where it cannot be read.`,
  options: {
    batch: { doc: "answer JSON objects from standard input, one a line" },
    ...DNS_OPTION,
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    if (!call.options.has("batch")) return await one(call);
    if (call.operands.length > 0) {
      throw new CommandFault("with --batch, questions come from standard input", 2);
    }
    const ports = {
      resolver: await resolverOf(call),
      clock: call.tools.clock,
      hostname: await hostnameOf(call),
    };
    await runBatch(call.terminal, async (question) => {
      const { result, explanation, lookups } = await checkHost(questionOf(question), ports);
      return { result, explanation, lookups };
    });
    return 0;
  },
};

function questionOf(question: BatchQuestion): SpfQuestion {
  const ip = textOf(question, "ip");
  if (!parseIp(ip)) throw new BatchFault(`"ip" is no address: ${ip}`);
  return { ip, helo: textOf(question, "helo", ""), mailFrom: senderOf(textOf(question, "mailFrom", "")) };
}

/** Takes "<you@example.org>" and a quoted local part, too. */
function senderOf(text: string): string {
  const path = /^<(.*)>$/s.exec(text)?.[1] ?? text;
  const quoted = path.startsWith('"') ? parseAddress(path) : null;
  return quoted?.ok ? `${quoted.value.local}@${quoted.value.domain}` : path;
}

async function one(call: Call): Promise<number> {
  const [ip, sender, helo] = call.operands;
  if (ip === undefined || sender === undefined || helo === undefined || call.operands.length > 3) {
    throw new CommandFault(
      "spf needs IP SENDER HELO, such as: 192.0.2.1 you@example.org mail.example.org",
      2,
    );
  }
  if (!parseIp(ip)) throw new CommandFault(`"${ip}" is no IP address`, 2);
  const question = { ip, helo, mailFrom: senderOf(sender) };
  const hostname = await hostnameOf(call);
  const steps: SpfStep[] = [];
  const outcome = await checkHost(question, {
    resolver: await resolverOf(call),
    clock: call.tools.clock,
    hostname,
    watch: (step) => steps.push(step),
  });
  const { terminal } = call;
  if (call.options.has("json")) {
    terminal.out(
      JSON.stringify(
        { ...outcome, steps, header: formatReceivedSpf(outcome, { ...question, hostname }) },
        null,
        2,
      ),
    );
  } else {
    terminal.out(`${bold(terminal, outcome.result)}: ${meaning(outcome, ip)}`);
    terminal.out(table(facts(outcome, question)));
    if (steps.length > 0) terminal.out(`\n${table(steps.map(row))}`);
  }
  return 0;
}

function meaning({ result, domain }: SpfOutcome, ip: string): string {
  switch (result) {
    case "pass":
      return `${domain} lets ${ip} send in its name`;
    case "fail":
      return `${domain} says that ${ip} may not send in its name`;
    case "softfail":
      return `${domain} says that ${ip} probably may not send in its name`;
    case "neutral":
      return `${domain} does not say whether ${ip} may send in its name`;
    case "none":
      return "there is no record that could say anything";
    case "temperror":
      return "DNS could not be asked; try again later";
    case "permerror":
      return `what ${domain} publishes cannot be used; its owner has to mend it`;
  }
}

function facts(outcome: SpfOutcome, { helo, mailFrom }: SpfQuestion): string[][] {
  return [
    ["  checked", outcome.identity === "helo" ? `HELO ${helo}` : `MAIL FROM ${mailFrom}`],
    ["  why", outcome.why],
    ...outcome.explanation === null ? [] : [["  it explains", outcome.explanation]],
    ["  look-ups", `${outcome.lookups} of ${SPF_LOOKUPS}`],
  ];
}

/** Terms stand below their record, and what a record includes between the two. */
function row(step: SpfStep): string[] {
  const indent = "    ".repeat(step.depth);
  if (step.kind === "record") return [`${indent}${step.domain}`, step.text];
  const why = step.why === "" ? "" : `: ${step.why}`;
  return [`${indent}  ${step.text}`, `${step.outcome}${why}`];
}
