/** How fast the pure parts are, in this process. */
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { parseCommand as parseImap } from "../../mod/imap/parse.ts";
import { parseEnvelope } from "../../mod/mail/envelope.ts";
import { scanStructure } from "../../mod/mail/structure.ts";
import { parseCommand as parseSmtp } from "../../mod/smtp/command.ts";
import { DotDecoder } from "../../mod/wire/dots.ts";
import type { Row } from "./table.ts";

const HEADER = utf8(
  "Received: from a.test (a.test [192.0.2.1]) by mx.test with ESMTPS id 1 for <b@test>;\r\n Mon, 5 Jan 2026 10:00:00 +0000\r\n" +
    'From: "Alice Example" <alice@example.org>\r\nTo: Bob <bob@example.net>, =?utf-8?q?J=C3=BCrgen?= <j@example.net>\r\n' +
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from here\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n" +
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xyz\r\n\r\n",
);
const PART = utf8(
  `--xyz\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${`${"line of text ".repeat(5)}\r\n`.repeat(30)}`,
);
const MESSAGE = concat([HEADER, PART, PART, utf8("--xyz--\r\n")]);

/** Calls a second: repeats for about 300 ms after warming up. */
function rate(work: () => void): number {
  for (let i = 0; i < 200; i++) work();
  let calls = 0;
  const start = performance.now();
  while (performance.now() - start < 300) {
    for (let i = 0; i < 20; i++) work();
    calls += 20;
  }
  return calls / ((performance.now() - start) / 1000);
}

/** One row for each parser. */
export function parserRows(): Promise<Row[]> {
  const mail = utf8("MAIL FROM:<alice@example.org> SIZE=4096 BODY=8BITMIME");
  const fetch = [{
    kind: "text" as const,
    bytes: utf8("a1 UID FETCH 1:100,200,300:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.100>)"),
  }];
  const data = concat([...Array.from({ length: 16 }, () => MESSAGE), utf8("\r\n.\r\n")]);
  const perMb = (calls: number, octets: number) => (calls * octets) / 1e6;
  return Promise.resolve([
    { what: "parse SMTP MAIL", value: rate(() => parseSmtp(mail)), unit: "/s" },
    { what: "parse IMAP UID FETCH", value: rate(() => parseImap(fetch, { utf8: false })), unit: "/s" },
    { what: "parse an envelope", value: rate(() => parseEnvelope(HEADER)), unit: "/s" },
    {
      what: "scan MIME structure",
      value: perMb(rate(() => scanStructure(MESSAGE)), MESSAGE.length),
      unit: "MB/s",
    },
    {
      what: "unstuff DATA",
      value: perMb(rate(() => new DotDecoder().write(data, () => {})), data.length),
      unit: "MB/s",
    },
  ]);
}
