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

Deno.test("nextUidValidity() looks at all names only where it must, and gives none twice whatever was cut off", async () => {
  const clock = new FakeClock(1000);
  const fs = new MemFs({
    clock,
    files: { "/d/dovecot-uidvalidity": "00000005", "/d/dovecot-uidvalidity.00000005": "" },
  });
  const lists = () => fs.calls.get("list") ?? 0;
  assertEquals([await nextUidValidity({ fs, clock }, "/d"), await nextUidValidity({ fs, clock }, "/d")], [
    6,
    7,
  ]);
  assertEquals(lists(), 0);
  // Others gave 8, and were cut off before they noted it, or have not come to it.
  await fs.createWith("/d/dovecot-uidvalidity.00000008", []);
  assertEquals(await nextUidValidity({ fs, clock }, "/d"), 9);
  // Dovecot renames the one it finds.
  await fs.rename("/d/dovecot-uidvalidity.00000009", "/d/dovecot-uidvalidity.0000000c");
  assertEquals([await nextUidValidity({ fs, clock }, "/d"), lists()], [13, 1]);
});
