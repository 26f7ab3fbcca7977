import { concat, fromAscii, utf8 } from "../../mod/base/bytes.ts";
import { FETCH_WHOLE } from "../../mod/base/limits.ts";
import { decodeNow, findEncoded, UnknownEncoding } from "../../mod/imap/fetch_binary.ts";
import { MemorySource } from "../../mod/imap/fetch_content.ts";
import { fetchMessages } from "../../mod/imap/fetch.ts";
import { parseFetchItems } from "../../mod/imap/parse_fetch.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { FakeMailbox, TextSink } from "./fake_mailbox.ts";
import { pieces } from "./pieces.ts";

const MAIL = utf8(
  "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
    "--b\r\nContent-Transfer-Encoding: Base64\r\n\r\nYQBi\r\n" +
    "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41=\r\nB\r\n" +
    "--b\r\n\r\nplain\r\n" +
    "--b\r\nContent-Transfer-Encoding: x-unknown\r\n\r\n???\r\n" +
    "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nSubject: in\r\n\r\nb\r\n--b--\r\n",
);

async function fetchAll(box: FakeMailbox, text: string) {
  const sink = new TextSink();
  let now = 0;
  const outcome = await fetchMessages({
    mailbox: box,
    view: box.view,
    seqs: box.view.map((_, i) => i + 1),
    items: parseFetchItems(new CommandReader(pieces(text), { utf8: false })),
    uid: false,
    isRecent: () => false,
    sink,
    clock: { monotonic: () => now++ },
    pause: () => Promise.resolve(),
  });
  return { text: sink.text(), largest: sink.largest, ...outcome };
}

/** Small, and so large that it is read piece by piece. */
const SIZES = [MAIL, concat([MAIL, new Uint8Array(FETCH_WHOLE).fill(0x20)])];

Deno.test("FETCH BINARY tells parts decoded, as literal8 where NUL is among them", async () => {
  const rows: [string, string][] = [
    ["BINARY[1]", "BINARY[1] ~{3}\r\na\0b"],
    ["BINARY.PEEK[1]<0.1>", "BINARY[1]<0> {1}\r\na"],
    ["BINARY[1]<1.1>", "BINARY[1]<1> ~{1}\r\n\0"],
    ["BINARY[1]<2.100>", "BINARY[1]<2> {1}\r\nb"],
    ["BINARY[1]<3.1>", 'BINARY[1]<3> ""'],
    ["BINARY.SIZE[1]", "BINARY.SIZE[1] 3"],
    ["BINARY[2]", "BINARY[2] {2}\r\nAB"],
    ["BINARY.SIZE[2]", "BINARY.SIZE[2] 2"],
    ["BINARY[3]", "BINARY[3] {5}\r\nplain"],
    ["BINARY[5]", "BINARY[5] {16}\r\nSubject: in\r\n\r\nb"],
    ["BINARY[7]", "BINARY[7] NIL"],
    ["BINARY.SIZE[7]", "BINARY.SIZE[7] 0"],
    ["(BINARY.SIZE[1] BINARY[1])", "BINARY.SIZE[1] 3 BINARY[1] ~{3}\r\na\0b"],
    ["(BINARY.SIZE[1] BINARY.SIZE[2])", "BINARY.SIZE[1] 3 BINARY.SIZE[2] 2"],
  ];
  for (const bytes of SIZES) {
    for (const [item, want] of rows) {
      const box = new FakeMailbox(bytes);
      if (bytes !== MAIL) box.how = "later";
      const { text, undecoded, seen } = await fetchAll(box, item);
      assertEquals(text, `* 1 FETCH (${want})\r\n`, item);
      assertEquals([undecoded, seen.length], [false, /BINARY\[/.test(item) ? 1 : 0], item);
    }
    const box = new FakeMailbox(bytes);
    const whole = await fetchAll(box, "BINARY.SIZE[]");
    assertEquals(whole.text, `* 1 FETCH (BINARY.SIZE[] ${bytes.length})\r\n`);
  }
});

Deno.test("FETCH BINARY leaves out what it cannot decode, and goes on", async () => {
  for (const bytes of SIZES) {
    const box = new FakeMailbox(utf8("\r\nfirst"), bytes, utf8("\r\nlast"));
    const { text, undecoded } = await fetchAll(box, "(BODY.PEEK[] BINARY.SIZE[4])");
    assertEquals(undecoded, true);
    assert(!text.includes("* 2 FETCH") && text.includes("* 1 FETCH") && text.includes("* 3 FETCH"));
  }
});

Deno.test("FETCH BINARY decodes a large part with bounded memory", async () => {
  const line = "QUFB".repeat(19) + "\r\n";
  const n = 20_000;
  const head = "Content-Transfer-Encoding: base64\r\n\r\n";
  const box = new FakeMailbox(utf8(head + line.repeat(n)));
  box.how = "later";
  const { text, largest } = await fetchAll(box, "BINARY[1]");
  const size = 57 * n;
  assertEquals(text.slice(0, 40), `* 1 FETCH (BINARY[1] {${size}}\r\n${"A".repeat(40)}`.slice(0, 40));
  assertEquals(text.length, `* 1 FETCH (BINARY[1] {${size}}\r\n)\r\n`.length + size);
  assert(largest < 200_000, `${largest}`);
});

Deno.test("findEncoded() knows five encodings and no others", () => {
  const find = (encoding: string) =>
    findEncoded(new MemorySource(utf8(`Content-Transfer-Encoding: ${encoding}\r\n\r\nQUE=`)), [1]);
  for (const encoding of ["7bit", "8BIT", "binary", "Base64", "quoted-printable", ""]) {
    const found = find(encoding);
    assert(found);
    const message = utf8(`Content-Transfer-Encoding: ${encoding}\r\n\r\nQUE=`);
    assertEquals(
      fromAscii(decodeNow(message, found)),
      /64/.test(encoding) ? "AA" : /quoted/.test(encoding) ? "QUE" : "QUE=",
    );
  }
  for (const encoding of ["uuencode", "base64x", "x-gzip64"]) {
    assert(assertThrows(() => find(encoding)) instanceof UnknownEncoding);
  }
});
