import { editConfig } from "../../mod/app/edit_config.ts";
import { err, ok } from "../../mod/base/result.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { Machine } from "../support/command.ts";

Deno.test("editConfig() replaces the file whole and keeps its mode", async () => {
  const m = new Machine({});
  await m.fs.createWith("/home/c.yaml", [utf8("old")], 0o644);
  const { tools } = m;
  await editConfig(tools, "/home/c.yaml", (text) => ok(`${text} new`));
  assertEquals(await m.text("/home/c.yaml"), "old new");
  assertEquals((m.fs.statSync("/home/c.yaml")?.mode ?? 0) & 0o777, 0o644);
  await assertRejects(() => editConfig(tools, "/home/c.yaml", () => err(["no way"])), "no way");
  await assertRejects(() => editConfig(tools, "/home/gone.yaml", ok), "no such file");
  await assertRejects(
    () =>
      editConfig(tools, "/home/c.yaml", (text) => {
        m.fs.renameSync("/home/c.yaml", "/home/d.yaml");
        return ok(text);
      }),
    "changed by someone else",
  );
});
