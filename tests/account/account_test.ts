import { accountId } from "../../mod/account/account.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("accountId() is the address in lower case", () => {
  assertEquals(accountId({ local: "Jörg.ÄB", domain: "example.test" }), "jörg.äb@example.test");
});
