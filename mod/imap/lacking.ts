import type { Message } from "../store/store.ts";
import type { Slice } from "./slice.ts";

/** What looking at one message costs, as octets of a slice. */
const LOOK_WORK = 32;

/** What is wanted of messages that may not be known yet: see `Mailbox.prepare`. */
export interface Lacked {
  readonly size?: boolean;
  readonly date?: boolean;
}

/** Of messages, those of which something wanted is not known. Gives others their turn. */
export async function lackingOf(
  messages: Iterable<Message>,
  { size = false, date = false }: Lacked,
  slice: Slice,
): Promise<readonly Message[]> {
  const lacking: Message[] = [];
  if (!size && !date) return lacking;
  for (const m of messages) {
    if ((size && m.size < 0) || (date && m.internalDate < 0)) lacking.push(m);
    if (slice.worked(LOOK_WORK)) await slice.breathe();
  }
  return lacking;
}

/** The messages of sequence numbers (from 1 at index 0). */
export function* messagesOf(view: readonly Message[], seqs: readonly number[]): Generator<Message> {
  for (const seq of seqs) {
    const message = view[seq - 1];
    if (message) yield message;
  }
}
