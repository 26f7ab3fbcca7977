/** The unit as systemd reads it, without booting. */
import { assert, assertEquals } from "../support/assert.ts";
import { run } from "../support/programs.ts";

const UNITS = new URL("../../systemd/", import.meta.url);

Deno.test("systemd finds nothing wrong with the unit, and it is exposed less than 2.0", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-systemd-" });
  try {
    const unit = await Deno.readTextFile(new URL("roost.service", UNITS));
    // The executable is not installed here.
    const file = `${dir}/roost.service`;
    await Deno.writeTextFile(file, unit.replaceAll("/usr/local/bin/roost", "/bin/true"));
    const verified = await run("systemd-analyze", ["verify", "--man=no", file]);
    assertEquals([verified.code, verified.err], [0, ""]);
    // The threshold counts tenths.
    const rated = await run("systemd-analyze", ["security", "--offline=true", "--threshold=20", file]);
    assertEquals(rated.code, 0, rated.out);
    assert(/Overall exposure level for roost.service: [01]\.\d/.test(rated.out), rated.out.slice(-200));
    // V8 compiles at run time and dies under it.
    assert(!/^MemoryDenyWriteExecute/m.test(unit));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
