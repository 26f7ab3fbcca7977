import { DatabaseError } from "../../mod/base/database.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("DatabaseError tells what is wrong with which file", () => {
  const error = new DatabaseError("busy", "/a.sqlite", "why");
  assertEquals([error.fault, error.message, error.cause], [
    "busy",
    'Cannot use the database "/a.sqlite": busy',
    "why",
  ]);
});
