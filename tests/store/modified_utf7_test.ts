import fc from "fast-check";
import { decodeModifiedUtf7, encodeModifiedUtf7 } from "../../mod/store/modified_utf7.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("modified UTF-7 both ways", () => {
  for (
    const [text, encoded] of [
      ["INBOX", "INBOX"],
      ["Büro", "B&APw-ro"],
      ["A&B", "A&-B"],
      ["~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"], // RFC 3501 5.1.3
      ["😀", "&2D3eAA-"],
      ["", ""],
    ] as const
  ) {
    assertEquals(encodeModifiedUtf7(text), encoded);
    assertEquals(decodeModifiedUtf7(encoded), text);
  }
});

Deno.test("decodeModifiedUtf7() takes only the one right form", () => {
  for (
    const bad of [
      "&",
      "&A",
      "&AGE-",
      "&APw",
      "&APx-",
      "&APw-&APw-",
      "B\u00fcro",
      "&2D0-",
      "&APw=-",
      "a\tb",
      "&Jjo!",
    ]
  ) {
    assertEquals(decodeModifiedUtf7(bad), null, bad);
  }
});

Deno.test("decodeModifiedUtf7() undoes encodeModifiedUtf7(), and what it takes has no second spelling", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const encoded = encodeModifiedUtf7(text);
    assert(/^[ -~]*$/.test(encoded));
    assertEquals(decodeModifiedUtf7(encoded), text);
  }));
  const alphabet = fc.constantFrom(..."&-AaPw,+/Zz9");
  fc.assert(fc.property(fc.array(alphabet, { maxLength: 12 }), (chars) => {
    const encoded = chars.join("");
    const text = decodeModifiedUtf7(encoded);
    if (text !== null) assertEquals(encodeModifiedUtf7(text), encoded);
  }));
});
