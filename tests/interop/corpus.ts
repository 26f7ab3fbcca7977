/**
 * Mails by the thousand for comparisons: whole ones of every shape, and the same as they come out of broken programs. Made from a seed, so always the
 * same. Octets as texts of one character each.
 */
import { SeededRandom } from "../support/seeded_random.ts";
import { ODD_MAILS } from "./odd_mails.ts";

const ADDRESSES = [
  "a@b.test",
  "Alice <alice@example.test>",
  '"Doe, John" <john.doe@example.test>',
  "=?utf-8?q?J=C3=B6rg?= <joerg@example.test>",
  "=?iso-8859-1?b?5OT8?= <x@y.test> (a note)",
  "friends: a@b.test, C <c@d.test>;",
  "undisclosed-recipients:;",
  "<@relay.test:x@y.test>",
  "(who) z@z.test",
  '"q\\"q" <"a b"@c.test>',
  "J\xc3\xb6rg <raw@utf8.test>",
  "J\xf6rg <raw@latin.test>",
  "a.b.c@[192.0.2.1]",
  "first.last",
  "<only@angle.test>",
  "A B C D <many@words.test>",
  "long\r\n name\r\n\t<folded@x.test>",
];
const DATES = [
  "Mon, 5 Feb 2024 10:20:30 +0100",
  "5 Feb 24 10:20 GMT",
  "Tue, 31 Dec 1999 23:59:60 -0000",
  "Thu, 29 Feb 2024 00:00:00 EST (comment)",
  "not a date",
  "Wed, 1 Jan 2025 01:02:03 +1400",
];
const SUBJECTS = [
  "plain",
  "Re: Re: Fwd: plain",
  "=?utf-8?q?=C3=A4=C3=B6?= and =?utf-8?b?w7zDnw==?=",
  "=?koi8-r?b?8NLJ18XU?=",
  "=?gb2312?b?xOO6ww==?=",
  "=?unknown-charset?q?abc?=",
  "=?utf-8?q?broken",
  "=?iso-2022-jp?b?GyRCJDMbKEI=?=",
  "folded\r\n over\r\n\tlines",
  "raw \xc3\xa4\xff",
  'with "quotes" and \\ backslash',
  "",
  "tab\tin it",
];
const TYPES = [
  "text/plain",
  "text/plain; charset=utf-8",
  "text/plain; charset=iso-8859-1; format=flowed",
  'text/html; charset="windows-1251"',
  "TEXT/Plain; Charset=KOI8-R",
  "text/plain; charset=no-such",
  'application/pdf; name="a b.pdf"',
  "application/octet-stream; name*=utf-8''%c3%a4.bin",
  "application/octet-stream; name*0=long; name*1=er.bin",
  "image/png; name=x.png",
  "text/calendar; method=REQUEST",
  'application/x-y; a=1; b=2; c="3 4"',
];
const BODIES = [
  "Hello\r\nworld\r\n",
  "=C3=A4=20soft=\r\nbreak\r\n",
  "SGVsbG8gd29ybGQ=\r\n",
  "\xe4\xf6\xfc latin\r\n",
  "\xc3\xa4 utf-8 text needle\r\n",
  "<html><body>a <b>needle</b></body></html>\r\n",
  "",
  "no line end",
  "\r\n\r\n\r\n",
  "From the start\r\n.\r\n..\r\n",
  `${"long line ".repeat(300)}\r\n`,
  "-- \r\nsignature\r\n--\r\n",
];
const ENCODINGS = ["7bit", "8bit", "quoted-printable", "base64", "binary", "BASE64", "x-bogus"];
const BOUNDARIES = ["b", "bb", "b-1", "=_x", "b b", "----=_Part", "b'()+_,./:=?"];

class MailMaker {
  readonly #random: SeededRandom;
  #parts = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  #one<T>(from: readonly T[]): T {
    // int() is below the length, and no list here is empty.
    return from[this.#random.int(from.length)] as T;
  }

  #chance(n: number): boolean {
    return this.#random.int(n) === 0;
  }

  #some(from: readonly string[], most: number): string {
    return Array.from({ length: 1 + this.#random.int(most) }, () => this.#one(from)).join(", ");
  }

  mail(): string {
    this.#parts = 0;
    const fields: string[] = [];
    const add = (name: string, value: string) => {
      if (!this.#chance(6)) fields.push(`${name}: ${value}\r\n`);
    };
    add("From", this.#some(ADDRESSES, 1));
    add("To", this.#some(ADDRESSES, 3));
    if (this.#chance(3)) add("Cc", this.#some(ADDRESSES, 4));
    if (this.#chance(5)) add("Bcc", this.#some(ADDRESSES, 1));
    if (this.#chance(5)) add("Reply-To", this.#some(ADDRESSES, 2));
    if (this.#chance(5)) add("Sender", this.#some(ADDRESSES, 1));
    add("Subject", this.#one(SUBJECTS));
    add("Date", this.#one(DATES));
    add("Message-ID", `<${this.#random.int(1e9)}@x.test>`);
    if (this.#chance(3)) add("In-Reply-To", "<1@x.test> <2@x.test>");
    if (this.#chance(3)) add("References", "<1@x.test>\r\n <2@x.test>");
    if (this.#chance(3)) add("X-Custom", "needle in a field");
    if (!this.#chance(5)) fields.push("MIME-Version: 1.0\r\n");
    return fields.join("") + this.#entity(0);
  }

  /** MIME fields, a blank line, a body. */
  #entity(depth: number): string {
    this.#parts++;
    const kind = this.#random.int(depth > 3 || this.#parts > 25 ? 6 : 10);
    if (kind >= 8) return this.#message(depth);
    return kind >= 6 || (depth === 0 && kind > 2) ? this.#multipart(depth) : this.#leaf();
  }

  #leaf(): string {
    let head = this.#chance(5) ? "" : `Content-Type: ${this.#one(TYPES)}\r\n`;
    if (this.#chance(2)) head += `Content-Transfer-Encoding: ${this.#one(ENCODINGS)}\r\n`;
    if (this.#chance(4)) {
      head += `Content-Disposition: ${this.#one(["inline", 'attachment; filename="f.txt"'])}\r\n`;
    }
    if (this.#chance(8)) head += `Content-ID: <${this.#parts}@x.test>\r\nContent-Description: part\r\n`;
    if (this.#chance(10)) head += "Content-Language: de, en\r\nContent-Location: http://x.test/\r\n";
    return `${head}\r\n${this.#one(BODIES)}`;
  }

  #message(depth: number): string {
    return `Content-Type: message/rfc822\r\n\r\nFrom: ${this.#one(ADDRESSES)}\r\nSubject: ${
      this.#one(SUBJECTS)
    }\r\n` +
      this.#entity(depth + 1);
  }

  #multipart(depth: number): string {
    const boundary = this.#one(BOUNDARIES);
    const type = this.#one(["mixed", "alternative", "related", "digest", "report; report-type=x"]);
    const count = 1 + this.#random.int(3);
    const parts = Array.from({ length: count }, () => `--${boundary}\r\n${this.#entity(depth + 1)}\r\n`).join(
      "",
    );
    const preamble = this.#chance(4) ? "preamble\r\n" : "";
    const end = this.#chance(6) ? "" : `--${boundary}--\r\n`;
    const epilogue = this.#chance(5) ? "epilogue\r\n" : "";
    return `Content-Type: multipart/${type}; boundary="${boundary}"\r\n\r\n${preamble}${parts}${end}${epilogue}`;
  }
}

/** What happens to mails on their way. */
function damaged(mail: string, random: SeededRandom): string {
  const at = random.int(Math.max(1, mail.length));
  switch (random.int(8)) {
    case 0:
      return mail.slice(0, at);
    case 1:
      return mail.replaceAll("\r\n", "\n");
    case 2:
      return mail.slice(0, at) + "\n" + mail.slice(at);
    case 3:
      return mail.slice(0, at) + "\r" + mail.slice(at);
    case 4:
      return mail.slice(0, at) + "\0" + mail.slice(at);
    case 5:
      return mail.slice(0, at) + String.fromCharCode(random.int(256)) + mail.slice(at + 1);
    case 6:
      return mail.slice(0, at) + mail.slice(at + 1 + random.int(40));
    default:
      return mail.slice(0, at) + mail.slice(random.int(Math.max(1, mail.length)));
  }
}

/** A few of great size. */
function large(): string[] {
  const nested = (n: number) => {
    let mail = "Content-Type: text/plain\r\n\r\ninnermost\r\n";
    for (let i = 0; i < n; i++) {
      mail = `Content-Type: multipart/mixed; boundary=n${i}\r\n\r\n--n${i}\r\n${mail}\r\n--n${i}--\r\n`;
    }
    return mail;
  };
  return [
    `Subject: ${"x".repeat(1_000_000)}\r\n\r\nbody\r\n`,
    `${"X-Many: field\r\n".repeat(20_000)}Subject: after many\r\n\r\nbody\r\n`,
    `To: ${"a@b.test,\r\n ".repeat(20_000)}z@z.test\r\n\r\nbody\r\n`,
    `Content-Type: multipart/mixed; boundary=p\r\n\r\n${"--p\r\n\r\nx\r\n".repeat(9_000)}--p--\r\n`,
    nested(50),
    `Subject: long lines\r\n\r\n${"y".repeat(1_000_000)}\r\n`,
    `Content-Type: text/plain; ${Array.from({ length: 2000 }, (_, i) => `p${i}=v`).join("; ")}\r\n\r\nx\r\n`,
  ];
}

/** `whole` whole mails, and each once more as it arrives broken; then odd ones, and a few large ones. */
export function corpus(whole: number, seed = 5): readonly string[] {
  const random = new SeededRandom(seed);
  const maker = new MailMaker(random);
  const mails = Array.from({ length: whole }, () => maker.mail());
  const broken = mails.map((m) => damaged(m, random));
  const odd = ODD_MAILS.flatMap((m) => [m, damaged(m, random), damaged(m, random)]);
  return [...mails, ...broken, ...odd, ...large()].map((m) => m === "" ? "\r\n" : m);
}
