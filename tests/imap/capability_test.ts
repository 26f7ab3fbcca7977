import { capabilities } from "../../mod/imap/capability.ts";
import { assert, assertEquals } from "../support/assert.ts";

const FACTS = {
  authenticated: false,
  startTls: false,
  login: false,
  mechanisms: ["PLAIN", "LOGIN"],
  appendLimit: 1000,
  modSeqs: false,
  notices: false,
  sharing: false,
  compression: false,
};

Deno.test("capabilities() tells what holds now and nothing else", () => {
  const rows = [
    [{}, ["LOGINDISABLED", "SASL-IR", "LITERAL-"], ["STARTTLS", "AUTH=PLAIN", "MOVE", "LITERAL+"]],
    [{ startTls: true }, ["STARTTLS", "LOGINDISABLED"], ["AUTH=PLAIN", "AUTH=LOGIN"]],
    [{ login: true }, ["AUTH=PLAIN", "AUTH=LOGIN"], ["LOGINDISABLED", "STARTTLS"]],
    [{ startTls: true, login: true }, ["STARTTLS", "AUTH=PLAIN"], ["LOGINDISABLED", "UIDPLUS"]],
    [{ authenticated: true, compression: true }, ["COMPRESS=DEFLATE"], []],
    [{ compression: true }, [], ["COMPRESS=DEFLATE"]],
    [{ authenticated: true, modSeqs: true }, ["CONDSTORE", "QRESYNC"], ["NOTIFY"]],
    [{ authenticated: true, notices: true }, ["NOTIFY"], ["CONDSTORE"]],
    [{ authenticated: true }, ["MOVE", "UIDPLUS", "APPENDLIMIT=1000", "LITERAL+"], [
      "LITERAL-",
      "CONDSTORE",
      "LOGINDISABLED",
      "STARTTLS",
      "SASL-IR",
    ]],
  ] as const;
  for (const [facts, has, hasNot] of rows) {
    const words = capabilities({ ...FACTS, ...facts }).split(" ");
    assertEquals(words[0], "IMAP4rev1");
    for (const word of has) assert(words.includes(word), `${word} is missing in ${words}`);
    for (const word of hasNot) assert(!words.includes(word), `${word} is in ${words}`);
    assertEquals(new Set(words).size, words.length);
  }
});
