/** What was decided, in plain sentences. */
import type { LogFields } from "../base/log.ts";
import { adviceForOurs, adviceForTheirs } from "./advice.ts";
import type { TraceEvent } from "./types.ts";

/** An event for people. */
export interface Sentence {
  readonly text: string;
  /** Why it was decided so, a line each. */
  readonly details: readonly string[];
  /** What to do, where something went wrong; else "". */
  readonly advice: string;
}

type Teller = (f: Words, e: TraceEvent) => Sentence | string;

/** Fields as words; "" for what is not there. */
type Words = (name: string) => string;

const TELLERS: Readonly<Record<string, Teller>> = {
  "mail accepted": (f) => ({ text: `accepted ${arrival(f)}`, details: findings(f), advice: "" }),
  "mail refused": (f) => ({
    text: `refused ${arrival(f)}: ${answer(f)}`,
    details: findings(f),
    advice: adviceForOurs(`${f("text")} ${f("why")}`),
  }),
  "message refused": (f) => ours(`refused while it came in, from ${f("remote")}: ${f("why")}`, f("why")),
  "no space for mail": (f) => ours(`put off, there was no space on the disk: ${f("why")}`, "no space"),
  "reception failed": (f) => `put off for an internal fault (${f("why")}); the log has more`,
  "spool failed": (f) => `put off, it could not be written down: ${f("why")}`,
  "command failed": (f) => `an internal fault ended the transaction (${f("why")}); the log has more`,
  "client judged": (f) =>
    `the client ${f("remote")} was looked at: ${f("reasons")} (score ${f("score")}, let through)`,
  "account sends too much": (f) =>
    ours(`${f("account")} has reached its bound of recipients`, "sent to too many"),
  "delivered": delivered,
  "queued": queued,
  "delivery put off": (f) =>
    ours(`could not be put into the mailbox of ${f("account")} now (${f("why")}): queued`, f("why")),
  "local delivery failed": (f) =>
    `an internal fault kept it from a mailbox here (${f("why")}); it is tried again`,
  "junk folder not found": (f) => `the junk folder of ${f("account")} was not found: ${f("why")}`,
  "report taken in": (f) => `read as a report of others (${f("kind")})`,
  "report not taken in": (f) => `not read as a report of others: ${f("why")}`,
  "deferred": (f) =>
    theirs(
      `${host(f)} did not take it for ${f("to")} yet: ${peer(f)}; it is tried again${
        f("next") && ` at ${f("next").slice(0, 19)}Z`
      }`,
      f,
    ),
  "failed": (f) => theirs(`${host(f)} refused it for ${f("to")} for good: ${peer(f)}`, f),
  "expired": (f) => theirs(`given up for ${f("to")}, its time is over: ${peer(f)}`, f),
  "bounced": (f) => `its sender was told by a report, queued as ${f("as")}`,
  "delay reported": (f) => `its sender was told of the delay by a report, queued as ${f("as")}`,
  "report dropped": (f) => `nobody is told${f("to") && ` of ${f("to")}`}: ${f("about")}`,
  "returned": () => "sent back by hand",
  "dropped": () => "dropped by hand: nobody was told",
  "held": () => "held by hand until it is released",
  "released": () => "released by hand",
  "tried by hand": () => "to be tried at once, by hand",
  "queued message not read": (f) => `the queue could not read its file: ${f("why")}`,
  "queued message cannot be read": (f) =>
    `its file in the queue is broken and was set aside in ${f("moved")}`,
  "tls policy bars host": (f) => theirs(`${f("host")} is not used for ${f("destination")}: ${f("why")}`, f),
  "tls policy not met": (f) =>
    theirs(`TLS of ${f("host")} is not as its policy (${f("policy")}) wants it: ${f("why")}`, f),
  "delivery attempt broke": (f) => `an internal fault broke the attempt (${f("why")}); it is tried again`,
  "refused": refused,
};

/** An event as a sentence. */
export function sentenceOf(e: TraceEvent): Sentence {
  const words: Words = (name) => wordOf(e.fields[name]);
  const told = Object.hasOwn(TELLERS, e.event) ? TELLERS[e.event]?.(words, e) : undefined;
  if (told === undefined) return plain(wordOf(`${e.event}: ${JSON.stringify(e.fields)}`));
  return typeof told === "string" ? plain(told) : told;
}

function plain(text: string): Sentence {
  return { text, details: [], advice: "" };
}

/** Whatever a stranger put into a field must not move a terminal's cursor. */
function wordOf(value: LogFields[string]): string {
  return value === undefined || value === null
    ? ""
    : `${value}`.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "?");
}

function ours(text: string, cause: string): Sentence {
  return { text, details: [], advice: adviceForOurs(cause) };
}

function theirs(text: string, f: Words): Sentence {
  return { text, details: [], advice: adviceForTheirs(`${f("status")} ${f("reply")} ${f("why")}`) };
}

function arrival(f: Words): string {
  const who = f("account")
    ? `from ${f("account")}, who had logged in at ${f("remote")},`
    : `from ${f("remote")}`;
  const to = f("recipient") || (f("to") ? f("to").replaceAll(" ", ", ") : `${f("recipients")} recipients`);
  const tls = f("tls") ? `, ${f("tls")}` : ", without TLS";
  return `${who} by ${f("listener")}${tls}; sender ${f("sender")}, to ${to}, ${f("size")} octets${
    f("messageId") && `, Message-ID <${f("messageId")}>`
  }`;
}

function answer(f: Words): string {
  return `${f("reply")} ${f("text")}`.trim();
}

/** What the checks of its origin found, and what was made of it. */
function findings(f: Words): string[] {
  const checks = ["spf", "dkim", "dmarc", "arc", "iprev"].filter((name) => f(name) !== "");
  const lines = checks.map((name) => `${name.toUpperCase()}: ${f(name)}`);
  if (f("verdict")) lines.push(`verdict: ${f("verdict")}, since ${f("why")}`);
  return lines;
}

function delivered(f: Words, e: TraceEvent): Sentence {
  if (f("mailbox")) {
    return plain(`put into ${f("mailbox")} of ${f("account")}${f("file") && `, file ${f("file")}`}`);
  }
  const tls = f("tls") ? ` over ${f("tls")}` : "";
  return plain(
    `delivered to ${f("to")}: ${host(f)} took it${tls}: ${peer(f)}${
      e.queue === null ? "" : ` (queued as ${e.queue})`
    }`,
  );
}

function queued(f: Words, e: TraceEvent): Sentence {
  const via = f("via") ? `, forwarded on behalf of ${f("via")}` : "";
  const sender = f("sender") ? `, sender ${f("sender")}` : "";
  const to = f("to") ? ` for ${f("to").replaceAll(" ", ", ")}` : ` for ${f("recipients")} recipients`;
  const sealed = f("sealed") === "true" ? ", with an ARC seal" : "";
  return plain(`queued as ${e.queue}${to}${via}${sender}${sealed}`);
}

function host(f: Words): string {
  return f("host") || "no host";
}

function peer(f: Words): string {
  return f("reply") || [f("status"), f("why")].filter((t) => t !== "").join(" ");
}

const WHAT: Readonly<Record<string, string>> = {
  "recipient refused": "recipients refused",
  "sender refused": "senders refused",
  "greeting refused": "greetings refused",
  "connection refused": "connections refused",
  "device refused": "device refused",
  "login refused": "logins refused",
};

function refused(f: Words, e: TraceEvent): Sentence {
  const what = WHAT[f("what")] ?? f("what");
  const last = Number(f("last"));
  const until = last > e.at ? ` until ${new Date(last).toISOString().slice(11, 19)}` : "";
  const count = Number(f("count")) > 1 ? `${f("count")} times${until}` : "once";
  const details = f("concerned") ? f("concerned").split("; ").slice(0, 10) : [];
  const said = [answer(f), f("why")].filter((t) => t !== "").join(": ");
  return {
    text: `${what} before any message, from ${f("remote")}, ${count}: ${said || "no reason given"}`,
    details,
    advice: adviceForOurs(`${f("text")} ${f("why")} ${f("what") === "login refused" ? "credentials" : ""}`),
  };
}
