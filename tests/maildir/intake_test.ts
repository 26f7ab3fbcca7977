import { Intake, intakeKey, type IntakePart } from "../../mod/maildir/intake.ts";
import { parseHeader } from "../../mod/maildir/uid_list.ts";
import { FLAGGED, SEEN } from "../../mod/store/store.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { allOf, fileText, machine, opened, portsOn, ROOT, storeOn } from "./support.ts";

const HEADER = parseHeader("3 V77 N50 G0123456789abcdef0123456789abcdef");
const PARTS = ["cur", "new", "tmp"].map((p) => `${ROOT}/${p}`);

function disk(): MemFs {
  const files = Object.fromEntries([..."abcdef"].map((n) => [`${ROOT}/tmp/${n}`, `text ${n}\r\n`]));
  return new MemFs({ clock: new FakeClock(), dirs: [...PARTS, "/mail"], files });
}

function part(name: string, uid: number | null, flags = 0, keywords: string[] = []): IntakePart {
  return { from: `${ROOT}/tmp/${name}`, base: `1.${name}`, uid, flags: { system: flags, keywords } };
}

async function opening(fs: MemFs, pid = 1): Promise<Intake> {
  const intake = await Intake.open(portsOn(fs, new FakeClock(), pid), ROOT, "INBOX");
  assert(intake);
  return intake;
}

Deno.test("UIDs of another list are kept in a folder that never gave out any, with its next UID", async () => {
  const fs = disk();
  const intake = await opening(fs);
  assert(HEADER && await intake.adopt(HEADER));
  const outcome = await intake.put([part("a", 3, SEEN, ["$x"]), part("b", 9), part("c", null)], true);
  assertEquals(outcome, { renumbered: 0, keywords: [] });
  const list = await fileText(fs.afterCrash("synced-only"), `${ROOT}/dovecot-uidlist`);
  assertEquals(list, "3 V77 N50 G0123456789abcdef0123456789abcdef\n3 :1.a\n9 :1.b\n50 :1.c\n");
  const box = await opened(storeOn(fs).store);
  assertEquals(await allOf(box), [[3, "text a\r\n"], [9, "text b\r\n"], [50, "text c\r\n"]]);
  assertEquals([box.uidValidity, box.uidNext, box.keywords], [77, 51, ["$x"]]);
  box.close();
});

Deno.test("what comes after a message of somebody else's gets new UIDs", async () => {
  const fs = disk();
  const intake = await opening(fs);
  assert(HEADER && await intake.adopt(HEADER));
  await intake.put([part("a", 3)], true);
  const other = await opening(fs, 2);
  await other.put([part("d", null)], false);
  assertEquals((await intake.put([part("b", 9), part("c", 10)], true)).renumbered, 2);
  const list = await fileText(fs, `${ROOT}/dovecot-uidlist`);
  assertEquals(list.split("\n").slice(1, 5), ["3 :1.a", "50 :1.d", "51 :1.b", "52 :1.c"]);
});

Deno.test("a folder that gave out UIDs keeps its own", async () => {
  const fs = disk();
  await (await opening(fs)).put([part("a", null)], false);
  const intake = await opening(fs);
  assert(HEADER && !await intake.adopt(HEADER));
  assertEquals(intake.find("1.a"), `${ROOT}/cur/1.a:2,`);
  assertEquals((await intake.put([part("b", 40)], false)).renumbered, 1);
  assertEquals((await fileText(fs, `${ROOT}/dovecot-uidlist`)).split("\n").slice(1, 3), ["1 :1.a", "2 :1.b"]);
});

Deno.test("wherever the power is cut, running it again ends with each message once, under its UID", async () => {
  const scenario = async (fs: MemFs) => {
    const intake = await opening(fs, 5);
    assert(HEADER && await intake.adopt(HEADER));
    for (const [name, uid] of [["a", 3], ["b", 9], ["c", 12]] as const) {
      if (intake.find(`1.${name}`) === null) await intake.put([part(name, uid, FLAGGED)], true);
    }
  };
  const steps = await everyCrash(scenario, async (fs) => {
    // What lies in tmp/ is written anew by who runs it again.
    for (const n of "abc") {
      if (await fs.stat(`${ROOT}/tmp/${n}`) === null) {
        await fs.makeDir(`${ROOT}/tmp`);
        await fs.createWith(`${ROOT}/tmp/${n}`, [new TextEncoder().encode(`text ${n}\r\n`)]);
      }
    }
    await scenario(fs);
    const box = await opened(storeOn(fs).store);
    assertEquals(await allOf(box), [[3, "text a\r\n"], [9, "text b\r\n"], [12, "text c\r\n"]]);
    assert(box.messages.every((m) => m.flags === FLAGGED));
    box.close();
  }, { make: disk, seeds: 1 });
  assert(steps > 20);
});

Deno.test("keywords past the 26th are told", async () => {
  const fs = disk();
  const intake = await opening(fs);
  const many = Array.from({ length: 28 }, (_, i) => `k${i}`);
  assertEquals((await intake.put([part("a", null, 0, many)], false)).keywords, ["k26", "k27"]);
});

Deno.test("names of files", async () => {
  assertEquals(intakeKey("1.M2.host,S=3,W=4"), "1.M2.host");
  for (
    const [name, may] of [["1.a", true], ["a\nb", false], ["..", false], ["a:b", false], [
      "x".repeat(250),
      false,
    ]] as const
  ) {
    assertEquals(Intake.mayBe(name), may, name);
  }
  const ports = portsOn(machine());
  assertEquals(await Intake.open(ports, ROOT, `a${"b".repeat(300)}`), null);
});

Deno.test("what is taken in is counted towards the quota, in time", async () => {
  const fs = disk();
  await fs.createWith(`${ROOT}/maildirsize`, [utf8("1000S\n0 0\n")]);
  const intake = await opening(fs);
  await intake.put([part("a", null)], false);
  assertEquals(fs.statSync(`${ROOT}/maildirsize`), null);
});
