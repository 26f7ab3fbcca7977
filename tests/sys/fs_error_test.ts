import { assert, assertEquals } from "../support/assert.ts";
import { fsError, isNotFound } from "../../mod/sys/fs_error.ts";
import { FsError, type FsErrorCode } from "../../mod/base/fs.ts";

const TABLE: readonly (readonly [unknown, FsErrorCode])[] = [
  [withCode("ENOENT"), "not-found"],
  [withCode("ENOTDIR"), "not-found"],
  [withCode("EEXIST"), "exists"],
  [withCode("ENOSPC"), "full"],
  [withCode("EDQUOT"), "full"],
  [withCode("EROFS"), "read-only"],
  [withCode("EACCES"), "denied"],
  [withCode("EPERM"), "denied"],
  [withCode("ELOOP"), "denied"],
  [withCode("ENOTEMPTY"), "not-empty"],
  [withCode("EMFILE"), "too-many-open"],
  [withCode("ENFILE"), "too-many-open"],
  [withCode("EIO"), "io"],
  [withCode("constructor"), "io"],
  [new Deno.errors.NotFound("x"), "not-found"],
  [new Deno.errors.NotADirectory("x"), "not-found"],
  [new Deno.errors.AlreadyExists("x"), "exists"],
  [new Deno.errors.PermissionDenied("x"), "denied"],
  [new Deno.errors.NotCapable("x"), "denied"],
  [new Error("Disk quota exceeded (os error 122)"), "full"],
  [new Error("Input/output error (os error 5)"), "io"],
  [new TypeError("file name contained an unexpected NUL byte"), "io"],
  ["thrown text", "io"],
];

Deno.test("fsError() names what callers act on", () => {
  for (const [error, code] of TABLE) {
    const got = fsError(error, "open", "/x");
    assertEquals([got.code, got.path, got.cause], [code, "/x", error], String(error));
    assertEquals(isNotFound(error), code === "not-found");
  }
});

Deno.test("fsError() leaves its own kind as it is", () => {
  const error = new FsError("full", "write", "/y");
  assert(fsError(error, "open", "/x") === error);
});

function withCode(code: string): Error {
  return Object.assign(new Error("x"), { code });
}
