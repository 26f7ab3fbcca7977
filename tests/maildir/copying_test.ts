import { copyParts } from "../../mod/maildir/copying.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";
import { portsOn } from "./support.ts";

Deno.test("copies get names of their own and keep the sizes that the old one told", async () => {
  const source = (file: string) => ({
    path: `/c/${file}`,
    file,
    flags: NO_FLAGS,
    internalDate: 5,
    origin: "1.a",
  });
  const parts = await copyParts(
    portsOn(new MemFs()),
    "/c",
    [source("1.a,S=3,W=4:2,S"), source("2.b,W=9"), source("plain")],
    () => Promise.resolve(17),
  );
  assertEquals(new Set(parts.map((p) => p.base)).size, 3);
  assertMatch(parts[0]?.base ?? "", /^\d+\.M\d+P1R[0-9a-f]{4}\.host,S=3,W=4$/);
  assertMatch(parts[1]?.base ?? "", /host,W=9$/);
  assertMatch(parts[2]?.base ?? "", /host$/);
  assertEquals(parts.map((p) => [p.from, p.how, p.flags, p.internalDate])[0], [
    "/c/1.a,S=3,W=4:2,S",
    "link",
    17,
    5,
  ]);
});
