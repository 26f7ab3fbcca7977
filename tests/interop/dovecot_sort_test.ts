/** The same searches, orders and threads asked for of Dovecot and of Roost, over generated mail. */
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { formatDate } from "../../mod/mail/date.ts";
import { assertEquals } from "../support/assert.ts";
import { dovecotBeside, giveAll } from "../support/dovecot.ts";
import { parseAnswers, talk, type Value } from "../support/imap_answers.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { ODD_MAILS } from "./odd_mails.ts";

const ALICE = "alice@example.test";
const MAILS = 200;

const SUBJECTS = [
  "one",
  "One",
  "one two",
  "_under",
  "[list] one",
  "three",
  "=?utf-8?q?=C3=84pfel?=",
  "=?utf-8?b?YXBmZWw=?=",
  "zebra",
  "",
  "[a] [b]",
  "four (five)",
  "\u00e9t\u00e9",
];
const BEFORE = ["", "", "Re: ", "RE: re: ", "Fwd: ", "[list] Re: ", "re[2]: ", "Re: [x] ", "  "];
const AFTER = ["", "", "", " (fwd)", " (Fwd) (fwd)"];
const PEOPLE = [
  "alice@example.org",
  "Bob <bob@example.org>",
  '"Carol, the first" <carol@example.net>',
  "=?utf-8?q?J=C3=BCrgen?= <j@example.de>",
  "zoe@a.test, alice@b.test",
  "team: ann@a.test, ben@b.test;",
  "_x@example.org",
  '"" <empty@example.org>',
  "Alice <alice2@example.org>",
];

function made(seed: number): string[] {
  const random = new SeededRandom(seed);
  const one = (list: readonly string[]): string => list[random.int(list.length)] ?? "";
  const id = (n: number): string => n % 17 === 5 ? `<"${n}"@x.test>` : `<${n}@x.test>`;
  return Array.from({ length: MAILS }, (_, i) => {
    const lines: string[] = [];
    if (random.int(15) > 0) lines.push(`Message-ID: ${random.int(20) === 0 ? id(random.int(MAILS)) : id(i)}`);
    const known = Array.from({ length: random.int(4) }, () => id(random.int(i + 3))).join("\r\n ");
    if (random.int(3) > 0 && known) lines.push(`References: ${known}`);
    if (random.int(3) === 0) {
      lines.push(`In-Reply-To: ${["", "text "][random.int(2)]}${id(random.int(i + 1))}`);
    }
    if (random.int(12) > 0) {
      const zone = (random.int(49) - 24) * 30;
      lines.push(`Date: ${formatDate(Date.UTC(2024, 0, 1 + random.int(20), random.int(24)), zone)}`);
    }
    if (random.int(15) > 0) lines.push(`Subject: ${one(BEFORE)}${one(SUBJECTS)}${one(AFTER)}`);
    if (random.int(15) > 0) lines.push(`From: ${one(PEOPLE)}`);
    if (random.int(4) > 0) lines.push(`To: ${one(PEOPLE)}`);
    if (random.int(3) === 0) lines.push(`Cc: ${one(PEOPLE)}`);
    return `${lines.join("\r\n")}\r\n\r\n${"text\r\n".repeat(1 + random.int(40))}${one(SUBJECTS)}\r\n`;
  });
}

const KEYS = ["ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO"];
const ASKED = [
  ...KEYS.flatMap((key) => [`SORT (${key}) UTF-8 ALL`, `SORT (REVERSE ${key}) UTF-8 ALL`]),
  "SORT (SUBJECT REVERSE DATE) UTF-8 TEXT one",
  "UID SORT (FROM REVERSE SIZE) US-ASCII NOT SUBJECT one",
  "UID SORT RETURN (MIN MAX COUNT ALL) (DISPLAYFROM REVERSE SUBJECT) UTF-8 1:50",
  ...["ORDEREDSUBJECT", "REFERENCES", "REFS"].flatMap((algorithm) => [
    `THREAD ${algorithm} UTF-8 ALL`,
    `UID THREAD ${algorithm} UTF-8 SUBJECT one`,
    `THREAD ${algorithm} UTF-8 SUBJECT nothing`,
  ]),
  ...["SUBJECT", "FROM", "TO", "CC", "BODY", "TEXT", "HEADER Message-ID", "HEADER References"].flatMap((
    key,
  ) => ["one", "APFEL", "example.org", "xt", "5@x", '"four (five"'].map((text) => `SEARCH ${key} ${text}`)),
  "SEARCH SENTBEFORE 10-Jan-2024 NOT SENTON 3-Jan-2024",
  "SEARCH RETURN (MIN MAX COUNT ALL) OR FROM bob TO carol",
  "SEARCH RETURN (SAVE) TEXT one",
  "SEARCH $ SUBJECT one",
];

const append = (mails: readonly string[]) =>
  mails.map((mail, i) => {
    const octets = mail.includes("\u00e9") ? utf8(mail) : Uint8Array.from(mail, (c) => c.charCodeAt(0));
    const date = `" ${1 + (i * 7) % 9}-Feb-2024 0${i % 10}:00:00 +0000"`;
    return concat([utf8(`APPEND Mixed () ${date} {${octets.length}+}\r\n`), octets]);
  });

/** Answers by command, without tags. */
function told(untagged: readonly (readonly Value[])[]): string[] {
  return untagged.filter(([name]) => ["SORT", "THREAD", "SEARCH", "ESEARCH"].includes(String(name)))
    .map((line) => JSON.stringify(line[0] === "ESEARCH" ? line.slice(2) : line));
}

Deno.test("Dovecot and Roost find, sort and thread alike", async () => {
  await using roost = await RoostProcess.start();
  const dovecot = await dovecotBeside(roost, ALICE);
  // Octets above 127 in a header are some 8-bit charset to us, and none to Dovecot.
  const odd = ODD_MAILS.slice(0, 20).filter((mail) => !mail.includes("\xe4 <a@b>"));
  const mails = [...made(1), ...odd];
  const stored = parseAnswers(await dovecot.octets("CREATE Mixed", ...append(mails)));
  assertEquals(new Set(stored.statuses), new Set(["OK"]));
  const theirs = parseAnswers(await dovecot.octets("EXAMINE Mixed", ...ASKED));
  const login = `LOGIN ${ALICE} secret-alice`;
  const ask = [login, "EXAMINE Mixed", ...ASKED];
  const ours = parseAnswers(await talk(roost.address, roost.ports.imap, ask));
  await giveAll(roost.maildir(ALICE));
  assertEquals(ours.statuses.slice(1), theirs.statuses);
  const [a, b] = [told(theirs.untagged), told(ours.untagged)];
  const asked = ASKED.filter((command) => !command.includes("(SAVE)"));
  const different = asked.map((command, i) => ({ command, theirs: a[i], ours: b[i] }))
    .filter(({ theirs, ours }) => theirs !== ours);
  assertEquals(different, []);
  assertEquals(dovecot.faults, []);
});
