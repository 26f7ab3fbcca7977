/** The same odd mails asked for of Dovecot and of Roost: envelopes, structures, sizes, dates, flags, parts and searches. */
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assertEquals } from "../support/assert.ts";
import { dovecotBeside, giveAll } from "../support/dovecot.ts";
import { type Answers, fetched, parseAnswers, talk, type Value } from "../support/imap_answers.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { ODD_MAILS } from "./odd_mails.ts";

const ALICE = "alice@example.test";

const FETCHES = [
  "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY)",
  "FETCH 1:* (BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[]<3.50>)",
  "FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)] BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT)])",
  "FETCH 1:* (BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[2.MIME])",
  "FETCH 1:* (BODY.PEEK[1.HEADER] BODY.PEEK[1.TEXT] BODY.PEEK[1.1] BODY.PEEK[1.1.MIME])",
];

const SEARCHES = [
  "ALL",
  "SEEN",
  "UNKEYWORD odd FLAGGED",
  "LARGER 200 SMALLER 2000",
  "SINCE 1-Mar-2021",
  "BEFORE 1-Mar-2021",
  "ON 5-Feb-2021",
  "SENTON 1-Jan-2024",
  'SUBJECT "after a"',
  'SUBJECT ""',
  "SUBJECT over",
  'FROM "a@b"',
  'TO "c@d"',
  'HEADER "Content-Type" "multipart"',
  'BODY "one"',
  'TEXT "boundary"',
  'OR (SUBJECT folded) (NOT FROM "a")',
  "UID 5:10 NOT 7",
];

const INSIDE = [...FETCHES, ...SEARCHES.map((s) => `SEARCH ${s}`)];

interface Explained {
  /** What is in the mail. */
  readonly mail: string | RegExp;
  /** The FETCH item or SEARCH key. */
  readonly about: RegExp;
  /** What we answer, where that matters. */
  readonly ours?: Value;
  readonly why: string;
}

/** Where we differ, and mean to. */
const EXPLAINED: readonly Explained[] = [
  {
    mail: "",
    about: /^BODY\[1\.1/,
    ours: "",
    why:
      "1.1 of a part that is neither multipart nor message is the part itself to Dovecot; RFC 3501 has no such part",
  },
  {
    mail: "no colon here",
    about: /^BODY\[HEADER\.FIELDS\.NOT/,
    why: "a line that is no field is none of the fields that were not named",
  },
  { mail: " leading fold", about: /^BODY\[HEADER\.FIELDS\.NOT/, why: "the same" },
  {
    mail: /^(?![^]*\r\n\r\n)/,
    about: /^BODY\[HEADER\.FIELDS \(/,
    why:
      "a message without a blank line has none in its header (RFC 3501 6.4.5); Dovecot heeds that with .NOT alone",
  },
  { mail: "Subject: only a header\r\nbody", about: /^BODY\[HEADER\.FIELDS\.NOT/, why: "the same" },
  {
    mail: "--ab\r\nlonger\r\n--a--",
    about: /^BODY\[2\.MIME/,
    why: "a MIME header that ends at a boundary keeps its last line end here, and is cut before it there",
  },
  { mail: "Subject: no end of header\r\n--a--", about: /^BODY\[1\.MIME/, why: "the same" },
  { mail: "Date:   Mon", about: /^ENVELOPE$/, why: "Dovecot keeps white space at the end of the date" },
  {
    mail: "=c; d; e = f",
    about: /^BODY(STRUCTURE)?$/,
    why: "Dovecot gives up at a parameter without a value",
  },
  {
    mail: "title*=utf-8'de'",
    about: /^BODY(STRUCTURE)?$/,
    why: "Dovecot calls title* (RFC 2231) title*1* when it stands after a continued parameter",
  },
  {
    mail: "Content-Disposition: attachment; filename",
    about: /^BODYSTRUCTURE$/,
    why: "Dovecot tells nothing but the defaults of a plain text without Content-Type",
  },
  { mail: "To: <a@b> <c@d>", about: /^TO /, why: "Dovecot drops an address that no comma stands before" },
  { mail: "From: (only a comment)", about: /NOT FROM/, why: "Dovecot does not look into comments" },
  {
    mail: "Content-Type: text\r\n",
    about: /^BODY "/,
    why: "Dovecot finds no text in a type without subtype",
  },
  {
    mail: "-Encoding: bogus",
    about: /^BODY "/,
    why: "Dovecot finds no text in an encoding it does not know",
  },
];

/** One answer, or one message in a search that only one of the two found. */
interface Difference {
  readonly mail: string;
  readonly about: string;
  readonly theirs: Value | undefined;
  readonly ours: Value | undefined;
}

/** Where both are right: the space for a zero of a date, no octets or no such part, whose session is told \Recent, the order of flags. */
function plain(item: string, value: Value | undefined): Value | undefined {
  if (item === "INTERNALDATE") return String(value).replace(/^ /, "0");
  if (item.startsWith("BODY[")) return value ?? "";
  if (item === "FLAGS" && Array.isArray(value)) return value.filter((f) => f !== "\\Recent").sort();
  return value;
}

function explains({ mail, about, ours }: Explained, d: Difference): boolean {
  const isAbout = typeof mail === "string" ? d.mail.includes(mail) : mail.test(d.mail);
  return isAbout && about.test(d.about) && (ours === undefined || ours === d.ours);
}

function differences(theirs: Answers, ours: Answers): Difference[] {
  const found: Difference[] = [];
  const compare = (mail: string, about: string, a: Value | undefined, b: Value | undefined) => {
    const [theirs, ours] = [plain(about, a), plain(about, b)];
    if (JSON.stringify(theirs) !== JSON.stringify(ours)) found.push({ mail, about, theirs, ours });
  };
  const fetches = [fetched(theirs), fetched(ours)] as const;
  const searches = [theirs, ours].map((a) => a.untagged.filter((r) => r[0] === "SEARCH"));
  for (const [i, mail] of ODD_MAILS.entries()) {
    const [a, b] = fetches.map((f) => f.get(i + 1) ?? new Map<string, Value>());
    for (const item of new Set([...a?.keys() ?? [], ...b?.keys() ?? []])) {
      compare(mail, item, a?.get(item), b?.get(item));
    }
    for (const [n, key] of SEARCHES.entries()) {
      const [a, b] = searches.map((s) => `${s[n]?.includes(`${i + 1}`)}`);
      compare(mail, key, a, b);
    }
  }
  return found;
}

function append(folder: string): Uint8Array[] {
  return ODD_MAILS.map((mail, i) => {
    const octets = Uint8Array.from(mail, (c) => c.charCodeAt(0));
    const flags = ["", "\\Seen", "\\Flagged odd", "\\Answered \\Draft"][i % 4];
    const day = `${1 + i % 28}`.padStart(2, " ");
    const date = `"${day}-${i % 2 ? "Feb" : "Mar"}-2021 04:05:06 +0${i % 3}30"`;
    return concat([utf8(`APPEND ${folder} (${flags}) ${date} {${octets.length}+}\r\n`), octets]);
  });
}

Deno.test("Dovecot and Roost say the same of odd mails, whoever stored them", async () => {
  await using roost = await RoostProcess.start();
  const dovecot = await dovecotBeside(roost, ALICE);
  const askDovecot = async (...commands: (string | Uint8Array)[]) =>
    parseAnswers(await dovecot.octets(...commands));
  const askRoost = async (...commands: (string | Uint8Array)[]) => {
    const login = `LOGIN ${ALICE} secret-alice`;
    const answers = parseAnswers(await talk(roost.address, roost.ports.imap, [login, ...commands]));
    await giveAll(roost.maildir(ALICE));
    return { ...answers, statuses: answers.statuses.slice(1) };
  };
  const stored = [
    await askDovecot("CREATE Theirs", ...append("Theirs")),
    await askRoost("CREATE Ours", ...append("Ours")),
  ];
  for (const { statuses } of stored) assertEquals(new Set(statuses), new Set(["OK"]));
  const used = new Set<Explained>();
  for (const folder of ["Theirs", "Ours"]) {
    const theirs = await askDovecot(`EXAMINE ${folder}`, ...INSIDE);
    const ours = await askRoost(`EXAMINE ${folder}`, ...INSIDE);
    assertEquals(new Set([...theirs.statuses, ...ours.statuses]), new Set(["OK"]));
    assertEquals(fetched(ours).size, ODD_MAILS.length);
    const unexplained = differences(theirs, ours).filter((d) => {
      const reasons = EXPLAINED.filter((e) => explains(e, d));
      for (const r of reasons) used.add(r);
      return reasons.length === 0;
    });
    assertEquals(unexplained, [], folder);
  }
  assertEquals(EXPLAINED.filter((e) => !used.has(e)), [], "explained, but not there");
  assertEquals(dovecot.faults, []);
});
