/** STORE on copies of one Maildir: Dovecot and Roost answer the same, and give the files the same names. */
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "../support/assert.ts";
import { Dovecot, dovecotBeside, giveAll } from "../support/dovecot.ts";
import { fetched, parseAnswers, talk } from "../support/imap_answers.ts";
import { must } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";

type Ask = (...commands: string[]) => Promise<Uint8Array>;

/** What was told: mod-sequences are each server's own, so only that there was one. */
function told(lines: readonly string[]) {
  const answers = parseAnswers(utf8(lines.map((line) => `${line}\r\n`).join("")));
  const messages = new Map<number, { flags: string; uid: unknown; modSeq: boolean }>();
  for (const [seq, items] of [...fetched(answers)].sort(([a], [b]) => a - b)) {
    const list = items.get("FLAGS");
    const flags = Array.isArray(list) ? [...list].sort().join(" ") : "not told";
    messages.set(seq, { flags, uid: items.get("UID"), modSeq: items.has("MODSEQ") });
  }
  const keywords = answers.untagged.filter((r) => r[0] === "FLAGS").map((r) =>
    String(r[1]).split(",").sort()
  );
  return { messages, keywords: keywords.at(-1) };
}

type Told = ReturnType<typeof told>["messages"];

/** The lines between the second last tagged answer before the LOGOUT and the last, and this. */
function lastAnswer(octets: Uint8Array): { readonly untagged: readonly string[]; readonly end: string } {
  const lines = new TextDecoder("latin1").decode(octets).split("\r\n");
  const ends = lines.flatMap((line, i) => /^t\d+ (OK|NO|BAD)/.test(line) ? [i] : []);
  const [before = 0, end = 0] = ends.slice(-3);
  return { untagged: lines.slice(before + 1, end), end: lines[end] ?? "" };
}

/** How a STORE was answered. Dovecot says nothing of messages that had such flags `before`. */
function answerTo(octets: Uint8Array, before: Told) {
  const { untagged, end } = lastAnswer(octets);
  const { messages, keywords } = told(untagged);
  const changed = [...messages].filter(([seq, { flags }]) => flags !== before.get(seq)?.flags);
  const [, status, code] = /^t\d+ (OK|NO|BAD)(?: \[(MODIFIED [\d:,]+)\])?/.exec(end) ?? [];
  return { status, code, changed, keywords };
}

/** All that is on disk of a folder's flags. */
async function onDisk(maildir: string) {
  const names: string[] = [];
  for (const part of ["new", "cur"]) {
    for await (const { name } of Deno.readDir(`${maildir}/${part}`)) names.push(`${part}/${name}`);
  }
  return {
    names: names.sort(),
    keywords: await Deno.readTextFile(`${maildir}/dovecot-keywords`).catch(() => ""),
  };
}

/** Without the removal of a keyword that no message has: Dovecot gives it a letter first. */
const STORES = [
  "STORE 1 +FLAGS (\\Seen)",
  "STORE 1 +FLAGS (\\Seen)",
  "STORE 2:4 FLAGS (\\Flagged \\Draft)",
  "STORE 2 FLAGS ()",
  "UID STORE 3,5 -FLAGS (\\Flagged)",
  "STORE 1:* +FLAGS.SILENT (\\Answered)",
  "UID STORE 1:2 +FLAGS.SILENT ($Forwarded one)",
  "STORE 4 +FLAGS (two three)",
  "STORE 4 -FLAGS (TWO)",
  "STORE 5 FLAGS (one)",
  "STORE 5 FLAGS.SILENT (\\Deleted ONE)",
  "STORE 6 +FLAGS \\Seen",
  "STORE 6 +FLAGS \\Flagged four",
  "STORE 3 -FLAGS ()",
  "STORE 3 +FLAGS ()",
  "STORE 99 +FLAGS (\\Seen)",
  "UID STORE 999 +FLAGS (\\Seen)",
  "UID STORE 4:999 -FLAGS.SILENT (\\Answered)",
  "STORE 1 +FLAGS (\\Recent)",
  "STORE 1 +FLAGS (\\Unheard)",
  "STORE 7,7,7:8 +FLAGS (k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 k10 k11)",
  "STORE *:7 -FLAGS (k1 K2 \\Answered)",
  "STORE 8 FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft k5 one)",
];

const CONDITIONAL = [
  "STORE 1 +FLAGS (six)",
  "STORE 1:3 (UNCHANGEDSINCE KNOWN) +FLAGS (\\Draft)",
  "UID STORE 2:4 (UNCHANGEDSINCE KNOWN) -FLAGS.SILENT (\\Draft)",
  "STORE 1:3 (UNCHANGEDSINCE 0) FLAGS ()",
  "UID STORE 5 (UNCHANGEDSINCE 0) FLAGS.SILENT (\\Seen)",
  "STORE 6 +FLAGS.SILENT (\\Draft)",
  "UID STORE 999 (UNCHANGEDSINCE KNOWN) +FLAGS (\\Seen)",
];

Deno.test("STORE does to a Maildir what Dovecot does to it, and says so", async () => {
  await using roost = await RoostProcess.start();
  const first = await dovecotBeside(roost, ALICE);
  const flags = [
    "()",
    "(\\Seen)",
    "(\\Flagged one)",
    "()",
    "(\\Answered \\Draft)",
    "()",
    "(\\Deleted)",
    "()",
  ];
  const literal = "Subject: x\r\n\r\nx\r\n";
  await first.imap(
    ...flags.map((f) => `APPEND INBOX ${f} {${literal.length}+}\r\n${literal}`),
    "SELECT INBOX",
  );
  const ours = roost.maildir(ALICE);
  const theirs = `${roost.dir}/theirs`;
  await must("cp", ["-a", ours, theirs]);
  await giveAll(theirs);
  await Deno.mkdir(`${roost.dir}/peer`, { mode: 0o755 });
  const dovecot = new Dovecot(`${roost.dir}/peer`, theirs);
  const askDovecot: Ask = (...commands) => dovecot.octets(...commands);
  const askRoost: Ask = (...commands) =>
    talk(roost.address, roost.ports.imap, [`LOGIN ${ALICE} secret-alice`, ...commands]);
  const both = async (make: (ask: Ask, before: Told) => Promise<unknown>, what: string) => {
    const before = told(lastAnswer(await askRoost("EXAMINE INBOX", "FETCH 1:* FLAGS")).untagged).messages;
    assertEquals(await make(askRoost, before), await make(askDovecot, before), what);
    assertEquals(await onDisk(ours), await onDisk(theirs), what);
  };

  // A session each: Dovecot tells of pipelined ones together.
  for (const store of STORES) {
    await both(async (ask, before) => answerTo(await ask("SELECT INBOX", store), before), store);
  }

  // Mod-sequences are each server's own.
  const highest = async (ask: Ask) => {
    const told = new TextDecoder().decode(await ask("SELECT INBOX (CONDSTORE)"));
    return /HIGHESTMODSEQ (\d+)/.exec(told)?.[1] ?? "none";
  };
  const known = new Map([[askRoost, await highest(askRoost)], [askDovecot, await highest(askDovecot)]]);
  for (const store of CONDITIONAL) {
    await both(async (ask, before) => {
      const command = store.replace("KNOWN", known.get(ask) ?? "");
      return answerTo(await ask("SELECT INBOX (CONDSTORE)", command), before);
    }, store);
  }
  assertEquals(dovecot.faults, []);
});
