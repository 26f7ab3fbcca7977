/** How long a server takes to start with 100,000 messages in its queue, none of them due, and what they take of memory: `deno task bench queue`. */
import { formatHead } from "../../mod/queue/file_format.ts";
import { RoostProcess } from "../support/roost_process.ts";
import type { Row } from "./table.ts";

const MESSAGES = 100_000;
const MB = 1024 * 1024;

/** Messages of a kilobyte to 1,000 domains, to be released tomorrow; as files, since nobody waits for the medium here. */
async function fill(folder: string): Promise<void> {
  const created = Date.now();
  const body = new TextEncoder().encode(`Subject: x\r\n\r\n${"x".repeat(1000)}\r\n`);
  for (let i = 0; i < MESSAGES; i++) {
    const id = `0000000000-${`${i}`.padStart(8, "0")}`;
    const envelope = {
      sender: { local: "alice", domain: "example.test" },
      recipients: [{ address: { local: "a", domain: `d${i % 1000}.test` } }],
      eightBit: false,
      smtpUtf8: false,
      holdUntil: created + 24 * 3_600_000,
      account: null,
      traceId: `t${i}`,
    };
    const head = formatHead({ id, created, size: body.length, envelope });
    await Deno.writeFile(`${folder}/${id}.mail`, new Uint8Array([...head, ...body]));
  }
}

async function status(roost: RoostProcess): Promise<{ readonly queue: number; readonly rss: number }> {
  const answer = await (await fetch(`http://127.0.0.1:${roost.ports.http}/api/status`)).json();
  return { queue: answer.queue.size, rss: answer.memory.rss };
}

export async function queueStartRows(): Promise<readonly Row[]> {
  await using roost = await RoostProcess.start();
  const empty = await status(roost);
  await roost.stop();
  await fill(`${roost.dir}/data/queue`);
  const start = performance.now();
  await roost.launch();
  const ready = performance.now() - start;
  let now = await status(roost);
  for (; now.queue < MESSAGES; now = await status(roost)) await new Promise((r) => setTimeout(r, 20));
  const loaded = performance.now() - start;
  return [
    { what: "start with 100,000 queued messages: until mail is taken", value: ready / 1000, unit: "s" },
    { what: "the same, until all of them are known", value: loaded / 1000, unit: "s" },
    { what: "what they take of memory (RSS)", value: (now.rss - empty.rss) / MB, unit: "MB" },
  ];
}
