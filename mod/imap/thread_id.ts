/**
 * THREADID (RFC 8474 5.2): the same for all messages of a conversation. It is made of nothing but the message's own header: the first message that
 * References names (else In-Reply-To, else Message-ID). So a message has the same one for ever, in every folder and copy, on every machine, with an
 * index or without; answers have that of what began the conversation whether or not it is here.
 */
import type { Mailbox, Message, Uid } from "../store/store.ts";
import { type HeaderPorts, Headers } from "./headers.ts";
import type { MessageIds } from "./message_ids.ts";

export interface ThreadIdPorts extends HeaderPorts {
  readonly mailbox: HeaderPorts["mailbox"] & { readonly emailId?: Mailbox["emailId"] };
}

/** Of a message that names no other and has no ID, the thread is made of its own EMAILID; null where it has none either. */
export function threadIdOf(
  { own, references, inReplyTo }: MessageIds,
  emailId: string | null | undefined,
): string | null {
  const first = references[0] ?? inReplyTo ?? own;
  if (first !== null) return `T${digest(first)}`;
  return emailId ? `T${digest(`${emailId} `)}` : null; // no message ID has a blank
}

/** Those of messages, by UID; messages that have vanished are left out. Throws what the store throws. */
export async function threadIds(
  ports: ThreadIdPorts,
  messages: Iterable<Message>,
): Promise<ReadonlyMap<Uid, string>> {
  const headers = new Headers(ports);
  const found = new Map<Uid, string>();
  for (const message of messages) {
    const facts = await headers.read(message);
    const id = facts && threadIdOf(facts.ids, ports.mailbox.emailId?.(message.uid));
    if (id) found.set(message.uid, id);
  }
  return found;
}

/**
 * 64 bits of a text, as 16 digits: two multiplicative hashes, mixed. It keeps IDs apart and short, not secret: who sends mail chooses the thread it goes
 * into anyway, by References. It must never change: clients keep these.
 */
function digest(text: string): string {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    high = Math.imul(high ^ c, 0x9e3779b1);
    low = Math.imul(low ^ c, 0xc2b2ae3d);
  }
  high = mix(high ^ (low >>> 15));
  low = mix(low ^ (high >>> 13));
  return hex(high) + hex(low);
}

function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return mixed ^ (mixed >>> 15);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
