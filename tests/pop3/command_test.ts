import { utf8 } from "../../mod/base/bytes.ts";
import { parseCommand } from "../../mod/pop3/command.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const CASES: readonly { readonly line: string; readonly want: unknown }[] = [
  { line: "USER alice@example.org", want: { verb: "USER", name: "alice@example.org" } },
  { line: "user  spaced", want: { verb: "USER", name: " spaced" } },
  { line: "PASS with blanks in it ", want: { verb: "PASS", password: "with blanks in it " } },
  { line: "PASS пароль", want: { verb: "PASS", password: "пароль" } },
  { line: "PASS", want: "syntax" },
  { line: "USER ", want: "syntax" },
  { line: "USER a\0b", want: "syntax" },
  { line: "STAT", want: { verb: "STAT" } },
  { line: "stat ", want: { verb: "STAT" } },
  { line: "STAT 1", want: "syntax" },
  { line: "LIST", want: { verb: "LIST", message: null } },
  { line: "LIST 3", want: { verb: "LIST", message: 3 } },
  { line: "LIST -3", want: "syntax" },
  { line: "LIST 1 2", want: "syntax" },
  { line: "UIDL 4", want: { verb: "UIDL", message: 4 } },
  { line: "RETR 1", want: { verb: "RETR", message: 1 } },
  { line: "RETR", want: "syntax" },
  { line: "RETR 99999999999", want: "syntax" },
  { line: "RETR 1x", want: "syntax" },
  { line: "TOP 1 0", want: { verb: "TOP", message: 1, lines: 0 } },
  { line: "TOP 1", want: "syntax" },
  { line: "DELE 2", want: { verb: "DELE", message: 2 } },
  { line: "AUTH", want: { verb: "AUTH", mechanism: null, initial: null } },
  { line: "AUTH PLAIN", want: { verb: "AUTH", mechanism: "PLAIN", initial: null } },
  { line: "AUTH PLAIN =", want: { verb: "AUTH", mechanism: "PLAIN", initial: utf8("=") } },
  { line: "AUTH PL/AIN", want: "syntax" },
  { line: "APOP alice c4c9334bac560ecc979e58001b3e22fb", want: "unknown" },
  { line: "", want: "unknown" },
  { line: " STAT", want: "unknown" },
];

Deno.test("parseCommand() reads each command and tells what is none", () => {
  for (const { line, want } of CASES) {
    const got = parseCommand(utf8(line));
    assertEquals<unknown>(got.ok ? got.value : got.error, want, JSON.stringify(line));
  }
});

Deno.test("parseCommand() takes any octets", () => {
  const random = new SeededRandom(3);
  const seeds = CASES.map((c) => utf8(c.line));
  for (let i = 0; i < 5000; i++) {
    const bytes = (seeds[random.int(seeds.length)] ?? utf8("")).slice();
    if (bytes.length > 0) bytes[random.int(bytes.length)] = random.int(256);
    const got = parseCommand(bytes);
    assert(got.ok || got.error === "unknown" || got.error === "syntax");
  }
});
