/** UIDONLY (RFC 9586): once enabled, messages are named by UID alone, both ways. */
import { bad } from "./reply.ts";
import type { Command, SearchKey } from "./types.ts";

export const UID_REQUIRED = bad("Message numbers are not used with UIDONLY", "UIDREQUIRED");

/** Whether a command names messages by sequence number, or its answer would (RFC 9586 3). */
export function usesNumbers(command: Command): boolean {
  switch (command.verb) {
    case "FETCH":
    case "STORE":
    case "COPY":
    case "MOVE":
    case "REPLACE":
      return !command.uid;
    case "SEARCH":
    case "SORT":
    case "THREAD":
      return !command.uid || keyUsesNumbers(command.key);
    case "ESEARCH":
      return keyUsesNumbers(command.key);
    case "SELECT":
    case "EXAMINE":
      return command.resync?.numbered === true;
    default:
      return false;
  }
}

function keyUsesNumbers(key: SearchKey): boolean {
  switch (key.kind) {
    case "and":
      return key.keys.some(keyUsesNumbers);
    case "or":
      return keyUsesNumbers(key.left) || keyUsesNumbers(key.right);
    case "not":
      return keyUsesNumbers(key.key);
    case "sequence":
      return key.set.saved !== true; // "$" is kept as UIDs
    default:
      return false;
  }
}
