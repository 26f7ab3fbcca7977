import { base64Value, colonList, parseTagList, withoutBlanks } from "../../../mod/auth/dkim/tag_list.ts";
import { utf8 } from "../../../mod/base/bytes.ts";
import { DKIM_TAGS } from "../../../mod/base/limits.ts";
import { err } from "../../../mod/base/result.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import fc from "fast-check";

function tags(text: string): Record<string, string> | string {
  const list = parseTagList(utf8(text));
  return list.ok ? Object.fromEntries(list.value) : list.error;
}

Deno.test("parseTagList() keeps to the grammar of RFC 6376 3.2", () => {
  const table: readonly (readonly [string, Record<string, string> | string])[] = [
    ["v=1", { v: "1" }],
    ["v=1;", { v: "1" }],
    [" v = 1 ; \r\n\t a_2 = x y \r\n z ;\r\n ", { v: "1", a_2: "x y \r\n z" }],
    ["a=", { a: "" }],
    ["a=;b=", { a: "", b: "" }],
    ["a==b=c", { a: "=b=c" }],
    ["A=1;a=2", { A: "1", a: "2" }],
    ["d=b\u00fccher.example", { d: "b\u00fccher.example" }],
    ["toString=1;__proto=2", "something that is no tag"],
    ["constructor=1", { constructor: "1" }],
    ["", "empty tag"],
    [" ", "empty tag"],
    [";", "empty tag"],
    ["a=1;;b=2", "empty tag"],
    ["a=1;;", "empty tag"],
    [";a=1", "empty tag"],
    ["a", "something that is no tag"],
    ["=1", "something that is no tag"],
    ["1a=1", "something that is no tag"],
    ["_a=1", "something that is no tag"],
    ["a b=1", "something that is no tag"],
    ["a-b=1", "something that is no tag"],
    ["a=1;a=1", "a= twice"],
    ["a=1;b=2; a =", "a= twice"],
    ["a=\0", "control character"],
    ["a=x\x7f", "control character"],
  ];
  for (const [text, expected] of table) assertEquals(tags(text), expected, JSON.stringify(text));
});

Deno.test("parseTagList() reads no more tags than any list has", () => {
  const many = (n: number) => parseTagList(Array.from({ length: n }, (_, i) => `t${i}=`).join(";"));
  assert(many(DKIM_TAGS).ok);
  assertEquals([many(DKIM_TAGS + 1), many(200_000)], [err("too many tags"), err("too many tags")]);
  assert(parseTagList(`${Array.from({ length: DKIM_TAGS }, (_, i) => `t${i}=`).join(";")};`).ok);
});

Deno.test("parseTagList() reads back any list, folded anywhere", () => {
  const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,5}$/);
  const value = fc.stringMatching(/^(?:[!-:<-~]{1,8}( [!-:<-~]{1,8}){0,3})?$/);
  const fold = fc.constantFrom("", " ", "\r\n ", "\t", " \r\n\t ");
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, value), {
        minLength: 1,
        selector: ([n]) => n,
      }),
      fold,
      (list, f) => {
        const text = list.map(([n, v]) => `${f}${n}${f}=${f}${v}${f}`).join(";");
        const parsed = parseTagList(text);
        assert(parsed.ok);
        assertEquals([...parsed.value], list);
      },
    ),
  );
});

Deno.test("parseTagList() takes any octets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseTagList(bytes)));
});

Deno.test("base64Value() takes white space anywhere, and nothing that is no base64", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["YWJj", "abc"],
    ["Y W\r\n\tJ j", "abc"],
    ["YWI=", "ab"],
    ["YWI", "ab"],
    ["YQ = =", "a"],
    ["YQ", "a"],
    ["YWJjY", null],
    ["", null],
    ["=", null],
    ["YQ===", null],
    ["Y=Q=", null],
    ["YWJj-_", null],
    ["YWJ\u00e9", null],
    ["YWJj!", null],
  ];
  for (const [text, expected] of table) {
    const bytes = base64Value(text);
    assertEquals(bytes && new TextDecoder().decode(bytes), expected, text);
  }
});

Deno.test("colonList() and withoutBlanks() see through folding", () => {
  assertEquals(colonList("From : To\r\n :\tsubject"), ["from", "to", "subject"]);
  assertEquals(colonList(""), [""]);
  assertEquals(withoutBlanks(" a\r\n b\tc "), "abc");
});
