import { FsError, type FsErrorCode } from "../base/fs.ts";

/**
 * System error names to what callers act on. A path that goes through a file names nothing; a symbolic link where none is followed is
 * nobody's to open.
 */
const CODES: ReadonlyMap<string, FsErrorCode> = new Map(Object.entries(
  {
    ENOENT: "not-found",
    ENOTDIR: "not-found",
    EEXIST: "exists",
    ENOSPC: "full",
    EDQUOT: "full",
    EROFS: "read-only",
    EACCES: "denied",
    EPERM: "denied",
    ELOOP: "denied",
    ENOTEMPTY: "not-empty",
    EMFILE: "too-many-open",
    ENFILE: "too-many-open",
  } as const,
));

/** EDQUOT, which not every runtime gives a name: Linux, then macOS and the BSDs. */
const QUOTA_NUMBERS: readonly string[] = ["122", "69"];

/** What the runtime threw, as a fault of the fs port. */
export function fsError(error: unknown, operation: string, path: string): FsError {
  if (error instanceof FsError) return error;
  return new FsError(codeOf(error), operation, path, error);
}

/** Whether the error says that there is no such name. */
export function isNotFound(error: unknown): boolean {
  return codeOf(error) === "not-found";
}

function codeOf(error: unknown): FsErrorCode {
  if (!(error instanceof Error)) return "io";
  const known = "code" in error && typeof error.code === "string" ? CODES.get(error.code) : undefined;
  if (known) return known;
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return "not-found";
  if (error instanceof Deno.errors.AlreadyExists) return "exists";
  // NotCapable: this process was not given the right, which is the same to who asks.
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "denied";
  }
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  return number !== undefined && QUOTA_NUMBERS.includes(number) ? "full" : "io";
}
