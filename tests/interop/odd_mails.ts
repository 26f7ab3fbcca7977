/** Mails as they should not be, as octets in texts of one character each, CRLF line ends where they have any. */

const part = (boundary: string, ...parts: string[]) =>
  parts.map((p) => `--${boundary}\r\n${p}\r\n`).join("") + `--${boundary}--\r\n`;

const headers: readonly string[] = [
  "",
  "Subject: only a header",
  "Subject:\r\nFrom:\r\nTo:\r\nDate:\r\nMessage-ID:\r\n",
  "subject: lower\r\nSUBJECT: second\r\n",
  "Subject: folded\r\n over\r\n\tthree lines\r\n",
  "Subject: \xc3\xa4\xff raw octets\r\nFrom: \xe4 <a@b>\r\n",
  "Subject: =?utf-8?q?=C3=A4?= =?utf-8?b?w6Q=?=\r\n",
  'Subject: "quoted" \\ and (comment)\r\n',
  "Subject : space before the colon\r\nFrom\t: a@b\r\n",
  "no colon here\r\nSubject: after a line without colon\r\n",
  " leading fold\r\nSubject: after a leading fold\r\n",
  "From a@b Thu Jan  1 00:00:00 1970\r\nSubject: mbox line\r\n",
  'From: a@b, "C, D" <c@d> (note), group: e@f, g@h;, <@route,@more:i@j>\r\n',
  "From: undisclosed-recipients:;\r\nTo: empty: ;, a@b\r\n",
  "From: no address\r\nTo: <>\r\nCc: @b\r\nBcc: a@\r\n",
  "From: a@b\r\nFrom: c@d\r\nSender: \r\nReply-To: x@y\r\nTo: a@b\r\nTo: c@d\r\n",
  'From: (only a comment)\r\nSender: "unclosed <a@b>\r\nReply-To: a@b)(\r\n',
  'From: a b c <d@e>\r\nTo: a.b.c@d.e.f\r\nCc: "a\\"b" <"c d"@e>\r\nBcc: a @ b . c\r\n',
  "From: a@[127.0.0.1]\r\nTo: <a@b> <c@d>\r\nCc: ,,a@b,,\r\nBcc: a@b;c@d\r\n",
  "Date:   Mon,  1 Jan\t2024 00:00:00 +0000  \r\nIn-Reply-To: <a@b> <c@d>\r\nMessage-ID: a@b\r\n",
  `Subject: ${"x".repeat(3000)}\r\n`,
  `To: ${Array.from({ length: 200 }, (_, i) => `u${i}@example.test`).join(",\r\n ")}\r\n`,
  "Content-Type: text\r\n",
  "Content-Type: text/\r\n",
  "Content-Type: /plain\r\n",
  'Content-Type: TEXT/HTML; CHARSET="x\\"y"; a=b; =c; d; e = f\r\n',
  "Content-Type: text/plain; name*0=a; name*1=b; title*=utf-8'de'%c3%a4\r\n",
  "Content-Type: text/plain (comment); charset=(x)y\r\nContent-Transfer-Encoding: QUOTED-PRINTABLE (c)\r\n",
  "Content-Type: text/plain\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: bogus\r\n",
  'Content-Disposition: attachment; filename="\xc3\xa4 b"\r\nContent-Language: de, en (x)\r\nContent-Location: http://a/\r\n b\r\n',
  "Content-ID: <a@b>\r\nContent-Description: d\r\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\nContent-Type: image/gif\r\n",
];

const multiparts: readonly string[] = [
  "Content-Type: multipart/mixed; boundary=a\r\n\r\n" +
  part("a", "\r\none", "Content-Type: text/html\r\n\r\ntwo\r\n"),
  "Content-Type: multipart/mixed; boundary=a\r\n\r\nno boundary at all\r\n",
  "Content-Type: multipart/mixed\r\n\r\n--a\r\n\r\nno parameter\r\n--a--\r\n",
  'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nx\r\n----\r\n',
  "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nnot closed\r\n",
  "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a--\r\nclosed before it began\r\n",
  "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a \t\r\n\r\nspace after\r\n--ab\r\nlonger\r\n--a--x\r\n",
  "Content-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n" + part("a", "Subject: no end of header") +
  "epilogue",
  "Content-Type: multipart/alternative; boundary=a\r\n\r\n" +
  part("a", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part("b", "\r\n1", "\r\n2"), "\r\n3"),
  "Content-Type: multipart/alternative; boundary=a\r\n\r\n" +
  part("a", "Content-Type: multipart/mixed; boundary=a\r\n\r\n" + part("a", "\r\nthe same one"), "\r\n3"),
  "Content-Type: multipart/digest; boundary=a\r\n\r\n" +
  part("a", "\r\nFrom: a@b\r\nSubject: in digest\r\n\r\nx", "Content-Type: text/plain\r\n\r\ny"),
  "Content-Type: message/rfc822\r\n\r\nFrom: a@b\r\nTo: c@d\r\nSubject: inner\r\n\r\nbody\r\nof two lines\r\n",
  "Content-Type: message/rfc822\r\n\r\n",
  "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQp5DQo=\r\n",
  "Content-Type: multipart/mixed; boundary=a\r\n\r\n" +
  part(
    "a",
    "Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
      part("b", "\r\nx"),
  ),
  "Content-Type: multipart/report; report-type=delivery-status; boundary=a\r\n\r\n" +
  part(
    "a",
    "\r\ntold",
    "Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
    "Content-Type: text/rfc822-headers\r\n\r\nA: b\r\n",
  ),
  "Content-Type: multipart/signed; boundary=a; micalg=x\r\n\r\n" +
  part(
    "a",
    "\r\nsigned",
    "Content-Type: application/pgp-signature; name=s\r\nContent-Disposition: inline\r\n\r\nxyz",
  ),
  "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a b'()+_,-./:=?\"\r\n\r\n--a b'()+_,-./:=?\r\n\r\nx\r\n--a b'()+_,-./:=?--\r\n",
];

const bodies: readonly string[] = [
  "\r\n",
  "\r\n\r\n",
  "Subject: x\r\n\r\nno line end",
  "Subject: x\n\nbare LF\nlines\n",
  "Subject: x\r\n\nmixed\r\nends\n",
  "Subject: x\r\n\r\nbare\rCR and CR at the end\r",
  "Subject: x\r\n\r\n\xff\xfe\x01\x7f octets\r\n",
];

/** All of them; none empty, since an empty message cannot be appended. */
export const ODD_MAILS: readonly string[] = [
  ...headers.map((h) => `${h}\r\nbody of one line\r\n`),
  ...headers.slice(1, 8),
  ...multiparts,
  ...bodies,
];
