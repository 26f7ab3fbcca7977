import { specialUses } from "../../mod/store/special_use.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("specialUses() gives each use to one folder: chosen, else our name, else a known one", () => {
  const by = (
    names: string[],
    chosen: [string, "Sent" | "Trash"][] = [],
  ) => [...specialUses(names, new Map(chosen))];
  assertEquals(by(["Sent", "Sent Items", "x"]), [["Sent", "Sent"]]);
  assertEquals(by(["Sent Items", "Sent Messages"]), [["Sent Items", "Sent"]]);
  assertEquals(by(["Sent", "Gesendet"], [["Gesendet", "Sent"]]), [["Gesendet", "Sent"]]);
  assertEquals(by(["Spam"]), [["Spam", "Junk"]]);
  assertEquals(by(["a"], [["gone", "Trash"]]), []);
});
