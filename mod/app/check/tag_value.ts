import { parseTagList } from "../../auth/dkim/tag_list.ts";

/** A tag of "v=…; tag=value" text that we wrote ourselves; "" when it is not there. */
export function tagValue(text: string, tag: string): string {
  const list = parseTagList(text);
  return list.ok ? list.value.get(tag) ?? "" : "";
}
