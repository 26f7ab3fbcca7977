import { tellRescan } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { memoryBody } from "../../base/body.ts";
import { dataPaths } from "../../config/paths.ts";
import { Spool } from "../../queue/spool.ts";
import { prepareMessage } from "../local_message.ts";
import { MailSigning } from "../mail_signing.ts";
import { silentLog } from "../silent_log.ts";
import { CommandFault, readInput } from "../terminal.ts";
import { CONFIG_OPTION, type Verb } from "../verb.ts";

const IGNORED = "taken and ignored, for programs that give it";

export const verb: Verb = {
  usage: ["sendmail [-f ADDRESS] [-t] [-i] [RECIPIENT…]"],
  about:
    `Puts the message on standard input into the queue; done when it is on the disk. What cron and other programs call as
/usr/sbin/sendmail. A name without "@" is one in the first of our domains. Bcc fields are removed.`,
  options: {
    from: {
      short: "f",
      value: "ADDRESS",
      doc: 'where failures are told to; "<>" for nowhere; default the From field',
    },
    "from-too": { short: "r", value: "ADDRESS", doc: "the same as -f" },
    "full-name": { short: "F", value: "NAME", doc: "name for a From field, should that be missing" },
    "to-in-header": { short: "t", doc: "recipients also from the To, Cc and Bcc fields" },
    "ignore-dots": { short: "i", doc: 'a line of "." alone does not end the message' },
    set: { short: "o", value: "X", doc: "-oi is -i; others are ignored" },
    body: { short: "B", value: "TYPE", doc: IGNORED },
    mode: { short: "b", value: "M", doc: "only m, to send a message" },
    notify: { short: "N", value: "DSN", doc: IGNORED },
    return: { short: "R", value: "DSN", doc: IGNORED },
    envelope: { short: "V", value: "ID", doc: IGNORED },
    verbose: { short: "v", doc: IGNORED },
    noalias: { short: "n", doc: IGNORED },
    metoo: { short: "m", doc: IGNORED },
    label: { short: "L", value: "TAG", doc: IGNORED },
    option: { short: "O", value: "X", doc: IGNORED },
    submission: { short: "U", doc: IGNORED },
    gateway: { short: "G", doc: IGNORED },
    ...CONFIG_OPTION,
  },
  async run(call) {
    const { tools, options } = call;
    const mode = options.get("mode") ?? "m";
    if (mode !== "m") {
      throw new CommandFault(`-b${mode} is not for this program; "roost queue list" shows the queue`, 2);
    }
    const config = await readConfig(call);
    const input = await readInput(call.terminal, config.limits.messageSize);
    const spool = new Spool(dataPaths(config).queue, { ...tools, log: silentLog });
    const id = spool.newId();
    const { message, envelope } = prepareMessage(input, {
      config,
      id,
      now: tools.clock.now(),
      user: call.terminal.env("LOGNAME") ?? call.terminal.env("USER") ?? "root",
      sender: options.get("from") ?? options.get("from-too") ?? null,
      fullName: options.get("full-name") ?? null,
      recipients: call.operands,
      fromHeader: options.has("to-in-header"),
      dotEnds: !options.has("ignore-dots") && options.get("set") !== "i",
    });
    await tools.fs.makeDir(config.data);
    await spool.open();
    const signing = new MailSigning({ ...tools, log: silentLog }, config);
    const signature = await signing.sign(memoryBody(...message));
    await spool.add(envelope, memoryBody(signature, ...message), id);
    // The server looks at its spool from time to time anyway: that it cannot be told now loses nothing.
    await tellRescan(tools, config);
    return 0;
  },
};
