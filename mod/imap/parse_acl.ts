/** SETACL, DELETEACL and LISTRIGHTS (RFC 4314 3). */
import { parseRights } from "../store/rights.ts";
import type { AclTarget, SetAclCommand } from "./acl_types.ts";
import { type CommandReader, ParseFault } from "./parse_reader.ts";

export function parseSetAcl(reader: CommandReader): SetAclCommand {
  const target = parseAclTarget(reader);
  reader.space();
  const text = reader.astringText("rights");
  const how = text.startsWith("+") ? "add" : text.startsWith("-") ? "remove" : "replace";
  const rights = parseRights(how === "replace" ? text : text.slice(1));
  if (rights === null) throw new ParseFault("Unknown right"); // RFC 4314 3.1: BAD
  return { verb: "SETACL", ...target, how, rights };
}

/** Mailbox and identifier. */
export function parseAclTarget(reader: CommandReader): AclTarget {
  reader.space();
  const mailbox = reader.mailbox();
  reader.space();
  return { mailbox, identifier: reader.astringText("an identifier") };
}
