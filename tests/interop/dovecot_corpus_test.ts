/** More than a thousand mails, whole and broken, asked for of Dovecot and of Roost on one Maildir: all FETCH items, many searches. */
import { assert, assertEquals } from "../support/assert.ts";
import { dovecotBeside, giveAll } from "../support/dovecot.ts";
import { type Answers, fetched, parseAnswers, talk, type Value } from "../support/imap_answers.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { corpus } from "./corpus.ts";

const ALICE = "alice@example.test";
const MAILS = corpus(450);

const FETCHES = [
  "UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY",
  "BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[]<0.100> BODY.PEEK[]<50.7> BODY.PEEK[TEXT]<10.1000000>",
  "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM X-CUSTOM)] BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT TO DATE)]",
  "BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[2.MIME] BODY.PEEK[3] BODY.PEEK[3.MIME]",
  "BODY.PEEK[1.HEADER] BODY.PEEK[1.TEXT] BODY.PEEK[1.1] BODY.PEEK[1.1.MIME] BODY.PEEK[1.2] BODY.PEEK[2.HEADER]",
  "BODY.PEEK[1.HEADER.FIELDS (SUBJECT)] BODY.PEEK[2.1] BODY.PEEK[2.1.MIME] BODY.PEEK[1.1.1] BODY.PEEK[1]<3.20>",
  "RFC822.HEADER RFC822.TEXT RFC822",
].map((items) => `FETCH 1:* (${items})`);

const SEARCHES = [
  "ALL",
  "SEEN",
  "UNDELETED",
  "KEYWORD work",
  "LARGER 500 SMALLER 1500",
  "SINCE 20-Nov-2023",
  "SENTSINCE 1-Jan-2024 SENTBEFORE 1-Jan-2025",
  "SENTON 5-Feb-2024",
  "SENTON 31-Dec-1999",
  'SUBJECT "plain"',
  'SUBJECT "re:"',
  'FROM "alice"',
  'FROM "example.test"',
  'TO "doe, john"',
  'CC "x@y"',
  'HEADER "X-Custom" "needle"',
  'HEADER "References" "2@x"',
  'HEADER "Message-ID" ""',
  'BODY "needle"',
  'BODY "hello"',
  'TEXT "needle"',
  'TEXT "multipart"',
  'OR SUBJECT "folded over" FROM "joerg"',
  'NOT TEXT "the"',
  "UID 1:100,200,300:* ANSWERED",
];

interface Difference {
  readonly mail: string;
  readonly about: string;
  readonly theirs: Value | undefined;
  readonly ours: Value | undefined;
}

interface Explained {
  /** The FETCH item or SEARCH key. */
  readonly about: RegExp;
  /** What is in the mail. */
  readonly mail?: RegExp;
  /** What the two answers have to do with each other. */
  readonly answers?: (d: Difference) => boolean;
  readonly why: string;
}

const oursIsEmpty = (d: Difference) => d.ours === "";
const onlyOurs = (d: Difference) => d.ours === "true";

/** Where we differ, and mean to. */
const EXPLAINED: readonly Explained[] = [
  {
    about: /^(?!BODY\[(TEXT)?\]$|RFC822)/,
    mail: /\0/,
    why: "Dovecot ends a field name, an address or a line at NUL, here it is an octet like others",
  },
  {
    about: /^BODY\[[12](\.1)+(\.MIME)?\]$/,
    answers: oursIsEmpty,
    why:
      "1.1 of a part that is neither multipart nor message is the part itself to Dovecot; RFC 3501 has no such part",
  },
  {
    about: /^BODY\[.*HEADER\.FIELDS/,
    mail: /^(?:(?![^\r\n]*?:)[^ \t\r\n]|[^]*?\n(?![^\r\n]*?:)[^ \t\r\n-])|^[ \t]/,
    answers: (d) => String(d.theirs).length > String(d.ours).length,
    why: "a line that is no field is none of the fields that were not named",
  },
  {
    about: /^BODY\[.*HEADER\.FIELDS/,
    answers: (d) => String(d.theirs).trimEnd() === String(d.ours).trimEnd(),
    why: "a header that just ends: its last line gets an end, but there is no blank line (RFC 3501 6.4.5)",
  },
  {
    about: /^BODY\[\d(\.\d)?\.(MIME|HEADER)\]$/,
    answers: (d) => `${d.theirs}\r\n` === d.ours,
    why: "a header that ends at a boundary keeps its last line end here, and is cut before it there",
  },
  {
    about: /^ENVELOPE$/,
    mail: /\r(?!\n)|^Date:.* \r$/m,
    why: "a bare CR is white space here, and nothing there; Dovecot keeps white space at the end of the date",
  },
  { about: /^ENVELOPE$/, mail: /<""/, why: "Dovecot tells an empty local part where a quoted string is one" },
  {
    about: /^(ENVELOPE|BODY|BODYSTRUCTURE)$/,
    mail: /^(To: (a@b\.test,\r\n ){1000}|Content-Type: text\/plain; (p\d+=v; ){1000})/,
    why: "as many addresses and parameters as ENVELOPE_ADDRESSES and MIME_PARAMETERS allow",
  },
  {
    about: /^BODY(STRUCTURE)?$/,
    mail: /=c; d; e = f|title\*=utf-8'de'/,
    why: "Dovecot gives up at a parameter without a value, and calls title* title*1* after a continued one",
  },
  {
    about: /^BODY(STRUCTURE)?$/,
    answers: (d) => withoutFacts(d.theirs) === withoutFacts(d.ours),
    why: "Dovecot tells nothing but the defaults of a part without Content-Type",
  },
  {
    about: /^(NOT TEXT|BODY|TEXT) "/,
    mail: /-Encoding: (?!7bit|8bit|binary|base64|quoted-printable)/i,
    answers: (d) => d.ours === `${!d.about.startsWith("NOT")}`,
    why: "Dovecot finds no text in an encoding it does not know",
  },
  {
    about: /^SENT/,
    mail: /^Date: .{8,25}$/m,
    answers: onlyOurs,
    why: "a date that is cut in its time of day still tells its day here",
  },
];

/** Where both are right: how a day below 10 is written, no octets or no such part, the order of flags. */
function plain(item: string, value: Value | undefined): Value | undefined {
  if (item === "INTERNALDATE") return String(value).replace(/^ /, "0");
  if (item.startsWith("BODY[")) return value ?? "";
  if (item === "FLAGS" && Array.isArray(value)) return value.filter((f) => f !== "\\Recent").sort();
  return value;
}

/** A structure as text, where parts of plain text are told by their size alone. */
function withoutFacts(structure: Value | undefined): string {
  return JSON.stringify(structure).replaceAll(
    /\["text","plain",\["charset","us-ascii"\],(?:null|"[^"]*"),(?:null|"[^"]*"),"[^"]*",("\d+","\d+")(?:,(?:null|"(?:[^"\\]|\\.)*"|\[(?:[^[\]]|\[[^[\]]*\])*\])){0,4}\]/g,
    "[$1]",
  );
}

function explains(e: Explained, d: Difference): boolean {
  return e.about.test(d.about) && (e.mail?.test(d.mail) ?? true) && (e.answers?.(d) ?? true);
}

function differences(theirs: Answers, ours: Answers): Difference[] {
  const found: Difference[] = [];
  const compare = (mail: string, about: string, a: Value | undefined, b: Value | undefined) => {
    const [theirs, ours] = [plain(about, a), plain(about, b)];
    if (JSON.stringify(theirs) !== JSON.stringify(ours)) found.push({ mail, about, theirs, ours });
  };
  const fetches = [fetched(theirs), fetched(ours)] as const;
  const searches = [theirs, ours].map((a) =>
    a.untagged.filter((r) => r[0] === "SEARCH").map((r) => new Set(r.slice(1)))
  );
  for (const [i, mail] of MAILS.entries()) {
    const [a, b] = fetches.map((f) => f.get(i + 1) ?? new Map<string, Value>());
    for (const item of new Set([...a?.keys() ?? [], ...b?.keys() ?? []])) {
      compare(mail, item, a?.get(item), b?.get(item));
    }
    for (const [n, key] of SEARCHES.entries()) {
      const [a, b] = searches.map((s) => `${s[n]?.has(`${i + 1}`)}`);
      compare(mail, key, a, b);
    }
  }
  return found;
}

/** Lays the mails into a folder of the Maildir as a delivery agent would. */
async function lay(folder: string): Promise<void> {
  for (const part of ["", "/new", "/cur", "/tmp"]) await Deno.mkdir(folder + part, { recursive: true });
  await Deno.writeTextFile(`${folder}/maildirfolder`, "");
  await Deno.writeTextFile(`${folder}/dovecot-keywords`, "0 work\n");
  for (const [i, mail] of MAILS.entries()) {
    const flags = ["", "S", "FS", "R", "Sa"][i % 5];
    const path = `${folder}/cur/${1700000000 + i}.M1P1.host:2,${flags}`;
    await Deno.writeFile(path, Uint8Array.from(mail, (c) => c.charCodeAt(0)));
    await Deno.utime(path, 1700000000 + i * 1000, 1700000000 + i * 1000);
  }
}

Deno.test("Dovecot and Roost say the same of a thousand mails, whole and broken", async () => {
  assert(MAILS.length >= 1000);
  await using roost = await RoostProcess.start();
  const dovecot = await dovecotBeside(roost, ALICE);
  await lay(`${roost.maildir(ALICE)}/.Corpus`);
  await giveAll(roost.maildir(ALICE));
  const commands = ["EXAMINE Corpus", ...FETCHES, ...SEARCHES.map((s) => `SEARCH ${s}`)];
  const theirs = parseAnswers(await dovecot.octets(...commands));
  const ask = async () =>
    parseAnswers(await talk(roost.address, roost.ports.imap, [`LOGIN ${ALICE} secret-alice`, ...commands]));
  const ours = await ask();
  assertEquals(new Set([...theirs.statuses, ...ours.statuses]), new Set(["OK"]));
  const again = await ask();
  assertEquals(differences(ours, again), [], "what the index remembers is what was read");
  const used = new Set<Explained>();
  const unexplained = differences(theirs, ours).filter((d) => {
    const reason = EXPLAINED.find((e) => explains(e, d));
    if (reason) used.add(reason);
    return reason === undefined;
  });
  assertEquals(unexplained.slice(0, 10), []);
  assertEquals(EXPLAINED.filter((e) => !used.has(e)), [], "explained, but not there");
  assertEquals(dovecot.faults, []);
});
