import { FsError, isFsError } from "../../mod/base/fs.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("FsError names operation, path and code; isFsError() tells codes apart", () => {
  const e = new FsError("full", "write", "/mail/x");
  assertEquals(e.message, `Cannot write "/mail/x": full`);
  assert(isFsError(e) && isFsError(e, "full", "io"));
  assert(!isFsError(e, "io") && !isFsError(new Error("full"), "full"));
});
