import { removeTree, sweepTmp, tidyAccount } from "../../mod/maildir/tidying.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { portsOn } from "./support.ts";

const HOUR = 3600 * 1000;

Deno.test("sweepTmp() removes old files, but no young one with an old date", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, files: { "/a/tmp/old": "", "/a/tmp/dir/x": "" } });
  await clock.advance(37 * HOUR);
  await fs.createWith("/a/tmp/young", []);
  await fs.createWith("/a/tmp/dated", [], 0o600, 0);
  await sweepTmp(portsOn(fs, clock), "/a/tmp");
  assertEquals(fs.tree("/a"), ["/a/tmp/dated", "/a/tmp/dir/x", "/a/tmp/young"]);
  await sweepTmp(portsOn(fs, clock), "/none");
});

Deno.test("tidyAccount() finishes removals and sweeps every folder, following no link", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({
    clock,
    files: {
      "/a/tmp/x": "",
      "/a/.Sent/tmp/y": "",
      "/a/.Sent/cur/m": "",
      "/a/..roost-removed-1/cur/m": "",
      "/b/kept": "",
    },
  });
  fs.symlink("/b", "/a/..roost-removed-1/link");
  await clock.advance(40 * HOUR);
  await tidyAccount(portsOn(fs, clock), "/a");
  assertEquals(fs.tree("/").filter((p) => !p.endsWith("/")), ["/a/.Sent/cur/m", "/b/kept"]);
  await removeTree({ fs }, "/a");
  assertEquals(fs.statSync("/a"), null);
});
