/** `@std/yaml` names over npm `yaml`; same signatures as the JSR module. To use that one, change its line in deno.json. */
import * as yaml from "yaml";

/** The value of one YAML document. Throws on broken YAML. */
export function parse(content: string): unknown {
  return yaml.parse(content);
}

/** A value as YAML text. */
export function stringify(
  data: unknown,
  options?: { readonly indent?: number; readonly lineWidth?: number },
): string {
  return yaml.stringify(data, { indent: options?.indent ?? 2, lineWidth: options?.lineWidth ?? 80 });
}
