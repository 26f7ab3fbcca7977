import { fromUtf8 } from "../../mod/base/bytes.ts";
import { WORD_EVERY } from "../../mod/base/limits.ts";
import { formatWord, tellPostmaster, type Trouble } from "../../mod/report/daily_word.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";

const TO = { local: "postmaster", domain: "example.org" };
const DISK: Trouble = { level: "fail", about: "disk", what: "is full\r\nX-Bad: 1", fix: "make room" };

function setUp() {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/data"] });
  const sent: string[] = [];
  const state = { troubles: [DISK] as readonly Trouble[], to: TO as typeof TO | null, fails: false };
  const log = new MemoryLog();
  const tell = () =>
    tellPostmaster({
      fs,
      clock,
      log,
      file: "/data/told",
      hostname: "mail.example.org",
      troubles: () => Promise.resolve(state.troubles),
      postmaster: () => state.to,
      send(message) {
        if (state.fails) return Promise.reject(new Error("no queue"));
        sent.push(fromUtf8(message));
        return Promise.resolve();
      },
    });
  return { clock, fs, sent, state, log, tell };
}

Deno.test("the postmaster is told once a day, and only when something is wrong", async () => {
  const { clock, sent, state, tell } = setUp();
  state.troubles = [{ ...DISK, level: "ok" }];
  assertEquals(await tell(), false);
  state.troubles = [DISK];
  assertEquals([await tell(), await tell(), sent.length], [true, false, 1]);
  await clock.advance(WORD_EVERY - 1);
  assertEquals(await tell(), false);
  await clock.advance(1);
  assertEquals([await tell(), sent.length], [true, 2]);
  state.to = null;
  await clock.advance(WORD_EVERY);
  assertEquals(await tell(), false);
});

Deno.test("a clock that jumps back, or a file that holds nonsense, costs one mail", async () => {
  const { fs, sent, tell } = setUp();
  await fs.createWith("/data/told", [new TextEncoder().encode(`${Date.UTC(2099, 0)}`)]);
  assertEquals([await tell(), await tell(), sent.length], [true, false, 1]);
  await fs.remove("/data/told");
  await fs.createWith("/data/told", [new TextEncoder().encode("soon")]);
  assertEquals([await tell(), await tell(), sent.length], [true, false, 2]);
});

Deno.test("what cannot be sent is logged, and not tried all day", async () => {
  const { state, log, tell } = setUp();
  state.fails = true;
  assertEquals([await tell(), await tell()], [false, false]);
  assertEquals(log.lines.map((l) => l.event), ["postmaster not told"]);
});

Deno.test("formatWord() names the worst first, and nothing breaks out of its field", () => {
  const text = fromUtf8(
    formatWord("mail.example.org", TO, [DISK, { ...DISK, level: "warn", about: "queue" }], 0),
  );
  const [head = "", body = ""] = text.split("\r\n\r\n");
  assert(head.includes("Subject: mail.example.org needs you: disk and 1 more"), head);
  assert(head.includes("Auto-Submitted: auto-generated") && !/^X-Bad/m.test(head));
  assert(text.includes("Broken: disk") && text.includes("To do: make room") && text.includes("Look: queue"));
  assert(body.startsWith("This is the mail server mail.example.org"));
});
