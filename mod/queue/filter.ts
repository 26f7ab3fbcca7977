/** Which messages are meant. Pure. */
import { type Address, formatAddress } from "../mail/address.ts";
import { pendingOf, type QueuedMessage } from "./record.ts";
import type { QueueFilter, WaitState } from "./types.ts";

export const WAIT_STATES: readonly WaitState[] = ["pending", "held", "deferred"];

/** Why a message is in the queue. */
export function waitStateOf(message: QueuedMessage): WaitState {
  if (message.held) return "held";
  const tried = pendingOf(message).some((i) => message.recipients[i]?.last);
  return tried ? "deferred" : "pending";
}

/** Whether a message is one of those meant; `now` in milliseconds since 1970. */
export function matches(message: QueuedMessage, filter: QueueFilter, now: number): boolean {
  const { destination, sender, olderThan, state } = filter;
  if (olderThan !== undefined && now - message.created < olderThan) return false;
  if (sender !== undefined && !isFrom(message.envelope.sender, sender)) return false;
  if (state !== undefined && waitStateOf(message) !== state) return false;
  if (destination === undefined) return true;
  const domain = destination.toLowerCase();
  return pendingOf(message).some((i) => message.envelope.recipients[i]?.address.domain === domain);
}

function isFrom(sender: Address | null, wanted: string): boolean {
  if (sender === null) return wanted === "<>";
  const lower = wanted.toLowerCase();
  return lower.startsWith("@")
    ? `@${sender.domain}` === lower
    : formatAddress(sender).toLowerCase() === lower;
}
