import { SHARED_BY_ONE, SHARED_SEEN } from "../../mod/base/limits.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { MaildirSharing } from "../../mod/maildir/sharing.ts";
import { changeAcl } from "../../mod/store/acl.ts";
import { formatRights, parseRights } from "../../mod/store/rights.ts";
import type { Sharing } from "../../mod/store/sharing.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { ALICE, fileText, machine, portsOn, ROOT, storeOn } from "./support.ts";

const BOB = "bob@example.test";
const EVE = "eve@example.test";
const PEOPLE: string[] = [ALICE, BOB, EVE];

interface Bench {
  readonly fs: MemFs;
  readonly clock: FakeClock;
  readonly sharing: MaildirSharing;
  /** What an account sees of others: "owner name letters". */
  seen(user: string): Promise<string[]>;
}

/** Alice has her folders, the others nothing yet. */
async function bench(people: string[] = [...PEOPLE], machineWith = machine): Promise<Bench> {
  const clock = new FakeClock();
  const fs = machineWith(clock);
  const { store } = storeOn(fs, clock);
  await store.account(ALICE);
  await store.close();
  const sharing = new MaildirSharing(portsOn(fs, clock), "/mail", {
    has: (id) => people.includes(id),
    all: () => people,
  });
  const seen = async (user: string) =>
    (await sharing.sharedWith(user)).map((s) => `${s.owner} ${s.name} ${formatRights(s.rights)}`);
  return { fs, clock, sharing, seen };
}

async function give(sharing: Sharing, name: string, id: string, letters: string): Promise<boolean> {
  const entry = { id, negative: false, rights: parseRights(letters) ?? 0 };
  return (await sharing.change(ALICE, name, (acl) => changeAcl(acl, ALICE, entry, "replace"))).ok;
}

Deno.test("rights are given and taken, each of them seen at once", async () => {
  const { fs, sharing, seen } = await bench();
  const bobs = (name: string) => formatRights(sharing.rights(ALICE, name, BOB));
  assertEquals([bobs("INBOX"), await seen(BOB)], ["", []]);
  assert(await give(sharing, "Sent", `user=${BOB}`, "lrs"));
  assert(await give(sharing, "INBOX", "anyone", "l"));
  assertEquals(await fileText(fs, `${ROOT}/.Sent/dovecot-acl`), `user=${BOB} lrs\n`);
  assertEquals([bobs("Sent"), bobs("INBOX"), bobs("inbox")], ["lrs", "l", "l"]);
  assertEquals(await seen(BOB), [`${ALICE} INBOX l`, `${ALICE} Sent lrs`]);
  assertEquals([await seen(EVE), await seen(ALICE)], [[`${ALICE} INBOX l`], []]);
  assert(await give(sharing, "Sent", `user=${BOB}`, "r"));
  assertEquals([bobs("Sent"), await seen(BOB)], ["r", [`${ALICE} INBOX l`]]);
  assertEquals(await give(sharing, "None", "anyone", "l"), false);
  assertEquals(await sharing.read(ALICE, "None"), null);
  assertEquals((await sharing.read(ALICE, "Sent"))?.length, 1);
});

Deno.test("who listens hears of each change of rights and names, until no more", async () => {
  const { sharing } = await bench();
  let heard = 0;
  const end = sharing.listen(() => heard++);
  const ends = sharing.listen(() => heard++);
  assert(await give(sharing, "Sent", `user=${BOB}`, "lrs"));
  assertEquals(heard, 2);
  ends();
  await sharing.renamed(ALICE);
  assertEquals(heard, 3);
  end();
  assert(await give(sharing, "Sent", `user=${BOB}`, ""));
  assertEquals(heard, 3);
});

Deno.test("who is not there shares nothing, and no folder is made for asking", async () => {
  const people = [...PEOPLE];
  const { fs, sharing, seen } = await bench(people);
  await give(sharing, "INBOX", "anyone", "lr");
  const before = fs.tree("/mail");
  for (const owner of ["nobody@example.test", EVE, "", "..", "@", "../alice@example.test"]) {
    assertEquals(sharing.rights(owner, "INBOX", BOB), 0, owner);
    assertEquals(await sharing.read(owner, "INBOX"), null, owner);
  }
  for (const name of ["", "..", "../bob", "a/../b", "Sent/..", "\0", "x".repeat(300), "%"]) {
    assertEquals([sharing.rights(ALICE, name, BOB), await sharing.read(ALICE, name)], [0, null], name);
  }
  assertEquals(fs.tree("/mail"), before);
  people.splice(people.indexOf(ALICE), 1);
  assertEquals([sharing.rights(ALICE, "INBOX", BOB), await seen(BOB)], [0, []]);
});

Deno.test("what other programs changed counts; what cannot be understood gives no rights", async () => {
  const { fs, sharing, seen } = await bench();
  const write = async (name: string, text: string) => {
    await fs.remove(`${ROOT}/${name}dovecot-acl`);
    await fs.createWith(`${ROOT}/${name}dovecot-acl`, [utf8(text)]);
  };
  await write(".Sent/", "anyone lr\n");
  // The first look finds what was there before.
  assertEquals(await seen(BOB), [`${ALICE} Sent lr`]);
  await write(".Sent/", "anyone lr\nwhat is this\n");
  assertEquals([sharing.rights(ALICE, "Sent", BOB), await seen(BOB)], [0, []]);
  await assertRejects(() => give(sharing, "Sent", "anyone", "l"), "understand");
  const heal = fs.fail((op, path) => op === "read" && path.endsWith("dovecot-acl"), "denied");
  await write(".Sent/", "anyone lr\n");
  assertEquals([sharing.rights(ALICE, "Sent", BOB), await seen(BOB)], [0, []]);
  heal();
  await write(".Sent/", "user=bob l\n");
  assertEquals([await seen(EVE), formatRights(sharing.rights(ALICE, "Sent", BOB))], [[], "l"]);
});

Deno.test("what is shared is looked for again when the list is gone or old", async () => {
  const { fs, clock, sharing, seen } = await bench();
  assertEquals(await seen(BOB), []);
  await fs.createWith(`${ROOT}/.Sent/dovecot-acl`, [utf8("anyone lr\n")]);
  assertEquals(await seen(BOB), []);
  await clock.advance(SHARED_SEEN + 1);
  await seen(BOB);
  await sharing.settled();
  assertEquals(await seen(BOB), [`${ALICE} Sent lr`]);
  await fs.createWith(`${ROOT}/dovecot-acl`, [utf8("anyone lr\n")]);
  await fs.remove("/mail/roost-shared");
  assertEquals(await seen(BOB), [`${ALICE} INBOX lr`, `${ALICE} Sent lr`]);
});

Deno.test("listing costs a look at what is shared, not at all folders of all accounts", async () => {
  const { fs, sharing, seen } = await bench();
  await give(sharing, "Sent", `user=${BOB}`, "lr");
  await seen(BOB);
  const looks = async (user: string) => {
    const before = fs.calls.get("stat") ?? 0;
    await seen(user);
    return (fs.calls.get("stat") ?? 0) - before;
  };
  assertEquals([await looks(BOB), await looks(EVE)], [3, 2]);
});

Deno.test("a new folder has the rights of the nearest one above it; renamed ones are found", async () => {
  const { fs, sharing, seen } = await bench();
  const { store } = storeOn(fs);
  const mail = await store.account(ALICE);
  for (const name of ["Team", "Team.Plans.2026", "Own"]) assert((await mail.create(name)).ok);
  assert(await give(sharing, "Team", `user=${BOB}`, "lrk"));
  await sharing.inherit(ALICE, "Team.Plans.2026");
  await sharing.inherit(ALICE, "Own");
  assertEquals(await seen(BOB), [`${ALICE} Team lrk`, `${ALICE} Team.Plans.2026 lrk`]);
  assert((await mail.rename("Team", "Crew")).ok);
  assertEquals(await seen(BOB), []);
  await sharing.renamed(ALICE);
  assertEquals(await seen(BOB), [`${ALICE} Crew lrk`, `${ALICE} Crew.Plans.2026 lrk`]);
  assertEquals((await fileText(fs, "/mail/roost-shared")).includes("Team"), false);
  await sharing.renamed(BOB);
  await store.close();
});

Deno.test("the list is bounded: by what is shared, by owner, and others' mail is listed without it at worst", async () => {
  const { fs, sharing, seen } = await bench();
  for (let i = 0; i < 5; i++) {
    await give(sharing, "Sent", `user=n${i}@x`, "lr");
    await sharing.change(ALICE, "Sent", () => []);
  }
  assertEquals(await fileText(fs, "/mail/roost-shared"), "");
  await Promise.all([give(sharing, "Sent", "anyone", "l"), sharing.change(ALICE, "INBOX", () => [])]);
  assertEquals(await seen(BOB), [`${ALICE} Sent l`]);
  const heal = fs.fail((op, path) => op === "read" && path === "/mail/roost-shared", "io");
  await give(sharing, "Sent", "anyone", "l").catch(() => {});
  await fs.remove("/mail/roost-shared");
  await fs.createWith("/mail/roost-shared", [utf8("x")]);
  assertEquals(await seen(BOB), []);
  await assertRejects(() => give(sharing, "INBOX", "anyone", "l"), "io");
  assertEquals(fs.statSync(`${ROOT}/dovecot-acl`)?.size ?? 0, 0);
  heal();
  const many = Array.from({ length: SHARED_BY_ONE }, (_, i) => `user=${i}@x\t${ALICE}\t.None\n`).join("");
  await fs.remove("/mail/roost-shared");
  await fs.createWith("/mail/roost-shared", [utf8(many)]);
  assertEquals(await give(sharing, "INBOX", "anyone", "l"), false);
  assert(await give(sharing, "INBOX", "anyone", "r"));
});

Deno.test("Dovecot looks for shared folders anew", async () => {
  const { fs, sharing } = await bench();
  await fs.createWith(`${ROOT}/dovecot-acl-list`, [utf8("1700000000 Sent\n")]);
  await give(sharing, "Sent", "anyone", "l");
  assertEquals(fs.statSync(`${ROOT}/dovecot-acl-list`), null);
});

Deno.test("rights that were acknowledged outlive a power cut, and are found; others are whole or not there", async () => {
  const steps = await everyCrash<string>(async (fs, acknowledge) => {
    const { sharing } = await bench(PEOPLE, () => fs);
    for (const [name, letters] of [["Sent", "lr"], ["Sent", "lri"], ["INBOX", "l"]] as const) {
      await give(sharing, name, `user=${BOB}`, letters);
      acknowledge(`${name} ${letters}`);
    }
  }, async (fs, told) => {
    const { seen } = await bench(PEOPLE, () => fs);
    const found = await seen(BOB);
    const sent = told.includes("Sent lri") ? ["lri"] : told.includes("Sent lr") ? ["lr", "lri"] : ["", "lr"];
    const letters = found.find((f) => f.includes(" Sent "))?.split(" ")[2] ?? "";
    assert(sent.includes(letters), `${told.join(", ")}: ${found.join(", ")}`);
    if (told.includes("INBOX l")) assert(found.includes(`${ALICE} INBOX l`), found.join(", "));
  }, { make: async () => (await bench()).fs });
  assert(steps > 20, String(steps));
});
