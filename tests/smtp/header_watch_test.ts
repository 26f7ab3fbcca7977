import { utf8 } from "../../mod/base/bytes.ts";
import { HeaderWatch } from "../../mod/smtp/header_watch.ts";
import { assertEquals } from "../support/assert.ts";

const LIMITS = { size: 200, lines: 12, hops: 3 };

function watch(text: string, size: number): [boolean, string | null] {
  const w = new HeaderWatch(LIMITS);
  const bytes = utf8(text);
  for (let at = 0; at < bytes.length; at += size) w.write(bytes.subarray(at, at + size));
  return [w.ended, w.fault];
}

Deno.test("HeaderWatch counts hops, lines and octets of the header block only, in every chunking", () => {
  const hop = "Received: x\r\n";
  const table: [string, boolean, string | null][] = [
    ["", false, null],
    ["A: b\r\n", false, null],
    ["A: b\r\n\r\nbody", true, null],
    [hop.repeat(3) + "\r\n", true, null],
    [hop.repeat(4) + "\r\n", true, "loop"],
    ["RECEIVED: x\r\nreceived:x\r\nReceived : x\r\nReCeIvEd:\r\n", true, "loop"],
    [hop.repeat(3) + "Received-SPF: x\r\nXReceived: y\r\nReceive: z\r\nReceivedd: z\r\n\r\n", true, null],
    [hop.repeat(3) + "A: b\r\n Received: folded\r\n\tReceived: folded\r\n\r\n", true, null],
    [hop.repeat(3) + "\r\n" + hop, true, null],
    [hop.repeat(3) + "no field\r\n" + hop, true, null],
    ["A:\r\n".repeat(12) + "\r\n", true, null],
    ["A:\r\n".repeat(13) + "\r\n", true, "header-too-big"],
    ["A:\r\n" + " \r\n".repeat(12), true, "header-too-big"],
    ["A: " + "x".repeat(195) + "\r\n", false, null],
    ["A: " + "x".repeat(196) + "\r\n", true, "header-too-big"],
    ["A: b\r\n\r\n" + "x".repeat(500), true, null],
    [":\r\n" + hop.repeat(5), true, null],
    ["ä: b\r\n" + hop.repeat(5), true, null],
  ];
  for (const [text, ended, fault] of table) {
    for (let size = 1; size <= Math.max(1, text.length); size++) {
      assertEquals(watch(text, size), [ended, fault], JSON.stringify([text, size]));
    }
  }
});
