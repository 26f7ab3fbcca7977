import { nextUidValidity } from "../../mod/maildir/uid_validity.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { fileText } from "./support.ts";

Deno.test("nextUidValidity() goes up always, from the time or from what was given before", async () => {
  const clock = new FakeClock(0x6b02e646 * 1000);
  const fs = new MemFs({ clock, dirs: ["/d"] });
  assertEquals(await nextUidValidity({ fs, clock }, "/d"), 0x6b02e646);
  assertEquals(await nextUidValidity({ fs, clock }, "/d"), 0x6b02e647);
  assertEquals(fs.tree("/d"), ["/d/dovecot-uidvalidity", "/d/dovecot-uidvalidity.6b02e647"]);
  assertEquals(await fileText(fs.afterCrash("synced-only"), "/d/dovecot-uidvalidity"), "6b02e647");
});

Deno.test("nextUidValidity() heeds whichever of file and name is higher, and no junk", async () => {
  const clock = new FakeClock(1000);
  for (
    const [files, value] of [
      [{ "/d/dovecot-uidvalidity": "7fffffff" }, 0x80000000],
      [{ "/d/dovecot-uidvalidity": "00000005", "/d/dovecot-uidvalidity.00000009": "" }, 10],
      [{ "/d/dovecot-uidvalidity": "junk", "/d/dovecot-uidvalidity.xyz": "" }, 1],
    ] as const
  ) {
    const fs = new MemFs({ clock, files });
    assertEquals(await nextUidValidity({ fs, clock }, "/d"), value);
  }
});
