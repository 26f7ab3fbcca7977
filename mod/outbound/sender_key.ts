import { type Address, formatAddress } from "../mail/address.ts";

/**
 * The key under which the sender decides on the way of mail; null when he does not. First the recipient's own domain counts, then the
 * sender's address, then the sender's domain ("<>" for the null sender). Keys, and `destination`, in lower case.
 */
export function senderKey(
  destination: string,
  sender: Address | null,
  byDomain: Pick<ReadonlyMap<string, unknown>, "has">,
  bySender: Pick<ReadonlyMap<string, unknown>, "has" | "size">,
): string | null {
  if (bySender.size === 0 || byDomain.has(destination)) return null;
  if (sender === null) return bySender.has("<>") ? "<>" : null;
  const address = formatAddress(sender).toLowerCase();
  if (bySender.has(address)) return address;
  return bySender.has(sender.domain) ? sender.domain : null;
}
