/** Values of plain (unquoted) scalars by the core schema of YAML 1.2, section 10.3.2: "no", "on" and dates stay text. */

const CONSTANTS: ReadonlyMap<string, null | boolean | number> = new Map<string, null | boolean | number>([
  ...["", "~", "null", "Null", "NULL"].map((name) => [name, null] as const),
  ...["true", "True", "TRUE"].map((name) => [name, true] as const),
  ...["false", "False", "FALSE"].map((name) => [name, false] as const),
  ...["inf", "Inf", "INF"].flatMap((name) =>
    [[`.${name}`, Infinity], [`+.${name}`, Infinity], [`-.${name}`, -Infinity]] as const
  ),
  ...[".nan", ".NaN", ".NAN"].map((name) => [name, NaN] as const),
]);
const LONGEST_CONSTANT = 5;

/** Integers, 0o17, 0x1F, 1.5, .5, 1e3. */
const NUMBER = /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+)$/;

/** The value of a plain scalar: null, a boolean, a number, or the text itself. */
export function plainScalar(text: string): null | boolean | number | string {
  if (text.length <= LONGEST_CONSTANT) {
    const constant = CONSTANTS.get(text);
    if (constant !== undefined) return constant;
  }
  return NUMBER.test(text) ? Number(text) : text;
}
