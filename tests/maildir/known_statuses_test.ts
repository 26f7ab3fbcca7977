import { utf8 } from "../../mod/base/bytes.ts";
import { STATUSES_KEPT } from "../../mod/base/limits.ts";
import { KnownStatuses } from "../../mod/maildir/known_statuses.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ALICE, append, machine, ROOT, storeOn } from "./support.ts";

const STATUS = {
  messages: 1,
  unseen: 0,
  deleted: 0,
  recent: 0,
  uidNext: 2,
  objectId: "F1",
  uidValidity: 1,
  size: null,
  deletedSize: null,
};

Deno.test("KnownStatuses knows a folder as long as it looks the same, and not what is too new or recent", async () => {
  const clock = new FakeClock();
  const fs = machine(clock);
  const { store } = storeOn(fs, clock);
  await append(await store.account(ALICE), "Sent", "x\r\n");
  const dir = `${ROOT}/.Sent`;
  const known = new KnownStatuses({ fs, clock });
  known.put(dir, known.look(dir), STATUS);
  assertEquals(known.get(dir, known.look(dir), false), null, "it has just changed");
  await clock.advance(5000);
  const look = known.look(dir);
  known.put(dir, look, { ...STATUS, recent: 1 });
  assertEquals(known.get(dir, look, false), null);
  known.put(dir, look, STATUS);
  assertEquals(known.get(dir, known.look(dir), false), STATUS);
  assertEquals(known.get(dir, look, true), null, "without the size");
  known.put(dir, look, { ...STATUS, size: 3 });
  assertEquals(known.get(dir, look, true)?.size, 3);
  await append(await store.account(ALICE), "Sent", "y\r\n");
  assertEquals(known.get(dir, known.look(dir), false), null);
  for (let i = 0; i <= STATUSES_KEPT; i++) known.put(`${i}`, { text: "", settled: true }, STATUS);
  assertEquals(known.get(dir, look, false), null, "the oldest is forgotten");
  await store.close();
});

Deno.test("STATUS of folders that nobody has open is told again without reading them, and is never old", async () => {
  const clock = new FakeClock();
  const fs = machine(clock);
  const { store } = storeOn(fs, clock);
  const account = await store.account(ALICE);
  const told = async () => {
    const status = await account.status("Sent", { size: true });
    assert(status.ok);
    return [status.value.messages, status.value.unseen, status.value.size, status.value.uidNext];
  };
  await append(account, "Sent", "x\r\n");
  const box = await account.open("Sent");
  assert(box.ok);
  box.value.claimRecent();
  box.value.close();
  await clock.advance(3_600_000); // forgotten by then
  assertEquals(await told(), [1, 1, 3, 2]);
  await clock.advance(3_600_000);
  const lists = () => fs.calls.get("list") ?? 0;
  const before = lists();
  assertEquals(await told(), [1, 1, 3, 2]);
  assertEquals(lists(), before);
  const [file] = await fs.list(`${ROOT}/.Sent/cur`);
  await fs.rename(`${ROOT}/.Sent/cur/${file?.name}`, `${ROOT}/.Sent/cur/${file?.name}S`);
  assertEquals(await told(), [1, 0, 3, 2]);
  await fs.createWith(`${ROOT}/.Sent/new/foreign`, [utf8("abcd\r\n")]);
  assertEquals(await told(), [2, 1, 9, 3]);
  await store.close();
});
