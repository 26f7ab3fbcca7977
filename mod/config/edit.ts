/**
 * Changes to roost.yaml that keep its comments and order: for the `domain` and `alias` verbs. Pure: text in, text out; the result has been
 * checked as the server would check it.
 */
import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";
import { err, ok, type Result } from "../base/result.ts";
import { hostName } from "./values.ts";
import { parseConfig } from "./load.ts";

/** New text, or why not, in words. */
export type EditResult = Result<string, readonly string[]>;

/** Adds one of our domains. */
export function addDomain(file: string, text: string, domain: string): EditResult {
  return edited(file, text, (document) => {
    const domains = mapAt(document, ["domains"]);
    if (typeof domains === "string") return domains;
    if (keyIn(domains, domain) !== null) return `${domain} is in ${file} already`;
    domains.set(document.createNode(domain), document.createNode({}, { flow: true }));
    return null;
  });
}

/** Removes a domain with its aliases. */
export function removeDomain(file: string, text: string, domain: string): EditResult {
  return edited(file, text, (document) => {
    const domains = mapAt(document, ["domains"]);
    if (typeof domains === "string") return domains;
    const key = keyIn(domains, domain);
    if (key === null) return `${domain} is not in ${file}`;
    domains.delete(key);
    return null;
  });
}

/** Adds targets to an alias, making it if need be. Targets that are there already stay once. */
export function addAlias(
  file: string,
  text: string,
  domain: string,
  name: string,
  targets: readonly string[],
): EditResult {
  return edited(file, text, (document) => {
    const aliases = aliasesOf(document, file, domain);
    if (typeof aliases === "string") return aliases;
    const key = keyIn(aliases, name) ?? name;
    const present = targetsOf(aliases, key);
    const added = targets.filter((t) => !present.some((p) => p.toLowerCase() === t.toLowerCase()));
    if (added.length === 0) return `${name}@${domain} goes to ${targets.join(", ")} already`;
    const list: unknown = aliases.get(key, true);
    if (isSeq(list)) { for (const t of added) list.add(document.createNode(t)); }
    else aliases.set(key, document.createNode([...present, ...added], { flow: true }));
    return null;
  });
}

/** Removes targets from an alias, or the alias when none are named or left. */
export function removeAlias(
  file: string,
  text: string,
  domain: string,
  name: string,
  targets: readonly string[],
): EditResult {
  return edited(file, text, (document) => {
    const aliases = aliasesOf(document, file, domain);
    if (typeof aliases === "string") return aliases;
    const key = keyIn(aliases, name);
    if (key === null) return `there is no alias ${name}@${domain} in ${file}`;
    const present = targetsOf(aliases, key);
    const gone = (t: string) => targets.some((g) => g.toLowerCase() === t.toLowerCase());
    const missing = targets.find((t) => !present.some((p) => p.toLowerCase() === t.toLowerCase()));
    if (missing !== undefined) return `${name}@${domain} does not go to ${missing}`;
    const list: unknown = aliases.get(key, true);
    if (targets.length === 0 || present.every(gone)) aliases.delete(key);
    else if (isSeq(list)) {
      list.items = list.items.filter((item) => !(isScalar(item) && gone(String(item.value))));
    }
    return null;
  });
}

function edited(
  file: string,
  text: string,
  change: (document: Document.Parsed) => string | null,
): EditResult {
  const before = parseConfig(file, text);
  if (!before.ok) return before;
  const document = parseDocument(text);
  const fault = change(document);
  if (fault !== null) return err([fault]);
  const rendered = document.toString({ lineWidth: 0 });
  const spliced = splice(text, rendered);
  // Whatever the splice did, it must mean what the document says.
  const after = sameValue(spliced, rendered) ? spliced : rendered;
  const checked = parseConfig(file, after);
  return checked.ok ? ok(after) : checked;
}

/**
 * The library writes the whole file anew, with its own taste in spaces. So all but the "domains" part is taken from the old text, and within
 * that part every line which only differs in its spaces.
 */
function splice(before: string, rendered: string): string {
  const old = domainsPart(before);
  const fresh = domainsPart(rendered);
  if (!fresh) return rendered;
  const part = rendered.slice(fresh.start, fresh.end);
  if (!old) return before.endsWith("\n") || before === "" ? before + part : `${before}\n${part}`;
  const lines = new Map<string, string>();
  for (const line of before.slice(old.start, old.end).split("\n")) lines.set(withoutSpaces(line), line);
  const kept = part.split("\n").map((line) => lines.get(withoutSpaces(line)) ?? line).join("\n");
  return before.slice(0, old.start) + kept + before.slice(old.end);
}

/** Indentation, and the rest of a line without spaces. */
function withoutSpaces(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  return `${indent.length} ${line.replace(/\s+/g, "")}`;
}

/** Where the "domains" entry stands, up to the next key; null when there is none or the file is one flow mapping. */
function domainsPart(text: string): { readonly start: number; readonly end: number } | null {
  const { contents } = parseDocument(text);
  if (!isMap(contents) || contents.flow) return null;
  const starts = contents.items.map((pair) => ({ name: String(pair.key), start: pair.key.range[0] }));
  const at = starts.findIndex((s) => s.name === "domains");
  const found = starts[at];
  return found ? { start: found.start, end: starts[at + 1]?.start ?? text.length } : null;
}

function sameValue(a: string, b: string): boolean {
  const [x, y] = [parseDocument(a), parseDocument(b)];
  return x.errors.length === 0 && JSON.stringify(x.toJS()) === JSON.stringify(y.toJS());
}

/** The mapping at a path, made where there is none. */
function mapAt(document: Document.Parsed, path: readonly string[]): YAMLMap | string {
  const node = document.getIn(path, true);
  if (isMap(node)) return node as YAMLMap; // keys and values of any kind
  if (node !== undefined && node !== null && !(isScalar(node) && node.value === null)) {
    return `${path.join(".")} is not written as a mapping; change it by hand`;
  }
  const made = document.createNode({}) as unknown as YAMLMap; // what createNode makes of an empty object
  document.setIn(path, made);
  return made;
}

function aliasesOf(document: Document.Parsed, file: string, domain: string): YAMLMap | string {
  const domains = mapAt(document, ["domains"]);
  if (typeof domains === "string") return domains;
  const key = keyIn(domains, domain);
  if (key === null) return `${domain} is not in ${file}; add it with "roost domain add ${domain}"`;
  const rules = mapAt(document, ["domains", key]);
  if (typeof rules === "string") return rules;
  return mapAt(document, ["domains", key, "aliases"]);
}

/** The key as it is written in the file: other case or U-labels mean the same domain. */
function keyIn(map: YAMLMap, name: string): string | null {
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    if (key.toLowerCase() === name.toLowerCase() || hostName(key) === name) return key;
  }
  return null;
}

function targetsOf(aliases: YAMLMap, key: string): string[] {
  const value: unknown = aliases.get(key, true);
  if (isSeq(value)) return value.items.map((item) => isScalar(item) ? String(item.value) : "");
  return isScalar(value) && typeof value.value === "string" ? [value.value] : [];
}
