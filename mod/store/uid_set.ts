import type { Uid } from "./store.ts";

/** Ascending UIDs in IMAP's short form: "1:3,7" (RFC 3501 sequence-set). Empty for none. */
export function formatUidSet(uids: readonly Uid[]): string {
  const parts: string[] = [];
  for (let i = 0; i < uids.length;) {
    let end = i;
    while (end + 1 < uids.length && uids[end + 1] === (uids[end] as Uid) + 1) end++;
    parts.push(end === i ? `${uids[i]}` : `${uids[i]}:${uids[end]}`);
    i = end + 1;
  }
  return parts.join(",");
}

/** Index of the message with `uid` in a list ascending by UID; -1 when it is not there. */
export function indexOfUid(messages: readonly { readonly uid: Uid }[], uid: Uid): number {
  const at = lowerBound(messages, uid);
  return messages[at]?.uid === uid ? at : -1;
}

/** Index of the first message whose UID is not below `uid`; the length when there is none. */
export function lowerBound(messages: readonly { readonly uid: Uid }[], uid: Uid): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((messages[middle] as { readonly uid: Uid }).uid < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first message whose UID is above `uid`; the length when there is none. */
export function upperBound(messages: readonly { readonly uid: Uid }[], uid: Uid): number {
  return lowerBound(messages, uid + 1);
}
