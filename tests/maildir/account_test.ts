import { BODY_IN_MEMORY } from "../../mod/base/limits.ts";
import type { AccountMail as Account } from "../../mod/store/store.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { ALICE, append, fileText, machine, opened, ROOT, storeOn } from "./support.ts";

Deno.test("an account is made once: what its owner removed stays away", async () => {
  const fs = machine();
  const first = await storeOn(fs).store.account(ALICE);
  assert((await first.remove("Junk")).ok);
  const again = await storeOn(fs.afterCrash("synced-only")).store.account(ALICE);
  assertEquals((await again.list()).map((e) => e.name), ["INBOX", "Archive", "Drafts", "Sent", "Trash"]);
});

Deno.test("a Maildir of another server keeps its subscriptions and its folders' uses", async () => {
  const text = "V\t2\n\nINBOX\nSent Items\n";
  const fs = new MemFs({
    dirs: [`${ROOT}/cur`, `${ROOT}/new`, `${ROOT}/tmp`, `${ROOT}/.Sent Items/cur`],
    files: { [`${ROOT}/subscriptions`]: text },
  });
  const account = await storeOn(fs).store.account(ALICE);
  const list = await account.list();
  assertEquals(list.filter((e) => e.specialUse === "Sent").map((e) => e.name), ["Sent Items"]);
  assertEquals(list.some((e) => e.name === "Sent"), false);
  assertEquals(await fileText(fs, `${ROOT}/subscriptions`), text);
});

Deno.test("an account that is a link, or no address, is not opened", async () => {
  const fs = new MemFs({ dirs: ["/mail/example.test", "/elsewhere/cur"] });
  fs.symlink("/elsewhere", ROOT);
  const { store } = storeOn(fs);
  await assertRejects(() => store.account(ALICE), "denied");
  await assertRejects(() => store.account("nobody"), "denied");
  fs.symlink("/elsewhere", "/mail/link.test");
  await assertRejects(() => store.account("a@link.test"), "denied");
});

Deno.test("folders that are links are not there", async () => {
  const { fs, store } = storeOn(machine());
  const account = await store.account(ALICE);
  await account.create("Real");
  fs.symlink(`${ROOT}/.Real`, `${ROOT}/.Link`);
  assert(!(await account.open("Link")).ok);
  assert(!(await account.list()).some((e) => e.name === "Link"));
});

Deno.test("the POP3 lock holds between processes, and not after its holder died", async () => {
  const clock = new FakeClock();
  const fs = machine(clock);
  const [one, two] = [storeOn(fs, clock).store, storeOn(fs, clock).store];
  const give = await (await one.account(ALICE)).lockForPop();
  assert(give);
  assertEquals(await (await two.account(ALICE)).lockForPop(), null);
  give();
  await one.settled();
  assert(await (await two.account(ALICE)).lockForPop());
  const after = fs.afterCrash("all");
  const later = new FakeClock(clock.now() + 200_000);
  const again = await (await storeOn(after, later).store.account(ALICE)).lockForPop();
  assert(again);
});

Deno.test("folders without users give their memory back in time", async () => {
  const { clock, store } = storeOn(machine());
  const account = await store.account(ALICE);
  await append(account, "INBOX", "x\r\n");
  const box = await opened(store);
  box.close();
  assertEquals(box.messages.length, 1); // kept for the next SELECT
  await clock.advance(21 * 60_000);
  assertEquals(box.messages.length, 0);
  const again = await opened(store);
  assertEquals(again.messages.map((m) => m.uid), [1]);
  again.close();
  await store.close();
});

Deno.test("an account whose folder was taken away under the running server is made again", async () => {
  const uses: readonly ((account: Account) => Promise<unknown>)[] = [
    async (account) => assertEquals(await append(account, "inbox", "new\r\n"), 1),
    async (account) => {
      // Too large to wait in memory for a folder.
      await account.list();
      assertEquals(await append(account, "INBOX", "x".repeat(BODY_IN_MEMORY + 1)), 1);
    },
    async (account) => assertEquals((await account.list()).length, 6),
    async (account) => assertEquals((await account.status("INBOX", {})).ok, true),
    (account) =>
      Promise.all([append(account, "INBOX", "a"), append(account, "INBOX", "b"), account.open("INBOX")]),
  ];
  for (const use of uses) {
    const clock = new FakeClock();
    const { fs, store, log } = storeOn(machine(clock), clock);
    const account = await store.account(ALICE);
    await append(account, "INBOX", "old\r\n");
    const before = await opened(store);
    const { uidValidity } = before;
    let gone = false;
    before.listen((change) => gone ||= change.kind === "gone");
    await store.settled();
    await clock.advance(2000);
    await fs.rename("/mail/example.test", "/away");
    let over = false;
    const used = use(account).finally(() => over = true);
    while (!over) await clock.advance(100); // two at once may have to wait for the lock
    await used;
    const box = await opened(store);
    assert(box.uidValidity !== uidValidity, "UIDs would mean other messages");
    await before.refresh();
    assert(gone, "who had it open is told");
    assertEquals((await account.list()).map((e) => e.name).includes("Junk"), true);
    assertEquals(log.lines.filter((e) => e.event.includes("made again")).length, 1);
    await store.settled();
  }
});

Deno.test("nothing is made where the folder of all accounts is not there: a disk that is not mounted", async () => {
  const { fs, store } = storeOn(machine());
  const account = await store.account(ALICE);
  await store.settled();
  await fs.rename("/mail", "/unmounted");
  await assertRejects(() => append(account, "INBOX", "x"), "not-found");
  await assertRejects(() => account.list(), "not-found");
  assertEquals(await fs.stat("/mail"), null);
});
