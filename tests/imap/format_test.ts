import fc from "fast-check";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import * as format from "../../mod/imap/format.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { ResponseBuffer } from "../../mod/imap/response_buffer.ts";
import type { Piece } from "../../mod/imap/types.ts";
import { assertEquals } from "../support/assert.ts";
import { latin1, taken } from "./pieces.ts";

function written(write: (out: ResponseBuffer) => void): string {
  const out = new ResponseBuffer(8);
  write(out);
  return taken(out);
}

Deno.test("writers write the lines of RFC 3501 7", () => {
  const table: readonly (readonly [(out: ResponseBuffer) => void, string])[] = [
    [(o) => format.writeStatus(o, "a1", "OK", null, "Done"), "a1 OK Done\r\n"],
    [(o) => format.writeStatus(o, "*", "NO", "TRYCREATE", "No"), "* NO [TRYCREATE] No\r\n"],
    [(o) => format.writeStatus(o, "*", "BYE", null, ""), "* BYE BYE\r\n"],
    [(o) => format.writeCount(o, 23, "EXISTS"), "* 23 EXISTS\r\n"],
    [(o) => format.writeFlagList(o, []), "()"],
    [(o) => format.writeFlags(o, 1 | 16 | 64, ["a", "b"], true), "(\\Seen \\Draft \\Recent b)"],
    [(o) => format.writeFlags(o, 1 << 30, Array.from({ length: 26 }, (_, i) => `k${i}`), false), "(k25)"],
    [(o) => format.writeNstring(o, null), "NIL"],
    [(o) => format.writeAstring(o, "abc"), "abc"],
    [(o) => format.writeAstring(o, "NIL"), '"NIL"'],
    [(o) => format.writeAstring(o, ""), '""'],
    [(o) => format.writeAstring(o, "a b"), '"a b"'],
    [(o) => format.writeMailbox(o, "a&\u00e9", false), "a&-&AOk-"],
    [(o) => format.writeSearch(o, [2, 50]), "* SEARCH 2 50\r\n"],
    [(o) => format.writeSearch(o, []), "* SEARCH\r\n"],
    [
      (o) =>
        format.writeEsearch(o, {
          tag: "a",
          uid: true,
          found: [2, 3, 9],
          returns: ["COUNT", "ALL", "MIN", "MAX"],
        }),
      '* ESEARCH (TAG "a") UID MIN 2 MAX 9 ALL 2:3,9 COUNT 3\r\n',
    ],
    [
      (o) => format.writeEsearch(o, { tag: "a", uid: false, found: [], returns: ["ALL", "MIN"] }),
      '* ESEARCH (TAG "a")\r\n',
    ],
    [
      (o) => format.writeEsearch(o, { tag: "a", uid: false, found: [], returns: ["COUNT"] }),
      '* ESEARCH (TAG "a") COUNT 0\r\n',
    ],
    [
      (o) =>
        format.writeList(
          o,
          "LIST",
          { separator: "/", name: "a b", attributes: ["Sent", "HasNoChildren"] },
          false,
        ),
      '* LIST (\\Sent \\HasNoChildren) "/" "a b"\r\n',
    ],
    [
      (o) => format.writeList(o, "LSUB", { separator: "\\", name: "x", attributes: [] }, false),
      '* LSUB () "\\\\" x\r\n',
    ],
    [
      (o) =>
        format.writeList(
          o,
          "LIST",
          { separator: null, name: "x", attributes: [], childInfo: ["SUBSCRIBED"] },
          false,
        ),
      '* LIST () NIL x ("CHILDINFO" ("SUBSCRIBED"))\r\n',
    ],
    [
      (o) => format.writeMailboxStatus(o, "INBOX", [["MESSAGES", 3], ["UNSEEN", 0]], false),
      "* STATUS INBOX (MESSAGES 3 UNSEEN 0)\r\n",
    ],
    [(o) => o.ascii(format.copyUidCode(7, [1, 2, 5], [11, 12, 13])), "COPYUID 7 1:2,5 11:13"],
    [(o) => o.ascii(format.appendUidCode(7, [4])), "APPENDUID 7 4"],
  ];
  for (const [write, want] of table) assertEquals(written(write), want);
});

Deno.test("writeMailbox() writes UTF-8 once it is enabled", () => {
  const out = new ResponseBuffer(1);
  format.writeMailbox(out, '\u00e9"\\&', true);
  assertEquals(fromUtf8(out.take()), '"\u00e9\\"\\\\&"');
});

Deno.test("writeString() chooses between quotes and a literal", () => {
  const table: readonly (readonly [string, string])[] = [
    ["", '""'],
    ["a b", '"a b"'],
    ['a"b\\', '"a\\"b\\\\"'],
    ["a\tb", '"a\tb"'],
    ["a\r\nb", "{4}\r\na\r\nb"],
    ["a\nb", "{3}\r\na\nb"],
    ["caf\u00e9", "{4}\r\ncaf\u00e9"],
    ["a\u007fb", "{3}\r\na\u007fb"],
  ];
  for (const [text, want] of table) {
    assertEquals(written((o) => format.writeString(o, latin1(text))), want);
  }
  const out = new ResponseBuffer();
  format.writeString(out, new Uint8Array([0x61, 0, 0x62]));
  assertEquals([...out.take()], [...utf8("{3}\r\na"), 0x80, 0x62]);
});

Deno.test("what writeString() writes is read back as it was", () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 1, maxLength: 20 }), (bytes) => {
      const out = new ResponseBuffer(1);
      format.writeString(out, bytes);
      const text = out.take();
      const end = text.indexOf(0x0a);
      const isLiteral = text[0] === 0x7b;
      const all: Piece[] = isLiteral
        ? [{ kind: "text", bytes: utf8("") }, {
          kind: "literal",
          bytes: text.subarray(end + 1),
          binary: false,
        }]
        : [{ kind: "text", bytes: text }];
      assertEquals(new CommandReader(all, { utf8: false }).string("x"), bytes);
    }),
    { numRuns: 500, seed: 1 },
  );
});
