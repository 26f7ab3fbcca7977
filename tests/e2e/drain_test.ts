/** kill -9, again and again, while 10,000 queued messages go out. */
import { QUEUE_ATTEMPTS_PER_DESTINATION } from "../../mod/base/limits.ts";
import { formatHead } from "../../mod/queue/file_format.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { SmtpSink } from "../support/smtp_sink.ts";

const MESSAGES = 10_000;
const KILLS = 6;

/** Puts messages into the queue as files, as if they had been accepted before. */
async function fill(folder: string): Promise<void> {
  const created = Date.now() - 60_000;
  const body = new TextEncoder().encode("x".repeat(1000) + "\r\n");
  for (let i = 0; i < MESSAGES; i++) {
    const id = `0000000000-${`${i}`.padStart(8, "0")}`;
    const text = new TextEncoder().encode(`Subject: drain-${i}\r\n\r\n`);
    const size = text.length + body.length;
    const head = formatHead({
      id,
      created,
      size,
      envelope: {
        sender: { local: "alice", domain: "example.test" },
        recipients: [{ address: { local: "a", domain: "out.test" } }],
        eightBit: false,
        smtpUtf8: false,
        account: "alice@example.test",
        traceId: `t${i}`,
      },
    });
    const file = new Uint8Array(head.length + size);
    file.set(head);
    file.set(text, head.length);
    file.set(body, head.length + text.length);
    await Deno.writeFile(`${folder}/${id}.mail`, file, { mode: 0o600 });
  }
}

function waiting(folder: string): number {
  return [...Deno.readDirSync(folder)].filter((e) => e.name.endsWith(".mail")).length;
}

Deno.test("e2e: kill -9 at random while 10,000 drain: each arrives, and twice only what was under way", async () => {
  await using sink = new SmtpSink();
  await using roost = await RoostProcess.start({
    config: `routes: { "*": "smtp://127.0.0.1:${sink.port}" }`,
  });
  const folder = `${roost.dir}/data/queue`;
  assertEquals(await roost.stop(), 0);
  await fill(folder);
  const start = performance.now();
  // What had arrived at each kill.
  const kills: number[] = [];
  for (let i = 0; i < KILLS; i++) {
    await roost.launch();
    const enough = sink.subjects.length + 200 + Math.floor(Math.random() * 1000);
    await sink.until(enough);
    // Somewhere within a delivery, not at the end of one.
    await new Promise((r) => setTimeout(r, Math.random() * 5));
    await roost.kill();
    kills.push(sink.subjects.length);
    assert(waiting(folder) > 0, "it was killed in the middle");
  }
  await roost.launch();
  for (const end = Date.now() + 60_000; waiting(folder) > 0;) {
    assert(Date.now() < end, `${waiting(folder)} left`);
    await new Promise((r) => setTimeout(r, 100));
  }
  const took = performance.now() - start;
  assertEquals(new Set(sink.subjects).size, MESSAGES, "each arrived");
  const doubles = sink.subjects.length - MESSAGES;
  assert(doubles <= KILLS * QUEUE_ATTEMPTS_PER_DESTINATION, `${doubles} came twice`);
  // Whatever came twice was among the last to come before a kill: its reply, or the note of it, was lost.
  const seen = new Map<string, number>();
  for (const [at, subject] of sink.subjects.entries()) {
    const before = seen.get(subject);
    seen.set(subject, at);
    if (before === undefined) continue;
    const lost = kills.some((k) => before < k && before >= k - 3 * QUEUE_ATTEMPTS_PER_DESTINATION && at >= k);
    assert(lost, `${subject} came as number ${before} and ${at}, kills at ${kills}`);
  }
  // Connections that live on must not be mended by what is left: nothing comes any more.
  await new Promise((r) => setTimeout(r, 300));
  assertEquals(sink.subjects.length, MESSAGES + doubles);
  console.log(`${MESSAGES} messages, ${KILLS} kills, ${doubles} came twice, ${(took / 1000).toFixed(1)} s`);
});
