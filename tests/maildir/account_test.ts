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
