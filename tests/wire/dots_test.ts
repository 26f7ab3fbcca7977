import fc from "fast-check";
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { type DataFault, DotDecoder } from "../../mod/wire/dots.ts";
import { DotStuffer } from "../../mod/wire/stuffing.ts";
import { assert, assertEquals } from "../support/assert.ts";

interface Decoded {
  readonly message: string;
  readonly used: number;
  readonly done: boolean;
  readonly fault: DataFault | null;
}

function decode(text: string, size = Infinity): Decoded {
  const bytes = utf8(text);
  const decoder = new DotDecoder();
  const out: Uint8Array[] = [];
  let used = 0;
  while (used < bytes.length && !decoder.done) {
    const chunk = bytes.slice(used, Math.min(bytes.length, used + size));
    const n = decoder.write(chunk, (view) => {
      assert(view.length > 0);
      out.push(view.slice());
    });
    assert(n === chunk.length || decoder.done);
    used += n;
  }
  return { message: fromUtf8(concat(out)), used, done: decoder.done, fault: decoder.fault };
}

/** The same by the plainest means, from the whole text. */
function model(text: string): Decoded {
  const end = text.startsWith(".\r\n") ? 0 : text.indexOf("\r\n.\r\n") + 2;
  const done = end !== 1;
  const raw = done ? text.slice(0, end) : text;
  const message = raw.replace(/(^|\r\n)\.(?!$)/g, "$1");
  const seen = done ? raw : text;
  const bare = /\r(?!\n)|(?<!\r)\n/.test(seen);
  return {
    message,
    used: done ? end + 3 : text.length,
    done,
    fault: seen.includes("\0") ? "nul" : bare ? "bare" : null,
  };
}

Deno.test("DotDecoder ends a message at CRLF . CRLF and at nothing else", () => {
  const ends = ["\r\n", "\r", "\n"];
  for (const before of [...ends, "", "\r\r", "\n\n", "\n\r"]) {
    for (const after of [...ends, "", "\r\r\n", "\n\r\n", " \r\n", ".\r\n"]) {
      const text = `a${before}.${after}b\r\n.\r\nQUIT\r\n`;
      const real = before === "\r\n" && after === "\r\n";
      for (let size = 1; size <= text.length; size++) {
        const got = decode(text, size);
        assertEquals(got.used, real ? 6 : text.length - 6, JSON.stringify(text));
        assertEquals(got.done, true);
        assertEquals(got.message, model(text).message, JSON.stringify([text, size]));
        const clean = before === "\r\n" && [" \r\n", ".\r\n", ""].includes(after) ||
          before === "" && ["\r\n", " \r\n", ".\r\n", ""].includes(after);
        assertEquals(got.fault, real || clean ? null : "bare", JSON.stringify([text, size]));
      }
    }
  }
});

Deno.test("DotDecoder removes stuffing and keeps the rest, in every chunking", () => {
  const table: [string, string, DataFault | null][] = [
    [".\r\n", "", null],
    ["\r\n.\r\n", "\r\n", null],
    ["a\r\n.\r\n", "a\r\n", null],
    ["..\r\n.\r\n", ".\r\n", null],
    ["...a\r\n..b\r\n.c\r\n.\r\n", "..a\r\n.b\r\nc\r\n", null],
    ["a.\r\n.\r\n", "a.\r\n", null],
    ["a\r\n\r\n..\r\n\r\n.\r\n", "a\r\n\r\n.\r\n\r\n", null],
    ["a\0b\r\n.\r\n", "a\0b\r\n", "nul"],
    ["\r.\r\n.\r\n", "\r.\r\n", "bare"],
    [".\rx\r\n.\r\n", "\rx\r\n", "bare"],
    [".\r\r\n.\r\n", "\r\r\n", "bare"],
    ["a\r\r\n.\r\n", "a\r\r\n", "bare"],
    [".\n.\r\n\r\n.\r\n", "\n.\r\n\r\n", "bare"],
  ];
  for (const [text, message, fault] of table) {
    for (let size = 1; size <= text.length; size++) {
      assertEquals(
        decode(text + "MAIL\0\n", size),
        { message, used: text.length, done: true, fault },
        JSON.stringify([text, size]),
      );
    }
  }
});

Deno.test("DotDecoder agrees with a plain model on any octets in any chunking", () => {
  const text = fc.string({
    unit: fc.constantFrom("\r\n", "\r", "\n", ".", "..", "a", "bc", "\r\n.\r\n"),
    maxLength: 14,
  });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (t, size) => {
      const got = decode(t, size);
      const want = model(t);
      assertEquals([got.done, got.used], [want.done, want.used]);
      if (!want.done) return; // what an unfinished message gave so far may lack its last octets
      assertEquals(got, want);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("DotDecoder passes whole lines as one view of the chunk, without copying", () => {
  const chunk = utf8("one\r\ntwo\r\nthree\r\n".repeat(100) + ".\r\n");
  const views: Uint8Array[] = [];
  new DotDecoder().write(chunk, (v) => views.push(v));
  assertEquals(views.length, 1);
  assertEquals(views[0]?.buffer, chunk.buffer);
});

Deno.test("DotDecoder stays linear on chunks of nothing but CR, LF or dots", () => {
  for (const unit of ["\n", "\r", ".", "\r\n", "\n\r", ".\n", "\r\n."]) {
    const chunk = utf8(unit.repeat(Math.floor((1 << 20) / unit.length)));
    const decoder = new DotDecoder();
    const began = performance.now();
    decoder.write(chunk, () => {});
    assert(performance.now() - began < 1000, JSON.stringify(unit));
  }
});

Deno.test("DotDecoder takes back what DotStuffer gives", () => {
  const text = fc.string({ unit: fc.constantFrom("\r\n", ".", "a"), maxLength: 14 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (t, size) => {
      const encoder = new DotStuffer();
      const wire: Uint8Array[] = [];
      const bytes = utf8(t);
      for (let at = 0; at < bytes.length; at += size) {
        wire.push(encoder.write(bytes.slice(at, at + size)).slice());
      }
      wire.push(encoder.end());
      const got = decode(fromUtf8(concat(wire)), size);
      assertEquals(got.message, t === "" || t.endsWith("\r\n") ? t : t + "\r\n");
      assertEquals([got.done, got.fault], [true, null]);
    }),
    { numRuns: 2000 },
  );
});
