import { type Body, memoryBody } from "../../mod/base/body.ts";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { isFsError } from "../../mod/base/fs.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { isWrite, MemFs, takesSpace } from "../support/mem_fs.ts";
import { createdOf } from "../../mod/queue/spool.ts";
import { DIR, envelope, rig } from "./rig.ts";

const MAIL = "Subject: x\r\n\r\nText\r\n";

async function textOf(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.stream()) chunks.push(chunk.slice());
  return fromUtf8(concat(chunks));
}

Deno.test("Spool keeps a message as one line of JSON and its octets", async () => {
  const { spool, fs, clock } = rig();
  await spool.open();
  const kept = await spool.add(envelope(["a@x.test"]), memoryBody(utf8(MAIL)));
  assertMatch(kept.id, /^[0-9a-z]{10}-[0-9a-z]{8}$/);
  assertEquals(fs.afterCrash("synced-only").tree(DIR), [`${DIR}/${kept.id}.mail`]);
  const text = fromUtf8(await fs.readFile(`${DIR}/${kept.id}.mail`, 9999) ?? new Uint8Array());
  const [head, ...rest] = text.split("\n");
  assertEquals(rest.join("\n"), MAIL);
  assertEquals(JSON.parse(head ?? "").version, 1);
  assertEquals(await spool.load(kept.id), kept);
  assertEquals(await textOf(await spool.body(kept)), MAIL);
  await clock.advance(1000);
  const later = await spool.add(envelope(["a@x.test"]), memoryBody());
  assertEquals(await spool.ids(), [kept.id, later.id]);
  assertEquals(await spool.remove(kept.id), true);
  assertEquals(await spool.remove(kept.id), false);
  assertEquals(await spool.load(kept.id), null);
  assertEquals(fs.openFiles, 0);
});

Deno.test("Spool streams large messages both ways", async () => {
  const { spool, fs } = rig();
  await spool.open();
  const piece = new Uint8Array(100_000).fill(65);
  const body: Body = {
    size: 500_000,
    memory: null,
    async *stream() {
      for (let i = 0; i < 5; i++) yield piece;
    },
    dispose: () => Promise.resolve(),
  };
  const kept = await spool.add(envelope(["a@x.test"]), body);
  const back = await spool.body(kept);
  assertEquals([back.memory, back.size], [null, 500_000]);
  assertEquals((await textOf(back)).length, 500_000);
  for await (const _ of back.stream()) break;
  await assertRejects(
    () => spool.add(envelope(["a@x.test"]), { ...body, size: 499_999 }),
    "spool 500000 octets",
  );
  assertEquals((await spool.ids()).length, 1);
  assertEquals(fs.openFiles, 0);
});

Deno.test("Spool reads envelopes with very many recipients", async () => {
  const { spool } = rig();
  await spool.open();
  const many = Array.from({ length: 1000 }, (_, i) => `${"r".repeat(60)}${i}@${"d".repeat(60)}.test`);
  const kept = await spool.add(envelope(many), memoryBody(utf8(MAIL)));
  assertEquals(await spool.load(kept.id), kept);
  assertEquals(await textOf(await spool.body(kept)), MAIL);
});

Deno.test("Spool keeps a journal, and writes a long one anew", async () => {
  const { spool, fs } = rig();
  await spool.open();
  const many = Array.from({ length: 100 }, (_, i) => `${i}@x.test`);
  let m = await spool.add(envelope(many), memoryBody());
  const outcome = {
    state: "pending",
    status: "4.2.0",
    why: "w".repeat(400),
    host: "mx",
    reply: null,
  } as const;
  let largest = 0;
  for (let i = 1; i <= 20; i++) {
    const outcomes = many.map((_, recipient) => ({ recipient, ...outcome }));
    m = await spool.append(m, {
      kind: "attempt",
      at: i,
      destination: "x.test",
      attempts: i,
      next: i,
      outcomes,
    });
    assertEquals(await rig(fs.afterCrash("synced-only")).spool.load(m.id), m);
    largest = Math.max(largest, (await fs.stat(`${DIR}/${m.id}.state`))?.size ?? 0);
  }
  assert(largest > 100_000 && largest < 400_000, `${largest} octets`);
  assertEquals(await spool.load(m.id), m);
});

Deno.test("Spool moves what it cannot read away and says so, once", async () => {
  const files = {
    [`${DIR}/torn.mail`]: '{"version":1,"id":"torn"',
    [`${DIR}/other.mail`]: '{"version":1}\nSubject: x\r\n',
    [`${DIR}/other.state`]: "state",
    [`${DIR}/newer.mail`]: '{"version":9}\nSubject: x\r\n',
  };
  const { spool, fs, log } = rig(new MemFs({ files }));
  await spool.open();
  for (const id of await spool.ids()) assertEquals(await spool.load(id), null);
  const broken = ["other.mail", "other.state", "torn.mail"].map((name) => `${DIR}/broken/${name}`);
  assertEquals(fs.tree(DIR), [...broken, `${DIR}/newer.mail`]);
  assertEquals(fs.afterCrash("synced-only").tree(DIR), [...broken, `${DIR}/newer.mail`]);
  assertEquals(log.lines.map((l) => l.level), ["warn", "error", "error"]);
});

Deno.test("Spool leaves a message alone whose journal is of a newer version", async () => {
  const { spool, fs } = rig();
  await spool.open();
  const kept = await spool.add(envelope(["a@x.test"]), memoryBody());
  await fs.createWith(`${DIR}/${kept.id}.state`, [utf8('{"version":2}\n')]);
  assertEquals(await spool.load(kept.id), null);
  assertEquals(fs.tree(DIR).length, 2);
});

Deno.test("Spool.scan() sweeps old left-overs only, and only when asked to", async () => {
  const files = { [`${DIR}/young.tmp`]: "x", [`${DIR}/gone.state`]: "x", [`${DIR}/notes.txt`]: "x" };
  const first = rig();
  const fs = new MemFs({ files, clock: first.clock });
  const { spool, clock } = rig(fs, undefined, {}, first.clock);
  await spool.open();
  await spool.scan();
  assertEquals(fs.tree(DIR).length, 3);
  await spool.scan(true);
  assertEquals(fs.tree(DIR), [`${DIR}/notes.txt`, `${DIR}/young.tmp`]);
  await clock.advance(3600_000);
  await spool.scan(true);
  assertEquals(fs.tree(DIR), [`${DIR}/notes.txt`]);
});

Deno.test("Spool.scan() gives bounces last, and what is being added not at all", async () => {
  const { spool, fs } = rig();
  await spool.open();
  const double = await spool.add(envelope(["a@x.test"]), memoryBody(), "a-b1-b1");
  const bounce = await spool.add(envelope(["a@x.test"]), memoryBody(), "a-b1");
  const kept = await spool.add(envelope(["a@x.test"]), memoryBody(), "a");
  await spool.append(kept, { kind: "hold", at: 1 });
  const heal = fs.fail((operation) => operation === "syncDir", "io");
  const adding = spool.add(envelope(["a@x.test"]), memoryBody(), "c");
  adding.catch(() => {});
  while (!fs.tree(DIR).includes(`${DIR}/c.mail`)) await Promise.resolve();
  assertEquals(await spool.scan(), [
    { id: "a", touched: true },
    { id: bounce.id, touched: false },
    { id: double.id, touched: false },
  ]);
  await assertRejects(() => adding, "io");
  heal();
});

Deno.test("Spool.read() gives small messages whole from one read, and others by the head", async () => {
  const { spool, fs } = rig();
  await spool.open();
  const small = await spool.add(envelope(["a@x.test"]), memoryBody(utf8(MAIL)));
  const large = await spool.add(envelope(["a@x.test"]), memoryBody(new Uint8Array(70_000)));
  const reads = fs.calls.get("read") ?? 0;
  const read = await spool.read(small.id, false);
  assertEquals((fs.calls.get("read") ?? 0) - reads, 1);
  const again = await spool.read(large.id);
  assertEquals([read?.message, again?.message, again?.body], [small, large, null]);
  assert(read?.body);
  assertEquals(await textOf(read.body), MAIL);
  // Cut short by whoever: not passed off as the message.
  const bytes = await fs.readFile(`${DIR}/${small.id}.mail`, 9999) ?? new Uint8Array();
  await fs.remove(`${DIR}/${small.id}.mail`);
  await fs.createWith(`${DIR}/${small.id}.mail`, [bytes.subarray(0, -1)]);
  assertEquals((await spool.read(small.id))?.body, null);
  await assertRejects(() => spool.body(small), "read all of");
});

Deno.test("Spool.setAside() takes a message out of the queue, and keeps it", async () => {
  const { spool, fs } = rig();
  await spool.open();
  const { id } = await spool.add(envelope(["a@x.test"]), memoryBody());
  await spool.setAside(id);
  assertEquals(fs.afterCrash("synced-only").tree(DIR), [`${DIR}/broken/${id}.mail`]);
  assertEquals(await spool.ids(), []);
});

Deno.test("createdOf() reads when a message came from its ID", () => {
  const { spool, clock } = rig();
  assertEquals(createdOf(spool.newId()), clock.now());
  assertEquals(createdOf(`${spool.newId()}-b1`), clock.now());
  for (const id of ["", "short-x", "0123456789", "ilou000000-x"]) assertEquals(createdOf(id), 0, id);
});

Deno.test("Spool takes no ID for a path", async () => {
  const { spool, fs } = rig(new MemFs({ files: { "/data/secret.mail": "x", [`${DIR}/x`]: "" } }));
  await spool.open();
  for (const id of ["../secret", "", ".", "a/b", "A", "a\0", "x".repeat(65), "-a"]) {
    assertEquals([await spool.load(id), await spool.remove(id)], [null, false], id);
  }
  assert(await fs.stat("/data/secret.mail"));
});

Deno.test("Spool refuses what it cannot keep, leaves nothing, and recovers by itself", async () => {
  for (
    const [code, match] of [
      ["full", takesSpace],
      ["read-only", isWrite],
      ["io", (operation: string) => operation === "syncDir"],
      ["io", (operation: string) => operation === "sync"],
      ["denied", (operation: string) => operation === "rename"],
    ] as const
  ) {
    const { spool, fs } = rig();
    await spool.open();
    const heal = fs.fail(match, code);
    const e = await assertRejects(() => spool.add(envelope(["a@x.test"]), memoryBody(utf8(MAIL))));
    assert(isFsError(e, code), String(e));
    heal();
    assertEquals(await spool.ids(), []);
    await spool.add(envelope(["a@x.test"]), memoryBody(utf8(MAIL)));
    assertEquals((await spool.ids()).length, 1);
    assertEquals(fs.openFiles, 0);
  }
});

Deno.test("Spool.addOnce() keeps what is there", async () => {
  const { spool, fs } = rig();
  await spool.open();
  const first = await spool.addOnce(envelope(["a@x.test"]), memoryBody(utf8("one")), "id-b1");
  const second = await spool.addOnce(envelope(["b@x.test"]), memoryBody(utf8("two")), "id-b1");
  assertEquals(second, first);
  await fs.createWith(`${DIR}/id-b2.tmp`, [utf8("half")]);
  const third = await spool.addOnce(envelope(["b@x.test"]), memoryBody(utf8("two")), "id-b2");
  assertEquals(await textOf(await spool.body(third)), "two");
});
