import { fromUtf8 } from "../base/bytes.ts";
import { type CommandReader, SPACE } from "./parse_reader.ts";
import type { SetQuotaCommand } from "./types.ts";

/** SETQUOTA (RFC 9208 4.1.3): `root (STORAGE 512 ...)`. */
export function parseSetQuota(reader: CommandReader): SetQuotaCommand {
  reader.space();
  const root = fromUtf8(reader.astring("a quota root"));
  reader.space();
  reader.list(() => {
    reader.atom("a resource");
    reader.octet(SPACE, "Expected a limit");
    reader.number("a limit", Number.MAX_SAFE_INTEGER);
  }, true);
  return { verb: "SETQUOTA", root };
}
