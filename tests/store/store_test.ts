import { SYSTEM_FLAGS } from "../../mod/store/flags.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, KEYWORD_SHIFT, SEEN } from "../../mod/store/store.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("system flags fill the bits below the keywords", () => {
  assertEquals(SEEN + ANSWERED + FLAGGED + DELETED + DRAFT, SYSTEM_FLAGS);
  assertEquals(SYSTEM_FLAGS, (1 << KEYWORD_SHIFT) - 1);
});
