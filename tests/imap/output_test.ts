import { concat, fromUtf8 } from "../../mod/base/bytes.ts";
import { IMAP_OUTPUT } from "../../mod/base/limits.ts";
import { Output } from "../../mod/imap/output.ts";
import { BufferPool } from "../../mod/wire/buffer_pool.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";

Deno.test("Output gathers responses and sends them in one piece", async () => {
  const sent: Uint8Array[] = [];
  const out = new Output((bytes) => {
    sent.push(bytes);
    return Promise.resolve();
  });
  await out.flush();
  out.release();
  assertEquals([out.length, sent.length], [0, 0]);
  out.line("* 1 EXISTS");
  out.release(); // holds what is unsent
  out.line("a OK done");
  await out.flush();
  assertEquals(sent.map(fromUtf8), ["* 1 EXISTS\r\na OK done\r\n"]);
  out.line("x");
  assertEquals(fromUtf8(out.take()), "x\r\n");
  assertEquals(out.full, false);
  while (!out.full) out.line("y".repeat(1000));
  assertEquals(out.length >= IMAP_OUTPUT, true);
  await out.flush();
  assertEquals([out.length, concat(sent).length > IMAP_OUTPUT], [0, true]);
});

/** A connection that takes what it is lent when it is told to, and looks at it only then. */
function lender(pool = new BufferPool()) {
  const taken: string[] = [];
  const under: { readonly bytes: Uint8Array; readonly wake: (lost: boolean) => void }[] = [];
  const lend = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      under.push({ bytes, wake: (lost) => lost ? reject(new Error("lost")) : resolve() });
    });
  const take = (lost = false) => {
    const next = under.shift();
    if (!lost && next) taken.push(fromUtf8(next.bytes));
    next?.wake(lost);
  };
  const never = () => Promise.reject(new Error("given for good"));
  return { pool, taken, take, make: () => new Output(never, { pool, lend }) };
}

Deno.test("Output uses an array again once the connection has taken all of it", async () => {
  const { pool, taken, take, make } = lender();
  const out = make();
  out.line("a".repeat(10_000));
  const { array } = out.buffer;
  const flushed = out.flush();
  // Told while it is sent: in an array of its own.
  out.line("meanwhile");
  assertEquals(out.buffer.array === array, false);
  take();
  await flushed;
  assertEquals(taken, [`${"a".repeat(10_000)}\r\n`]);
  const second = out.flush();
  take();
  await second;
  assertEquals(taken[1], "meanwhile\r\n");
  out.release();
  // Of the two the large one is there for anybody.
  assertEquals([pool.take() === array, pool.take()], [true, null]);
});

Deno.test("Output gives its array to others when it rests, and takes theirs", async () => {
  const { pool, taken, take, make } = lender();
  const [one, other] = [make(), make()];
  one.line("b".repeat(5_000));
  const { array } = one.buffer;
  const flushed = one.flush();
  take();
  await flushed;
  assertEquals(one.buffer.array === array, true);
  one.release();
  other.line("c");
  assertEquals(other.buffer.array === array, true);
  one.line("d");
  assertEquals(one.buffer.array === array, false);
  const both = [other.flush(), one.flush()];
  take();
  take();
  await Promise.all(both);
  assertEquals(taken.slice(1), ["c\r\n", "d\r\n"]);
  other.release();
  other.release();
  assertEquals([pool.take() === array, pool.take()], [true, null]);
});

Deno.test("Output lets go of an array that a lost connection may still hold", async () => {
  const { pool, take, make } = lender();
  const out = make();
  out.line("e".repeat(5_000));
  const flushed = out.flush();
  take(true);
  await assertRejects(() => flushed);
  out.release();
  assertEquals(pool.take(), null);
  out.line("f".repeat(200_000));
  const large = out.flush();
  take();
  await large;
  out.release();
  assertEquals(pool.take(), null);
});
