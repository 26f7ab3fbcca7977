import { BLOCK, BlockPool } from "../../mod/base/block_pool.ts";
import { type Body, memoryBody } from "../../mod/base/body.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { FsError } from "../../mod/base/fs.ts";
import { SMTP_DISCARD } from "../../mod/base/limits.ts";
import { MessageIntake } from "../../mod/smtp/intake.ts";
import type { Spooler } from "../../mod/smtp/ports.ts";
import { DotDecoder } from "../../mod/wire/dots.ts";
import { assert, assertEquals } from "../support/assert.ts";

/** Keeps spool files in memory; fails at the n-th write if asked to. */
class MemorySpooler implements Spooler {
  open = 0;
  writes = 0;
  readonly #fail: { readonly at: number; readonly error: Error } | null;

  constructor(fail: { readonly at: number; readonly error: Error } | null = null) {
    this.#fail = fail;
  }

  start() {
    const chunks: Uint8Array[] = [];
    let open = true;
    this.open++;
    const release = () => {
      if (open) this.open--;
      open = false;
      return Promise.resolve();
    };
    return Promise.resolve({
      write: (bytes: Uint8Array) => {
        if (++this.writes === this.#fail?.at) return Promise.reject(this.#fail.error);
        chunks.push(bytes.slice());
        return Promise.resolve();
      },
      finish: () => Promise.resolve({ ...memoryBody(...chunks), memory: null, dispose: release } as Body),
      abort: release,
    });
  }
}

const SETTINGS = { messageSize: 5_000_000, bodyInMemory: 100_000 };

async function take(
  text: string,
  size: number,
  spooler: Spooler = new MemorySpooler(),
  announced: number | null = null,
  bodies = new BlockPool(1 << 20),
) {
  const intake = new MessageIntake(SETTINGS, { spooler, bodies }, announced);
  const bytes = utf8(text);
  let used = 0;
  while (used < bytes.length && !intake.done) {
    used += intake.write(bytes.slice(used, used + size));
    await intake.settle();
  }
  assert(intake.done);
  const result = await intake.finish();
  return { result, rest: text.length - used };
}

async function text(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const c of body.stream()) chunks.push(c.slice());
  return fromUtf8(concat(chunks));
}

Deno.test("MessageIntake gives the message whole, in memory or spooled, in any chunking", async () => {
  for (const lines of [0, 1, 3, 800, 9_000, 9_091, 60_000]) {
    const message = "A: b\r\n\r\n" + "123456789\r\n".repeat(lines);
    for (const size of lines < 5 ? [1, 2, 3, 7, 1000] : [1_000, 65_536]) {
      for (const announced of [null, message.length, 10]) {
        const spooler = new MemorySpooler();
        const bodies = new BlockPool(1 << 20);
        const { result, rest } = await take(message + ".\r\nQUIT\r\n", size, spooler, announced, bodies);
        assert(result.ok);
        // What a piece holds after the end is not used; later pieces were never offered.
        assert(rest >= 6);
        assertEquals(result.value.size, message.length);
        assertEquals(await text(result.value), message);
        assertEquals(result.value.memory === null, message.length > SETTINGS.bodyInMemory);
        assertEquals(result.value.crlf, true);
        await result.value.dispose();
        await result.value.dispose();
        assertEquals([spooler.open, bodies.lent], [0, 0]);
      }
    }
  }
});

Deno.test("MessageIntake refuses faults after reading to the true end", async () => {
  const table: [string, string][] = [
    ["a\nb\r\n.\r\n", "bare"],
    ["a\rb\r\n.\r\n", "bare"],
    ["a\r\n.\nMAIL FROM:<x@y>\r\n.\r\n", "bare"],
    ["a\0b\r\n.\r\n", "nul"],
    ["Received: x\r\n".repeat(101) + "\r\n.\r\n", "loop"],
    ["A: b\r\n".repeat(10_001) + "\r\n.\r\n", "header-too-big"],
    ["A: " + "x".repeat(1 << 20) + "\r\n\r\n.\r\n", "header-too-big"],
    ["A: b\r\n\r\n" + "x".repeat(5_000_000) + "\r\n.\r\n", "too-big"],
  ];
  for (const [message, kind] of table) {
    for (const size of [997, 65_536]) {
      const spooler = new MemorySpooler();
      const bodies = new BlockPool(1 << 20);
      const { result, rest } = await take(message, size, spooler, null, bodies);
      assert(!result.ok);
      assertEquals([result.error.kind as string, rest, spooler.open, bodies.lent], [kind, 0, 0, 0]);
    }
  }
});

Deno.test("MessageIntake turns faults of the spool into values and keeps nothing", async () => {
  const message = "A: b\r\n\r\n" + "x".repeat(700_000) + "\r\n.\r\n";
  for (let at = 1; at <= 3; at++) {
    for (const code of ["full", "io"] as const) {
      const spooler = new MemorySpooler({ at, error: new FsError(code, "write", "/q") });
      const bodies = new BlockPool(1 << 20);
      const { result } = await take(message, 65_536, spooler, null, bodies);
      assert(!result.ok);
      assertEquals([result.error.kind as string, spooler.open, bodies.lent], [
        code === "full" ? "spool-full" : "spool-broken",
        0,
        0,
      ]);
    }
  }
});

Deno.test("MessageIntake gives up on a refused message without end", () => {
  const intake = new MessageIntake(
    SETTINGS,
    { spooler: new MemorySpooler(), bodies: new BlockPool(BLOCK) },
    null,
  );
  const chunk = utf8("x".repeat(1 << 20));
  let pieces = 0;
  while (!intake.hopeless) {
    intake.write(chunk);
    pieces++;
  }
  assert(pieces <= SMTP_DISCARD / (1 << 20) + 7);
});

Deno.test("MessageIntake spools where the pool has nothing left, and gives each block back once it is written", async () => {
  const message = "A: b\r\n\r\n" + "x".repeat(3 * BLOCK);
  const settings = { messageSize: 5_000_000, bodyInMemory: 4_000_000 };
  for (const blocks of [0, 1, 2, 3, 4, 5]) {
    const bodies = new BlockPool(blocks * BLOCK);
    const spooler = new MemorySpooler();
    const intake = new MessageIntake(settings, { spooler, bodies }, null);
    for (let at = 0; at < message.length; at += 50_000) {
      intake.write(utf8(message.slice(at, at + 50_000)));
      await intake.settle();
    }
    intake.write(utf8("\r\n.\r\n"));
    const result = await intake.finish();
    assert(result.ok);
    assertEquals(await text(result.value), message + "\r\n");
    // 64 KiB are memory of its own, which is counted with the rest.
    assertEquals(result.value.memory === null, blocks < 4);
    assertEquals(bodies.lent, blocks < 4 ? 0 : 64 * 1024 + 3 * BLOCK);
    await result.value.dispose();
    assertEquals([bodies.lent, spooler.open], [0, 0]);
  }
});

Deno.test("MessageIntake takes in octets while others are written, and waits when two rounds are due", async () => {
  const gates: (() => void)[] = [];
  const written: number[] = [];
  const spooler: Spooler = {
    start: () =>
      Promise.resolve({
        write: (bytes: Uint8Array) =>
          new Promise<void>((done) => {
            gates.push(() => (written.push(bytes.length), done()));
          }),
        finish: () => Promise.resolve(memoryBody()),
        abort: () => Promise.resolve(),
      }),
  };
  const bodies = new BlockPool(4 * BLOCK);
  const settings = { messageSize: 5_000_000, bodyInMemory: 10_000 };
  const intake = new MessageIntake(settings, { spooler, bodies }, null);
  const piece = utf8("x".repeat(64 * 1024));
  const turn = () => new Promise((r) => setTimeout(r, 0));
  const open = async () => {
    while (gates.length > 0) {
      gates.shift()?.();
      await turn();
    }
  };
  intake.write(piece);
  assertEquals(intake.settle(), null, "the first round is written while the next one comes");
  let pieces = 1;
  let next: Promise<void> | null = null;
  for (; !next; pieces++) {
    intake.write(piece);
    next = intake.settle();
  }
  assertEquals(pieces * piece.length, 10_000 + BLOCK + 55_536, "what is held and one block more");
  let waited = false;
  const wait = next.then(() => waited = true);
  await turn();
  assert(!waited);
  await open();
  await wait;
  const aborted = intake.abort();
  await open();
  await aborted;
  assertEquals(bodies.lent, 0);
});

Deno.test("MessageIntake shows the message to who taps it, as it is without dots, until no more is wanted", async () => {
  const stuffed = `A: b\r\n\r\n..dot\r\n${"x".repeat(200_000)}\r\n.\r\n`;
  for (const size of [1000, 7919, 500_000]) {
    for (const wanted of [Infinity, 50_000, 0]) {
      const seen: Uint8Array[] = [];
      let length = 0;
      const tap = {
        write(view: Uint8Array): boolean {
          assert(length <= wanted);
          seen.push(view.slice());
          return (length += view.length) <= wanted;
        },
      };
      const ports = { spooler: new MemorySpooler(), bodies: new BlockPool(1 << 20) };
      const intake = new MessageIntake(SETTINGS, ports, null, new DotDecoder(), tap);
      const bytes = utf8(stuffed);
      for (let at = 0; at < bytes.length; at += size) {
        intake.write(bytes.slice(at, at + size));
        await intake.settle();
      }
      const result = await intake.finish();
      assert(result.ok);
      const whole = await text(result.value);
      assert(whole.startsWith(fromUtf8(concat(seen))));
      if (wanted === Infinity) assertEquals(fromUtf8(concat(seen)), whole);
    }
  }
});

Deno.test("MessageIntake shows nothing more of a message that is refused", async () => {
  let length = 0;
  const tap = { write: (view: Uint8Array) => (length += view.length) > 0 };
  const ports = { spooler: new MemorySpooler(), bodies: new BlockPool(1 << 20) };
  const intake = new MessageIntake({ ...SETTINGS, messageSize: 100 }, ports, null, new DotDecoder(), tap);
  for (let i = 0; i < 10; i++) intake.write(utf8(`A: ${"b".repeat(50)}\r\n`));
  intake.write(utf8("\r\n.\r\n"));
  const result = await intake.finish();
  assertEquals([result.ok, length], [false, 55]);
});

Deno.test("MessageIntake holds little of a message that is announced to be too large for memory", async () => {
  const bodies = new BlockPool(100 * BLOCK);
  const settings = { messageSize: 50_000_000, bodyInMemory: 4_000_000 };
  const intake = new MessageIntake(settings, { spooler: new MemorySpooler(), bodies }, 20_000_000);
  const piece = utf8("x".repeat(64 * 1024));
  let most = 0;
  for (let i = 0; i < 300; i++) {
    intake.write(piece);
    most = Math.max(most, bodies.lent);
    await intake.settle();
  }
  assert(most <= 3 * BLOCK, `${most}`);
  await intake.abort();
  assertEquals(bodies.lent, 0);
});
