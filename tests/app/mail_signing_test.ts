import { dkimStates, rotateDkimKeys } from "../../mod/app/dkim_keys.ts";
import { MailSigning } from "../../mod/app/mail_signing.ts";
import { memoryBody } from "../../mod/base/body.ts";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { DKIM_COUNT, DKIM_RETIRED, DKIM_WAIT } from "../../mod/base/limits.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

Deno.test("MailSigning takes a rotation to its end on a closed network, whatever the clock says", async () => {
  const clock = new FakeClock(1000);
  const fs = new MemFs({ clock, dirs: ["/data"] });
  const parsed = parseConfig(
    "/roost.yaml",
    "hostname: mail.a.test\ndata: /data\nnetwork: closed\ndomains: { a.test: {}, b.test: {} }\n",
  );
  assert(parsed.ok);
  const { config } = parsed.value;
  const log = new MemoryLog();
  const signing = new MailSigning({ fs, clock, random: new SeededRandom(1), log }, config);
  const message = memoryBody(utf8("From: you@a.test\r\n\r\nHi\r\n"));
  const selectors = async (): Promise<string[]> => {
    await clock.advance(1);
    return Array.from(fromUtf8(await signing.sign(message)).matchAll(/ s=([^;]+);/g), (m) => m[1] ?? "");
  };
  const states = async (): Promise<string[]> =>
    (await dkimStates(fs, config, "a.test")).map((k) => k.state).sort();
  const after = async (seconds: number): Promise<void> => {
    await clock.advance(seconds * 1000);
    await signing.look();
  };
  assertEquals(await selectors(), []);
  await rotateDkimKeys({ fs, clock }, config, "a.test", false);
  assertEquals(await selectors(), ["rsa-19700101", "ed25519-19700101"]);
  await rotateDkimKeys({ fs, clock }, config, "a.test", false);
  await after(DKIM_WAIT - 2);
  assertEquals(await states(), ["active", "active", "new", "new"]);
  // Too soon after the last look: nothing is counted.
  await after(DKIM_COUNT / 1000 - 1);
  assertEquals(await states(), ["active", "active", "new", "new"]);
  await after(2);
  assertEquals(await states(), ["active", "active", "retired", "retired"]);
  assertEquals(await selectors(), ["rsa-19700101-2", "ed25519-19700101-2"]);
  await after(DKIM_RETIRED);
  assertEquals(await states(), ["active", "active", "removable", "removable"]);
  assertEquals(log.lines.filter((l) => l.level === "error"), []);
});
