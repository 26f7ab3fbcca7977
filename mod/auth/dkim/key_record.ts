/** Key records: what SELECTOR._domainkey.DOMAIN publishes (RFC 6376 3.6.1, RFC 8463 4). */
import { err, ok, type Result } from "../../base/result.ts";
import { base64Value, colonList, parseTagList, type TagList } from "./tag_list.ts";

export interface KeyRecord {
  /** k= */
  readonly type: "rsa" | "ed25519";
  /** p=, decoded; null: the key is revoked. */
  readonly key: Uint8Array | null;
  /** h=: hashes the key may be used with; null for any. */
  readonly hashes: readonly string[] | null;
  /** s= permits mail. */
  readonly forMail: boolean;
  /** t=y: the domain only tries DKIM. */
  readonly testing: boolean;
  /** t=s: i= must name d= itself, no subdomain. */
  readonly exact: boolean;
}

/** Reads a key record; the error says what is wrong with it. Unknown tags and flags are passed over. */
export function parseKeyRecord(record: Uint8Array): Result<KeyRecord, string> {
  const list = parseTagList(record);
  if (!list.ok) return err(`it has ${list.error}`);
  const tags = list.value;
  const version = tags.get("v");
  if (version !== undefined && (version !== "DKIM1" || tags.keys().next().value !== "v")) {
    return err("it does not begin with v=DKIM1");
  }
  const type = tags.get("k")?.toLowerCase() ?? "rsa";
  if (type !== "rsa" && type !== "ed25519") return err("its k= names an unknown kind of key");
  const p = tags.get("p");
  if (p === undefined) return err("it has no p=");
  const key = p === "" ? null : base64Value(p);
  if (key === null && p !== "") return err("its p= is no base64");
  const flags = listOf(tags, "t") ?? [];
  const services = listOf(tags, "s") ?? ["*"];
  return ok({
    type,
    key,
    hashes: listOf(tags, "h"),
    forMail: services.includes("*") || services.includes("email"),
    testing: flags.includes("y"),
    exact: flags.includes("s"),
  });
}

function listOf(tags: TagList, name: string): string[] | null {
  const value = tags.get(name);
  return value === undefined ? null : colonList(value);
}
