/**
 * Just enough XML to read strangers' reports: elements and text. No document types, so no entities but the five and numbers; attributes and
 * comments are passed over, prefixes of names are dropped. Bounded by the text's length, depth and REPORT_TEXT. Pure.
 */
import { REPORT_CHILDREN, REPORT_DEPTH, REPORT_TEXT } from "../../base/limits.ts";
import { err, ok, type Result } from "../../base/result.ts";

export interface XmlElement {
  /** Without prefix. */
  readonly name: string;
  /** All text directly within, without spaces around it; cut off at REPORT_TEXT. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

const NAME = "[A-Za-z_][A-Za-z0-9_.:-]*";
/** A start or end tag with its attributes, whatever stands in quotes. */
const TAG = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, "y");
/** Characters of one tag: a name and some namespaces. */
const LONGEST_TAG = 4096;

/** Steps after which a reader pauses: less than a millisecond's work. */
const STEPS = 2000;

/**
 * Reads a document. Elements named `part` are given out as they end and then forgotten, so that a long list of them takes no memory; null in
 * between is a good moment to let others have their turn. The result is the root element without the parts, or what is wrong.
 */
export function* readXml(
  text: string,
  part: string,
): Generator<XmlElement | null, Result<XmlElement, string>> {
  const open: Open[] = [];
  let root: XmlElement | null = null;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (let steps = 1; at < text.length; steps++) {
    if (steps % STEPS === 0) yield null;
    const less = text.indexOf("<", at);
    const end = less < 0 ? text.length : less;
    const inner = open.at(-1);
    if (inner) addText(inner, text.slice(at, Math.min(end, at + 4 * REPORT_TEXT)), true);
    else if (/\S/.test(text.slice(at, Math.min(end, at + REPORT_TEXT)))) {
      return err("text outside of elements");
    }
    if (less < 0) break;
    const skipped = skipOther(text, less, inner);
    if (typeof skipped === "string") return err(skipped);
    if (skipped !== null) {
      at = skipped;
      continue;
    }
    TAG.lastIndex = 0;
    const [whole, slash, full = "", , empty] = TAG.exec(text.slice(less, less + LONGEST_TAG)) ?? [];
    if (whole === undefined) return err("a tag is malformed");
    at = less + whole.length;
    const name = full.slice(full.lastIndexOf(":") + 1);
    if (slash === "") {
      if (root) return err("more than one root");
      if (open.length >= REPORT_DEPTH) return err("nested too deeply");
      open.push({ name, text: "", children: [] });
      if (empty === "") continue;
    }
    const closed = open.pop();
    if (closed?.name !== name) return err("tags do not match");
    const element = { name, text: closed.text.trim().slice(0, REPORT_TEXT), children: closed.children };
    const outer = open.at(-1);
    if (!outer) root = element;
    else if (name === part) yield element;
    else if (outer.children.push(element) > REPORT_CHILDREN) return err("too many elements");
  }
  return root && open.length === 0 ? ok(root) : err("it ends too early");
}

/** Where what is no element ends, for a "<" that begins such; null where it is one. A text says why it is refused. */
function skipOther(text: string, at: number, inner: Open | undefined): number | string | null {
  const past = (begin: string, end: string): number => {
    const found = text.indexOf(end, at + begin.length);
    return found < 0 ? -1 : found + end.length;
  };
  let end: number | null = null;
  if (text.startsWith("<!--", at)) end = past("<!--", "-->");
  else if (text.startsWith("<?", at)) end = past("<?", "?>");
  else if (text.startsWith("<![CDATA[", at)) {
    end = past("<![CDATA[", "]]>");
    if (inner && end > 0) addText(inner, text.slice(at + 9, Math.min(end - 3, at + 9 + REPORT_TEXT)), false);
  } else if (text.startsWith("<!", at)) return "it has a document type, which is not read";
  return end === -1 ? "it ends too early" : end;
}

function addText(open: Open, text: string, entities: boolean): void {
  if (open.text.length > REPORT_TEXT) return;
  open.text += entities ? withoutEntities(text) : text;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };

function withoutEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{1,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? parseInt(hex, 16) : Number(decimal);
    return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? "\ufffd" : String.fromCodePoint(code);
  });
}

/** The first child of that name, or null. */
export function childOf(element: XmlElement | null, name: string): XmlElement | null {
  return element?.children.find((c) => c.name === name) ?? null;
}

/** The text of the first child of that name; "" without one. Control characters become spaces. */
export function textOf(element: XmlElement | null, name: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what it is about
  return (childOf(element, name)?.text ?? "").replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").trim();
}

/** Text as it may stand in an element. Characters that XML 1.0 cannot have are left out. */
export function escapeXml(text: string): string {
  return text.toWellFormed()
    // deno-lint-ignore no-control-regex -- these are what XML cannot have
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
