import fc from "fast-check";
import { REPORT_CHILDREN, REPORT_TEXT } from "../../../mod/base/limits.ts";
import { childOf, escapeXml, readXml, textOf, type XmlElement } from "../../../mod/auth/dmarc/xml.ts";
import { assert, assertEquals } from "../../support/assert.ts";

/** All parts, and the root as text: "a(b c=text)"; or what is wrong. */
function read(text: string): { parts: string[]; root: string } {
  const parts: string[] = [];
  const elements = readXml(text, "part");
  for (;;) {
    const next = elements.next();
    if (!next.done) parts.push(...next.value ? [shown(next.value)] : []);
    else return { parts, root: next.value.ok ? shown(next.value.value) : `! ${next.value.error}` };
  }
}

function shown({ name, text, children }: XmlElement): string {
  return name + (text === "" ? "" : `=${text}`) +
    (children.length === 0 ? "" : `(${children.map(shown).join(" ")})`);
}

Deno.test("readXml() reads elements and text, and gives out the parts", () => {
  const cases: readonly (readonly [text: string, root: string, parts?: readonly string[]])[] = [
    ["<a/>", "a"],
    ["<a></a>", "a"],
    [
      '\ufeff<?xml version="1.0"?>\n<!-- <b> -->\n<a x="1" y=\'>\'>\n<b> t </b><c/></a>\n<!-- end -->',
      "a(b=t c)",
    ],
    ["<x:a xmlns:x='urn:a'><x:b>t</x:b></x:a>", "a(b=t)"],
    ["<a>1&lt;2 &amp;&#65;&#x42;&quot;&apos;&gt;</a>", "a=1<2 &AB\"'>"],
    ["<a>&nope; &#xD800; &#x110000; & &;</a>", "a=&nope; \ufffd \ufffd & &;"],
    ["<a>x<![CDATA[<b>&lt;]]>y</a>", "a=x<b>&lt;y"],
    ["<a><part>1</part><b/><part><c>2</c></part></a>", "a(b)", ["part=1", "part(c=2)"]],
    ["<part/>", "part"],
    ["<a>t</a >", "a=t"],
    ["<a\n/>", "a"],
  ];
  for (const [text, root, parts = []] of cases) assertEquals(read(text), { parts: [...parts], root }, text);
});

Deno.test("readXml() refuses what is no document, and what is meant to hurt", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "! it ends too early"],
    ["text", "! text outside of elements"],
    ["<a/>text", "! text outside of elements"],
    ["<a/><b/>", "! more than one root"],
    ["<a>", "! it ends too early"],
    ["<a><b></a></b>", "! tags do not match"],
    ["</a>", "! tags do not match"],
    ["<a b></a>", "! a tag is malformed"],
    ["<a x=1></a>", "! a tag is malformed"],
    ["<1/>", "! a tag is malformed"],
    ["<a", "! a tag is malformed"],
    ["<a><!-- ", "! it ends too early"],
    ["<a><![CDATA[x", "! it ends too early"],
    ["<?xml", "! it ends too early"],
    ['<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>', "! it has a document type, which is not read"],
    ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "! it has a document type, which is not read"],
    ["<a>".repeat(100_000), "! nested too deeply"],
    [`<a>${"<b/>".repeat(REPORT_CHILDREN + 1)}</a>`, "! too many elements"],
    [`<a ${" ".repeat(5000)}/>`, "! a tag is malformed"],
    [`<a ${'x="y" '.repeat(5000)}/>`, "! a tag is malformed"],
  ];
  for (const [text, wanted] of cases) assertEquals(read(text).root, wanted, text.slice(0, 80));
});

Deno.test("readXml() keeps only so much of a text", () => {
  const long = "x".repeat(1_000_000);
  assertEquals(read(`<a>${long}</a>`).root.length, REPORT_TEXT + 2);
  assertEquals(read(`<a><![CDATA[${long}]]></a>`).root.length, REPORT_TEXT + 2);
  assertEquals(read(`<a>${"x<!-- -->".repeat(100_000)}</a>`).root.length, REPORT_TEXT + 2);
});

Deno.test("readXml() pauses in long documents, whatever they are long with", () => {
  for (const filler of ["<!-- -->", "<part/>"]) {
    const elements = [...readXml(`<a>${filler.repeat(100_000)}</a>`, "part")];
    assert(elements.filter((e) => e === null).length >= 45, filler);
  }
});

Deno.test("readXml() takes time by the length alone", () => {
  const shapes = ["<a ", "<a x='", "<!--", "<![CDATA[", "&#", "<a x=", "]]>", "< ", "<a><a/>", "&amp;"];
  for (const shape of shapes) {
    const text = `<r>${shape.repeat(200_000)}`;
    const start = performance.now();
    read(text);
    read(shape.repeat(200_000));
    assert(performance.now() - start < 1000, shape);
  }
});

Deno.test("readXml() never throws, and reads what escapeXml() wrote", () => {
  const noise = fc.stringMatching(/^[<>a&;#x!\-[\]CDATA/"'= ]{0,80}$/);
  fc.assert(fc.property(noise, fc.string({ unit: "binary", maxLength: 100 }), (text, value) => {
    read(text);
    read(`<a>${text}</a>`);
    const written = escapeXml(value);
    const [root] = [...readAll(`<r><v>${written}</v></r>`)];
    // deno-lint-ignore no-control-regex -- what XML cannot have
    const kept = value.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g, "").trim();
    assertEquals(childOf(root ?? null, "v")?.text, kept);
    return true;
  }));
  assertEquals(textOf(null, "v"), "");
});

function* readAll(text: string): Generator<XmlElement> {
  const last = readXml(text, "part").next();
  if (last.done && last.value.ok) yield last.value.value;
}
