import { assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { append, opened, storeOn } from "./support.ts";

const DAY = 86_400_000;

Deno.test("Mailbox.arrivedBefore() tells those that were there before, and not what changed since", async () => {
  const clock = new FakeClock();
  const m = storeOn(new MemFs({ clock, dirs: ["/mail"] }), clock);
  const mail = await m.store.account("alice@example.test");
  for (let i = 0; i < 3; i++) {
    await append(mail, "Trash", `Subject: ${i}\r\n\r\nx\r\n`, undefined, 1000);
    await clock.advance(DAY);
  }
  const box = await opened(m.store, "Trash");
  const start = clock.now() - 3 * DAY;
  for (const days of [0, 1, 2, 3]) {
    const expected = [1, 2, 3].slice(0, days);
    assertEquals(await box.arrivedBefore(start + days * DAY - 1000), expected, String(days));
  }
  box.close();
});
