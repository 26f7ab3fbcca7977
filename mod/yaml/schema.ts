/**
 * Checks YAML against a valibot schema and tells every fault at once, in words, with its place. Schemas are made of `section`s (mappings with
 * known keys) and `leaf`s (values with a text that says what is allowed). valibot rather than zod: 2 MB of memory instead of 6, of a
 * server that is to idle under 64.
 */
import * as v from "valibot";
import { err, ok, type Result } from "../base/result.ts";
import { suggest } from "../base/suggest.ts";
import type { YamlPath, YamlProblem, YamlSource } from "./source.ts";

/** A schema from whatever YAML holds to a `T`. */
export type Schema<T> = v.GenericSchema<unknown, T>;

const UNKNOWN_KEY = "unknown key; known here are ";

/** A single value: `read` gives undefined for what is not `allowed` ("a size such as 50MB"). */
export function leaf<T>(allowed: string, read: (value: unknown) => T | undefined): Schema<T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: `${shown(dataset.value)} is not ${allowed}` });
      return NEVER;
    }),
    v.metadata({ allowed }),
  );
}

/** A mapping with these keys and no others. */
export function section<const E extends v.ObjectEntries>(
  entries: E,
): Schema<v.InferOutput<v.ObjectSchema<E, undefined>>> {
  const known = UNKNOWN_KEY + Object.keys(entries).join(", ");
  const schema = v.pipe(
    mappingOnly("a mapping (KEY: VALUE lines)"),
    v.objectWithRest(entries, v.never(known)),
  );
  // With no value possible under other keys the output is that of the entries alone; valibot's type cannot say so.
  return schema as unknown as Schema<v.InferOutput<v.ObjectSchema<E, undefined>>>;
}

/** A list of values. */
export function list<T>(item: Schema<T>): Schema<T[]> {
  return v.array(item, "a list ([A, B], or lines with a hyphen)");
}

/** A list, where a single value may stand for a list of one. */
export function listOrOne<T>(item: Schema<T>): Schema<T[]> {
  return v.pipe(
    v.unknown(),
    v.transform((value): unknown => Array.isArray(value) ? value : [value]),
    v.array(item),
  );
}

/** A value, or `false` for none (then null). */
export function falseOr<T>(schema: Schema<T>): Schema<T | null> {
  // `schema` tells what is wrong with anything but false.
  return v.lazy((value): Schema<T | null> => value === false ? NONE : schema);
}

const NONE: Schema<null> = v.pipe(v.unknown(), v.transform(() => null));

/** A mapping where a single value stands for the one at `key`. */
export function shorthand<T>(key: string, schema: Schema<T>): Schema<T> {
  const isMapping = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  return v.pipe(
    v.unknown(),
    v.transform((value): unknown => isMapping(value) ? value : { [key]: value }),
    schema,
  );
}

/** A mapping from names to values; `key` checks and normalises the names. */
export function mapping<T>(key: Schema<string>, value: Schema<T>): Schema<Record<string, T>> {
  // valibot wants keys declared as strings; what YAML gives as keys always are.
  const name = key as v.GenericSchema<string, string>;
  return v.pipe(mappingOnly("a mapping (NAME: VALUE lines)"), v.record(name, value));
}

/** To valibot a list is an object too. */
function mappingOnly(allowed: string): Schema<unknown> {
  return v.pipe(
    v.unknown(),
    v.check(
      (value) => typeof value === "object" && value !== null && !Array.isArray(value),
      (issue) => `${shown(issue.input)} is not ${allowed}`,
    ),
  );
}

/** An entry that may be left out (or left empty): `fallback` is as it would be written in the file; `doc` is for the reference. */
export function entry<T>(schema: Schema<T>, fallback: unknown, doc: string): Schema<T> {
  return v.nullish(v.pipe(schema, v.description(doc)), () => fallback) as Schema<T>; // never nullish: there is a fallback
}

/** An entry that must be there. */
export function required<T>(schema: Schema<T>, doc: string): Schema<T> {
  return v.pipe(schema, v.description(doc));
}

/** The value in the schema's form, or all that is wrong with it. */
export function checkYaml<T>(source: YamlSource, schema: Schema<T>): Result<T, readonly YamlProblem[]> {
  if (source.problems.length > 0) return err(source.problems);
  const checked = v.safeParse(schema, source.value ?? {});
  if (checked.success) return ok(checked.output);
  return err(checked.issues.map((issue) => problemOf(source, issue)));
}

function problemOf(source: YamlSource, issue: v.BaseIssue<unknown>): YamlProblem {
  const path: YamlPath = (issue.path ?? []).map((p) => typeof p.key === "number" ? p.key : String(p.key));
  const name = dotted(path);
  const last = path.at(-1);
  if (issue.type === "never" && issue.message.startsWith(UNKNOWN_KEY)) {
    const known = issue.message.slice(UNKNOWN_KEY.length);
    const meant = suggest(String(last), known.split(", "));
    const hint = meant ? `did you mean "${meant}"? ` : "";
    return {
      position: source.position(path, "key"),
      message: `${name}: unknown key; ${hint}known here are ${known}`,
    };
  }
  const onKey = issue.path?.at(-1)?.origin === "key";
  const position = source.position(path, onKey ? "key" : "value");
  if (issue.kind === "schema" && issue.received === "undefined") {
    return { position, message: `${name || "file"}: missing; write "${String(last)}: VALUE"` };
  }
  const message = issue.kind === "schema" ? `${shown(issue.input)} is not ${issue.message}` : issue.message;
  return { position, message: name ? `${name}: ${message}` : message };
}

/** "listen.smtp[1]" */
function dotted(path: YamlPath): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step + 1}]` : text ? `.${step}` : step;
  return text;
}

/** A value as it may stand in a fault's text: short, on one line, without control characters. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "an empty value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
