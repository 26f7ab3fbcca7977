/**
 * Writes YAML for files of our own: block style, two spaces, text in double quotes (by the rules of JSON, which are YAML's too) unless it is
 * plain beyond doubt. Small, so that a server which writes accounts.yaml need not hold a library that keeps comments.
 */
import { plainScalar } from "./scalar.ts";

/** What can be written. Members that are undefined are left out. */
export type YamlValue = null | boolean | number | string | readonly YamlValue[] | YamlMembers;

export interface YamlMembers {
  readonly [name: string]: YamlValue | undefined;
}

/** `value` as a document, below `comment` (lines without their "#"). */
export function formatYaml(value: YamlValue, comment = ""): string {
  const head = comment === "" ? "" : comment.split("\n").map((line) => `# ${line}\n`).join("") + "\n";
  return head + linesOf(value).join("\n") + "\n";
}

/** Text that no version of YAML takes for anything else; times as in RFC 3339 are text to YAML 1.2. */
const PLAIN = /^(?:[A-Za-z$][A-Za-z0-9_$@.+/=,:-]*|\d{4}-\d\d-\d\dT[\d:.]+Z)$/;
/** Booleans to YAML 1.1. */
const OLD_BOOLEAN = /^(?:y|n|yes|no|on|off)$/i;
const STEP = "  ";

/** A single line for what fits one; a list's or mapping's lines else. */
function linesOf(value: YamlValue): string[] {
  if (typeof value === "string") return [textOf(value)];
  if (value === null || typeof value !== "object") return [scalarOf(value)];
  const lines: string[] = [];
  if (isList(value)) {
    for (const item of value) {
      for (const [i, line] of linesOf(item).entries()) lines.push((i === 0 ? "- " : STEP) + line);
    }
    return lines.length === 0 ? ["[]"] : lines;
  }
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const inner = linesOf(member);
    if (isNested(member)) {
      lines.push(`${textOf(name)}:`);
      for (const line of inner) lines.push(STEP + line);
    } else {
      lines.push(`${textOf(name)}: ${inner[0]}`);
    }
  }
  return lines.length === 0 ? ["{}"] : lines;
}

/** Array.isArray() does not tell apart what is read-only. */
function isList(value: readonly YamlValue[] | YamlMembers): value is readonly YamlValue[] {
  return Array.isArray(value);
}

/** Whether it takes lines of its own. */
function isNested(value: YamlValue): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isList(value) ? value.length > 0 : Object.values(value).some((member) => member !== undefined);
}

function textOf(text: string): string {
  const isPlain = PLAIN.test(text) && !text.endsWith(":") && !OLD_BOOLEAN.test(text) &&
    plainScalar(text) === text;
  return isPlain ? text : JSON.stringify(text);
}

function scalarOf(value: null | boolean | number): string {
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value < 0 ? "-.inf" : ".inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
