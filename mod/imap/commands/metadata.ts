/** METADATA (RFC 5464): what clients note of a mailbox, or of the account. What is private is the owner's alone. */
import { ok } from "../../base/result.ts";
import { METADATA_VALUE } from "../../base/limits.ts";
import { LOOKUP, READ, WRITE } from "../../store/rights.ts";
import type { AccountMail } from "../../store/store.ts";
import { type Place, reach } from "../access.ts";
import { writeAstring, writeEnd, writeMailbox, writeNstring } from "../format.ts";
import { no, okay, REPLIES } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { GetMetadataCommand, SetMetadataCommand } from "../types.ts";

const PRIVATE = "/private/";

export async function getMetadata(session: ImapSession, command: GetMetadataCommand): Promise<Handled> {
  const place = await reach(session, command.mailbox, LOOKUP | READ);
  if ("status" in place) return place;
  const known = await annotationsOf(place);
  if (!known.ok) return REPLIES.noMailbox;
  let longest = 0;
  const found: (readonly [string, Uint8Array | null])[] = [];
  for (const name of named(command, [...known.value.keys()])) {
    const value = known.value.get(name) ?? null;
    if (value && command.maxSize !== null && value.length > command.maxSize) {
      longest = Math.max(longest, value.length);
    } else {
      found.push([name, value]);
    }
  }
  writeMetadata(session, place.told, found);
  return okay("Getmetadata completed", longest > 0 ? `METADATA LONGENTRIES ${longest}` : null);
}

/** METADATA responses of a mailbox's entries as they are, for LIST (RFC 9590). */
export async function writeMetadataOf(
  session: ImapSession,
  place: Place,
  entries: readonly string[],
): Promise<void> {
  const known = await annotationsOf(place);
  if (known.ok) writeMetadata(session, place.told, entries.map((e) => [e, known.value.get(e) ?? null]));
}

/** What the user may know of what was noted: of another's mailbox only what is shared (RFC 5464 3.3). */
async function annotationsOf({ mail, name, own }: Place): ReturnType<AccountMail["annotations"]> {
  const known = await mail.annotations(name);
  if (own || !known.ok) return known;
  return ok(new Map([...known.value].filter(([entry]) => !entry.startsWith(PRIVATE))));
}

function writeMetadata(
  session: ImapSession,
  mailbox: string,
  entries: readonly (readonly [string, Uint8Array | null])[],
): void {
  if (entries.length === 0) return;
  const { buffer } = session.out;
  buffer.ascii("* METADATA ");
  if (mailbox === "") buffer.ascii('""');
  else writeMailbox(buffer, mailbox, session.utf8);
  entries.forEach(([name, value], i) => {
    buffer.ascii(i === 0 ? " (" : " ");
    writeAstring(buffer, name);
    buffer.ascii(" ");
    writeNstring(buffer, value);
  });
  buffer.ascii(")");
  writeEnd(buffer);
}

export async function setMetadata(session: ImapSession, command: SetMetadataCommand): Promise<Handled> {
  for (const value of command.entries.values()) {
    if (value && value.length > METADATA_VALUE) {
      return no(`METADATA MAXSIZE ${METADATA_VALUE}`, "Value is too long");
    }
  }
  const place = await reach(session, command.mailbox, LOOKUP | WRITE);
  if ("status" in place) return place;
  if (!place.own && [...command.entries.keys()].some((entry) => entry.startsWith(PRIVATE))) {
    return no("METADATA NOPRIVATE", "Only the owner has private annotations");
  }
  const done = await place.mail.annotate(place.name, command.entries);
  if (done.ok) {
    session.notices?.ownEntries(place.told, command.entries.keys());
    return okay("Setmetadata completed");
  }
  return done.error === "no-mailbox" ? REPLIES.noMailbox : no("METADATA TOOMANY", "Too many entries");
}

/** The entries that are asked for, once each: themselves, there or not, and those that are there below them (RFC 5464 4.2.2). */
function named({ entries, depth }: GetMetadataCommand, there: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const entry of entries) {
    if (depth === 0) names.add(entry);
    for (const name of there) {
      if (name === entry) names.add(name);
      else if (name.startsWith(`${entry}/`) && name.slice(entry.length + 1).split("/").length <= depth) {
        names.add(name);
      }
    }
  }
  return names;
}
