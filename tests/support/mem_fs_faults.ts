/** What can be asked of `MemFs`, by name, and how it fails. */

export type FsOperation =
  | "stat"
  | "list"
  | "makeDir"
  | "create"
  | "append"
  | "write"
  | "sync"
  | "open"
  | "read"
  | "rename"
  | "link"
  | "remove"
  | "removeDir"
  | "setTime"
  | "syncDir"
  | "space";

/** The power is off. Not an FsError: nothing that runs on the machine ever sees it. */
export class PowerCut extends Error {
  override readonly name = "PowerCut";
}

/** Whether an operation changes anything: `fs.fail(isWrite, "read-only")`. */
export function isWrite(operation: FsOperation): boolean {
  return !["stat", "list", "open", "read", "space"].includes(operation);
}

/** Whether an operation needs room: `fs.fail(takesSpace, "full")`. */
export function takesSpace(operation: FsOperation): boolean {
  return ["makeDir", "create", "append", "write"].includes(operation);
}
