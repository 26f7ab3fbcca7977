/** Very many messages of a real server, read by its thread: also where it is one file. */
import { assert, assertEquals } from "../support/assert.ts";
import { connectTo } from "../support/hostile.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { AHEAD_START } from "../../mod/base/limits.ts";

const ALICE = "alice@example.test";
const COUNT = 3 * AHEAD_START;

/** Threads of a process by name; none where the system does not show them. */
function threadsOf(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${name}/comm`).trim()
    );
  } catch {
    return [];
  }
}

Deno.test("e2e: very many messages are read ahead by a thread, and are what they are", async () => {
  await using roost = await RoostProcess.start();
  const client = await connectTo(roost, "imap");
  await client.line();
  const say = async (command: string) => {
    await client.say(`a ${command}\r\n`);
    const lines = await client.tagged("a");
    assert(lines.at(-1)?.startsWith("a OK"), `${command}: ${lines.at(-1)}`);
    return lines;
  };
  await say(`LOGIN ${ALICE} secret-alice`);
  for (let i = 1; i <= COUNT; i++) {
    const name = `1700000000.M${String(i).padStart(6, "0")}P1.host`;
    Deno.writeTextFileSync(`${roost.maildir(ALICE)}/new/${name}`, `Subject: s${i}\n\ntext ${i}\n`);
  }
  await say("SELECT INBOX");
  // The thread is there soon after the first round; a round more does no harm where it is not.
  const seen = () => {
    const threads = threadsOf(roost.pid);
    return threads.length === 0 || threads.some((name) => name.startsWith("worker-"));
  };
  for (let round = 0; round < 3 || (round < 100 && !seen()); round++) {
    const texts = (await say("FETCH 1:* BODY.PEEK[]")).filter((l) => l.startsWith("text "));
    assertEquals(texts, Array.from({ length: COUNT }, (_, i) => `text ${i + 1}`));
  }
  const subjects = (await say("FETCH 1:* ENVELOPE")).map((l) => /"(s\d+)"/.exec(l)?.[1]).filter((s) => s);
  assertEquals(subjects, Array.from({ length: COUNT }, (_, i) => `s${i + 1}`));
  assert(seen(), `threads: ${threadsOf(roost.pid)}`);
  assert(!roost.log.includes("thread that reads files failed"), roost.log);
  client.close();
  assertEquals(await roost.stop(), 0);
});
