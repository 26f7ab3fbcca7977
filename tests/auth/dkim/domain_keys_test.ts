import { DomainKeys } from "../../../mod/auth/dkim/domain_keys.ts";
import { addKey } from "../../../mod/auth/dkim/key_files.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemoryLog } from "../../support/memory_log.ts";
import { makePair } from "./crafted.ts";

const rsa = await makePair("rsa");
const ed = await makePair("ed25519");

Deno.test("DomainKeys reads a domain's keys once, and again when its folder changed", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/keys/a.test"] });
  const log = new MemoryLog();
  const keys = new DomainKeys({ fs, log, folderOf: (domain) => `/keys/${domain}` });
  assertEquals(await keys.of("b.test"), []);
  assertEquals(await keys.of("a.test"), []);
  await clock.advance(1000);
  await addKey(fs, "/keys/a.test", "r", rsa.pem, "active");
  const first = await keys.of("a.test");
  assertEquals(first.map((s) => [s.domain, s.selector, s.key.type]), [["a.test", "r", "rsa"]]);
  assertEquals(await keys.of("a.test") === first, true);
  await clock.advance(1000);
  await addKey(fs, "/keys/a.test", "e", ed.pem, "active");
  await addKey(fs, "/keys/a.test", "later", ed.pem, "new");
  assertEquals((await keys.of("a.test")).map((s) => s.selector), ["r", "e"]);
  await clock.advance(1000);
  await fs.createWith("/keys/a.test/bad.pem", [new Uint8Array([1])]);
  assertEquals((await keys.of("a.test")).length, 2);
  assertEquals(log.lines.length, 1);
  keys.forget();
  assertEquals((await keys.of("a.test")).length, 2);
});

Deno.test("DomainKeys does not remember what failed", async () => {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/keys/a.test"] });
  await addKey(fs, "/keys/a.test", "r", rsa.pem, "active");
  let broken = true;
  const flaky = new Proxy(fs, {
    get(target, name) {
      if (name === "list" && broken) return () => Promise.reject(new Error("disk"));
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const keys = new DomainKeys({ fs: flaky, log: new MemoryLog(), folderOf: (domain) => `/keys/${domain}` });
  await assertRejects(() => keys.of("a.test"), "disk");
  broken = false;
  assertEquals((await keys.of("a.test")).length, 1);
});
