import { ownStsPolicy } from "../../../mod/auth/mta_sts/own_policy.ts";
import { allowsMx } from "../../../mod/auth/mta_sts/policy.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("ownStsPolicy() names our host, and is kept for longer once it counts", () => {
  const [testing, enforce] = [
    ownStsPolicy("testing", "mail.a.example"),
    ownStsPolicy("enforce", "mail.a.example"),
  ];
  assertEquals([testing.mode, enforce.mode], ["testing", "enforce"]);
  assert(allowsMx(enforce, "mail.a.example") && testing.maxAge === 86_400 && enforce.maxAge > testing.maxAge);
});
