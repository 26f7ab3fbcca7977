import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { LineCutter } from "../../mod/pop3/top.ts";
import { assertEquals } from "../support/assert.ts";

const MESSAGE = "A: 1\r\nB: 2\r\n\r\nline 1\r\n.line 2\r\n\r\nline 4\r\n";
const CASES: readonly { readonly lines: number; readonly message?: string; readonly want: string }[] = [
  { lines: 0, want: "A: 1\r\nB: 2\r\n\r\n" },
  { lines: 1, want: "A: 1\r\nB: 2\r\n\r\nline 1\r\n" },
  { lines: 3, want: "A: 1\r\nB: 2\r\n\r\nline 1\r\n.line 2\r\n\r\n" },
  { lines: 99, want: MESSAGE },
  { lines: 0, message: "A: 1\r\nno blank line", want: "A: 1\r\nno blank line" },
  { lines: 1, message: "\r\nbody only\r\nmore\r\n", want: "\r\nbody only\r\n" },
];

Deno.test("LineCutter gives header and so many lines, in every chunking", () => {
  for (const { lines, message = MESSAGE, want } of CASES) {
    const bytes = utf8(message);
    for (let size = 1; size <= bytes.length; size++) {
      const cutter = new LineCutter(lines);
      const got: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) got.push(cutter.take(bytes.subarray(at, at + size)));
      assertEquals(fromUtf8(concat(got)), want, `${lines} lines by ${size}`);
    }
  }
});
