import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { SMTP_AUTH_LINE, SMTP_DATA_IDLE, SMTP_DATA_TOTAL } from "../../mod/base/limits.ts";
import type { Transaction } from "../../mod/smtp/ports.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { loadDialogs } from "../support/dialog.ts";
import { settle } from "../support/fake_clock.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { Rig } from "./rig.ts";

Deno.test("serveSmtp() answers pipelined commands in one write", async () => {
  const rig = new Rig();
  const over = rig.serve();
  await rig.conn.until("220 ");
  const writes = rig.conn.written.length;
  rig.conn.feed(
    "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\nRCPT TO:<later@example.test>\r\nDATA\r\n",
  );
  await rig.conn.until("354 ");
  assertEquals(rig.conn.written.length, writes + 1);
  rig.conn.feed("A: b\r\n.\r\nMAIL FROM:<a@b>\r\nRSET\r\nQUIT\r\n");
  await over;
  assertEquals(rig.conn.written.length, writes + 2);
  assertEquals(rig.received.length, 1);
});

Deno.test("serveSmtp() does not hold more replies than its bound for a client that never reads", async () => {
  const rig = new Rig();
  rig.conn.feed("MAIL FROM:<refused@b>\r\n".repeat(5) + "EHLO c\r\n" + "MAIL FROM:<ä@b>\r\n".repeat(2000))
    .end();
  await rig.serve();
  assert(rig.conn.written.length > 5);
  for (const w of rig.conn.written) assert(w.length < 17_000);
});

Deno.test("serveSmtp() gives back what it held when a peer vanishes between or within chunks", async () => {
  const all = utf8(
    "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\nBDAT 400008\r\nA: b\r\n\r\n" +
      "x".repeat(400_000) + "BDAT 8\r\nabcdefghBDAT 2 LAST\r\n\r\n",
  );
  for (const cut of [60, 90, 300_000, 400_080, 400_092, 400_100, all.length - 3]) {
    const rig = new Rig();
    const over = rig.serve();
    rig.conn.feed(all.subarray(0, cut), 64_000).end();
    await over;
    assertEquals([rig.spooled, rig.clock.waiting, rig.received.length], [0, 0, 0], `cut at ${cut}`);
  }
  const rig = new Rig();
  rig.conn.feed(all, 64_000).end();
  await rig.serve();
  assertEquals(rig.received.map((r) => r.text.length), [400_018]);
});

Deno.test("serveSmtp() has the same time for a message in chunks as for one by DATA", async () => {
  const rig = new Rig();
  const over = rig.serve();
  rig.conn.feed("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\nBDAT 4\r\n");
  await settle();
  await rig.clock.advance(SMTP_DATA_IDLE + 1);
  await over;
  assertMatch(rig.conn.output, /421 4\.4\.2 [^\r\n]*\r\n$/);

  const slow = new Rig();
  const slowOver = slow.serve();
  slow.conn.feed("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\n");
  for (let ms = 0; ms <= SMTP_DATA_TOTAL + 100_000; ms += 100_000) {
    slow.conn.feed("BDAT 1\r\nx");
    await settle();
    await slow.clock.advance(100_000);
  }
  await slowOver;
  assertMatch(slow.conn.output, /421 4\.4\.2 [^\r\n]*\r\n$/);
});

Deno.test("serveSmtp() tells idle clients that the server stops, and busy ones when they are done", async () => {
  const idle = new Rig();
  const idleOver = idle.serve();
  await idle.conn.until("220 ");
  await settle();
  idle.stop.abort();
  await idleOver;
  assertMatch(idle.conn.output, /\r\n421 4\.3\.2 [^\r\n]*\r\n$/);
  assert(idle.conn.closed);

  const busy = new Rig();
  const busyOver = busy.serve();
  busy.conn.feed("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n");
  await busy.conn.until("354 ");
  busy.stop.abort();
  await settle();
  busy.conn.feed("A: b\r\n.\r\n");
  await busyOver;
  assertMatch(busy.conn.output, /250 2\.0\.0 OK: queued as m1\r\n421 4\.3\.2 [^\r\n]*\r\n$/);

  const early = new Rig();
  early.stop.abort();
  await early.serve();
  assertMatch(early.conn.output, /421 4\.3\.2/);
});

Deno.test("serveSmtp() survives a peer that resets at any moment, and gives back what it holds", async () => {
  const all = utf8(
    "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nA: b\r\n\r\n" +
      "x".repeat(150_000) + "\r\n.\r\nQUIT\r\n",
  );
  for (const cut of [0, 3, 8, 30, 60, 70, 90, 120_000, 150_080, all.length - 3]) {
    const rig = new Rig();
    const over = rig.serve();
    rig.conn.feed(all.subarray(0, cut));
    await settle(5);
    rig.conn.destroy();
    await over;
    assertEquals([rig.spooled, rig.clock.waiting], [0, 0], `cut at ${cut}`);
  }
});

Deno.test("serveSmtp() refuses to start TLS over octets that came in the clear", async () => {
  const rig = new Rig();
  rig.conn.feed("EHLO c\r\nSTARTTLS\r\n").feed("RSET\r\n");
  await rig.serve();
  assertEquals(rig.conn.tls, null);
  assertMatch(rig.conn.output, /554 5\.5\.1 [^\r\n]*\r\n$/);
});

Deno.test("serveSmtp() writes what was pipelined before STARTTLS together with the invitation", async () => {
  const rig = new Rig();
  const over = rig.serve();
  rig.conn.feed("NOOP\r\nEHLO c\r\nSTARTTLS\r\n");
  await rig.conn.until("220 2.0.0");
  rig.conn.feed("EHLO c\r\nQUIT\r\n");
  await over;
  assert(rig.conn.tls !== null);
  assertEquals(rig.received.length, 0);
});

Deno.test("serveSmtp() keeps its promises under any mutation of any dialog", async () => {
  const random = new SeededRandom(20260102);
  const seeds = loadDialogs("smtp").map((d) =>
    concat(d.steps.flatMap((s) => s.kind === "send" ? [s.bytes.subarray(0, 3000)] : []))
  ).filter((s) => s.length > 0);
  const splices = [
    "\r\n",
    "\r",
    "\n",
    ".",
    "\0",
    "\r\n.\r\n",
    "<",
    '"',
    "@",
    " ",
    "\xff",
    "DATA\r\n",
    "AUTH PLAIN\r\n",
    "STARTTLS\r\n",
    "BDAT 5\r\n",
    "BDAT 40 LAST\r\n",
    " BODY=BINARYMIME",
    "RSET\r\n",
    "x".repeat(SMTP_AUTH_LINE),
  ];
  for (let round = 0; round < 400; round++) {
    let input = seeds[random.int(seeds.length)] ?? new Uint8Array(0);
    for (let edits = 1 + random.int(4); edits > 0; edits--) {
      const at = random.int(input.length + 1);
      const kind = random.int(3);
      const piece = kind === 0
        ? utf8(splices[random.int(splices.length)] ?? "")
        : kind === 1
        ? random.bytes(1)
        : new Uint8Array(0);
      input = concat([
        input.subarray(0, at),
        piece,
        input.subarray(Math.min(input.length, at + random.int(kind === 2 ? 40 : 2))),
      ]);
    }
    const listener = (["smtp", "submission", "submissions", "lmtp"] as const)[random.int(4)] ?? "smtp";
    const rig = new Rig({ listener });
    rig.conn.feed(input, 1 + random.int(200)).end();
    await rig.serve();
    const shown = () => `round ${round}: ${JSON.stringify(fromUtf8(input))}`;
    assertEquals([rig.spooled, rig.clock.waiting], [0, 0], shown());
    assert(rig.conn.closed || rig.conn.destroyed, shown());
    for (const reply of rig.conn.output.split("\r\n").slice(0, -1)) {
      assertMatch(reply, /^[2345]\d\d[ -][ -~]*$/, shown());
    }
    assert(!rig.log.lines.some((l) => l.level === "error" && l.event === "session failed"), shown());
    for (const { text, transaction } of rig.received) {
      const binary = transaction.mail.body === "binarymime";
      assert(binary || !/\0|\r(?!\n)|(?<!\r)\n/.test(text), shown());
      assert(
        transaction.recipients.length > 0 && transaction.recipients.length <= rig.settings.recipients,
        shown(),
      );
      if (listener === "submission" || listener === "submissions") {
        assert(transaction.client.account !== null, shown());
      }
    }
  }
});

Deno.test("serveSmtp() lets the receiver see each message while it comes, by DATA and by BDAT", async () => {
  const seen: string[] = [];
  const rig = new Rig();
  const receiver = {
    ...rig.ports.receiver,
    begin: (t: Transaction) => {
      const n = seen.push(`${t.recipients.length} `) - 1;
      return Promise.resolve({
        write: (view: Uint8Array) => {
          seen[n] += fromUtf8(view);
          return true;
        },
      });
    },
  };
  const tapped = new Rig({ ports: { receiver } });
  tapped.conn.feed(
    "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nA: b\r\n\r\n..x\r\n.\r\n" +
      "MAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\n" +
      "BDAT 4\r\nA: bBDAT 7 LAST\r\n\r\n\r\nx\r\nQUIT\r\n",
  );
  await tapped.serve();
  assertEquals(seen, ["1 A: b\r\n\r\n.x\r\n", "2 A: b\r\n\r\nx\r\n"]);
});
