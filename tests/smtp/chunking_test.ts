/** RFC 3030 against RFC 5321: however a message is cut, it arrives as by DATA, or is refused as by DATA. */
import fc from "fast-check";
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { Rig } from "./rig.ts";

const HEAD = "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\n";

interface Met {
  readonly texts: readonly string[];
  /** The replies from the message's on. */
  readonly last: string;
}

async function met(octets: Uint8Array, size: number): Promise<Met> {
  const rig = new Rig();
  rig.conn.feed(concat([utf8(HEAD), octets, utf8("NOOP\r\nQUIT\r\n")]), size).end();
  await rig.serve();
  const lines = rig.conn.output.split("\r\n").slice(0, -1);
  assertMatch(lines.at(-1) ?? "", /^221 /);
  assertEquals(lines.at(-2), "250 2.0.0 OK");
  return { texts: rig.received.map((r) => r.text), last: (lines.at(-3) ?? "").slice(0, 10) };
}

/** The message by BDAT, cut at the given places. */
function chunks(message: Uint8Array, cuts: readonly number[]): Uint8Array {
  const places = [0, ...cuts.map((c) => c % (message.length + 1)).sort((a, b) => a - b), message.length];
  const pieces = places.slice(1).map((to, i) => {
    const piece = message.subarray(places[i], to);
    const last = i === places.length - 2 ? " LAST" : "";
    return concat([utf8(`BDAT ${piece.length}${last}\r\n`), piece]);
  });
  return concat(pieces);
}

function stuffed(text: string): Uint8Array {
  return utf8(`${text.replace(/^\./, "..").replaceAll("\r\n.", "\r\n..")}.\r\n`);
}

const word = fc.constantFrom("\r\n", ".", "A: b", "\r\n.\r\n", "QUIT", "BDAT 5 LAST", "x", "", " ");

Deno.test("a message arrives by BDAT as it does by DATA, however it is cut and however it comes", async () => {
  const lines = fc.array(word, { maxLength: 12 }).map((words) => `A: b\r\n\r\n${words.join("")}\r\n`);
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.integer({ min: 1, max: 90 }),
      async (text, cuts, size) => {
        const byData = await met(concat([utf8("DATA\r\n"), stuffed(text)]), size);
        const byChunks = await met(chunks(utf8(text), cuts), size);
        assertEquals(byData.texts, [text]);
        assertEquals(byChunks, byData);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("what DATA refuses BDAT refuses, and the session stays in step", async () => {
  const odd = fc.array(fc.oneof(word, fc.constantFrom("\r", "\n", "\0")), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      odd,
      fc.array(fc.nat(), { maxLength: 3 }),
      fc.integer({ min: 1, max: 90 }),
      async (words, cuts, size) => {
        const text = `A: b\r\n\r\n${words.join("")}\r\n`;
        const clean = !/\0|\r(?!\n)|(?<!\r)\n/.test(text);
        const { texts, last } = await met(chunks(utf8(text), cuts), size);
        assertEquals(texts, clean ? [text] : []);
        // After a fault the chunks that were already on their way are refused for being late.
        assertMatch(last, clean ? /^250 2\.0\.0/ : /^(?:550 5\.6\.(?:0|11)|503 5\.5\.1)/);
      },
    ),
    { numRuns: 80 },
  );
});
