import { absolutePath, dataPaths } from "../../mod/config/paths.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("absolutePath() joins and tidies", () => {
  const cases: [string, string, string][] = [
    ["/etc/roost", "data", "/etc/roost/data"],
    ["/etc/roost", "./a/../b/", "/etc/roost/b"],
    ["/etc/roost", "../../../../x", "/x"],
    ["/etc", "/var//lib/./roost", "/var/lib/roost"],
    ["/", "a", "/a"],
  ];
  for (const [folder, path, whole] of cases) assertEquals(absolutePath(folder, path), whole);
});

Deno.test("dataPaths() are below DATA", () => {
  for (const path of Object.values(dataPaths({ data: "/d" }))) assertEquals(path.startsWith("/d/"), true);
});
