/** LSUB (RFC 3501 6.3.9). */
import { parentsOf } from "../../store/mailbox_name.ts";
import { writeList } from "../format.ts";
import { ListPattern } from "../list_match.ts";
import { okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";
import type { LsubCommand } from "../types.ts";

export async function lsub(session: ImapSession, command: LsubCommand): Promise<Handled> {
  const { separator } = session.ports.store;
  const pattern = new ListPattern(command.reference + command.pattern, separator);
  const names = await session.mail.subscriptions();
  const subscribed = new Set(names);
  const told = new Set<string>();
  const tell = (name: string, attributes: string[]) => {
    if (told.has(name) || !pattern.matches(name)) return;
    told.add(name);
    writeList(session.out.buffer, "LSUB", { separator, name, attributes }, session.utf8);
  };
  for (const name of names) {
    // "%" stops at a level: a level above a subscribed name is told as \Noselect when it is not subscribed itself.
    if (!pattern.matches(name)) {
      for (const parent of parentsOf(name, separator)) {
        if (!subscribed.has(parent)) tell(parent, ["Noselect"]);
      }
    }
    tell(name, []);
  }
  return okay("Lsub completed");
}
