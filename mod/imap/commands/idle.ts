/** IDLE (RFC 2177): the session tells changes as they happen until the client sends DONE. */
import { asciiUpper, fromAscii } from "../../base/bytes.ts";
import { bad, okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";

export async function idle(session: ImapSession): Promise<Handled> {
  await session.boxOrNull?.mailbox.refresh();
  return {
    prompt: "idling",
    idle: true,
    line: (line) => asciiUpper(fromAscii(line)) === "DONE" ? okay("Idle completed") : bad("Expected DONE"),
  };
}
