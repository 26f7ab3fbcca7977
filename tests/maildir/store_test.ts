import { MaildirStore } from "../../mod/maildir/store.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { storeContract } from "../support/store_contract.ts";
import { assertEquals } from "../support/assert.ts";

storeContract("MaildirStore", (separator) => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/mail"] });
  const log = new MemoryLog();
  const store = new MaildirStore({
    fs,
    clock,
    log,
    separator,
    root: "/mail",
    random: new SeededRandom(),
    hostname: "host",
    pid: 7,
  });
  const end = async () => {
    await store.close();
    await settle(2);
    assertEquals(log.lines.filter((l) => l.level !== "info" && l.level !== "debug"), []);
    assertEquals([fs.openFiles, clock.waiting], [0, 0]);
  };
  return Promise.resolve({ store, settled: () => store.settled(), end });
});
