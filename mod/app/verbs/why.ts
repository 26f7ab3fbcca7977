import { DatabaseError } from "../../base/database.ts";
import type { Config } from "../../config/config.ts";
import { parseDuration } from "../../config/values.ts";
import type { Story, ToldEvent } from "../../trace/story.ts";
import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { askTrace, openTrace, tracePath } from "../trace.ts";
import { bold, type Call, CONFIG_OPTION, JSON_OPTION, type Verb } from "../verb.ts";

/** Milliseconds the server may take to look its file through on a slow disk. */
const LOOKING = 120_000;

export const verb: Verb = {
  usage: ["why ID|MESSAGE-ID|ADDRESS [--since SPAN] [--json]"],
  about:
    `All that was decided about a message, in the order of time, with the reasons and what to do. ID is the one in its Received field, in a report
of failure, in the log, or in the queue; ADDRESS a sender, a recipient, "@DOMAIN" or a client's IP address: then all mail it had to do with is told, and what was
refused before any message came. With or without a running server.`,
  options: {
    since: { value: "SPAN", doc: "no further back, such as 12h or 2d" },
    ...JSON_OPTION,
    ...CONFIG_OPTION,
  },
  async run(call) {
    const [asked = ""] = call.operands;
    if (asked.trim() === "" || call.operands.length > 1) {
      throw new CommandFault(
        "why needs one ID, Message-ID or address, such as: you@example.org --since 2d",
        2,
      );
    }
    const since = call.options.get("since");
    const span = since === undefined ? null : parseDuration(since);
    if (span === undefined) {
      throw new CommandFault(`--since: "${since}" is no time span such as 30m, 12h or 2d`, 2);
    }
    const config = await readConfig(call);
    const story = await storyFor(call, config, asked, span);
    if (call.options.has("json")) call.terminal.out(JSON.stringify(story, null, 2));
    else call.terminal.out(tell(call, story));
    if (story.messages.length + story.refusals.length > 0) return 0;
    if (!call.options.has("json")) throw new CommandFault(nothing(config, since));
    return 1;
  },
};

/** From the running server, which holds the file; else from the file. */
async function storyFor(call: Call, config: Config, asked: string, span: number | null): Promise<Story> {
  const { tools } = call;
  const within = span === null ? "" : `?since=${Math.ceil(span / 1000)}`;
  const path = `/api/why/${encodeURIComponent(asked)}${within}`;
  const reply = await control(tools, config, "GET", path, null, LOOKING);
  if (reply.kind === "refused") throw new CommandFault(reply.why);
  if (reply.kind === "ok") {
    if (isStory(reply.body)) return reply.body;
    throw new CommandFault("the running server is another version: restart it");
  }
  if (!await tools.fs.stat(tracePath(config))) return { asked, messages: [], refusals: [], more: false };
  try {
    using file = await openTrace(config);
    return await askTrace(file, asked, span === null ? 0 : tools.clock.now() - span, tools.clock);
  } catch (e) {
    if (!(e instanceof DatabaseError)) throw e;
    throw new CommandFault(
      `${tracePath(config)}: cannot be read (${e.fault}); ${
        e.fault === "busy"
          ? `a server has it that cannot be asked: ${reply.why}`
          : "run it as the user that the server runs as"
      }`,
    );
  }
}

function isStory(body: unknown): body is Story {
  return typeof body === "object" && body !== null && "messages" in body && Array.isArray(body.messages) &&
    "refusals" in body && Array.isArray(body.refusals);
}

function nothing({ trace }: Config, since: string | undefined): string {
  if (trace === null) return 'nothing is kept: the configuration has "trace: false"';
  const days = Math.round(trace.age / 86_400_000);
  const back = since === undefined ? `${days} days are kept` : `looked back ${since}`;
  return `nothing is known of it (${back}). It never came here, was written otherwise, or came before: ask its sender for the reply or report they got`;
}

function tell(call: Call, story: Story): string {
  const parts: string[] = [];
  for (const { id, events } of story.messages) {
    parts.push([`${bold(call.terminal, `message ${id}`)}`, ...events.flatMap(linesOf)].join("\n"));
  }
  if (story.refusals.length > 0) {
    parts.push(
      [bold(call.terminal, "refused before any message came"), ...story.refusals.flatMap(linesOf)].join("\n"),
    );
  }
  if (story.more) parts.push("There is more: the newest are told. An ID or --since narrows it.");
  return parts.join("\n\n");
}

function linesOf({ at, text, details, advice }: ToldEvent): string[] {
  const time = at.replace("T", " ").replace(/\.\d+Z$/, "Z");
  return [
    `  ${time}  ${text}`,
    ...details.map((line) => `      ${line}`),
    ...(advice === "" ? [] : [`      -> ${advice}`]),
  ];
}
