import { IMAP_URL } from "../../mod/base/limits.ts";
import { parseImapUrl, quotedUrl } from "../../mod/imap/imap_url.ts";
import { assertEquals } from "../support/assert.ts";
import fc from "fast-check";

const WHOLE = { part: [], text: "", fields: [] } as const;
const NONE = { mailbox: "Drafts", uidValidity: null, uid: 20, section: WHOLE, partial: null };

Deno.test("parseImapUrl() reads what RFC 5092 and RFC 4469 have", () => {
  const rows: readonly (readonly [string, unknown])[] = [
    ["/Drafts/;UID=20", NONE],
    ["/Drafts/;UID=20/", NONE], // as Dovecot
    ["/Drafts/;UID=20/;SECTION=1/", { ...NONE, section: { ...WHOLE, part: [1] } }],
    [
      "/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER",
      { ...NONE, uidValidity: 385759045, section: { ...WHOLE, text: "HEADER" } },
    ],
    ["/Drafts/;uid=20/;SECTION=1.2.MIME", { ...NONE, section: { ...WHOLE, part: [1, 2], text: "MIME" } }],
    [
      "/Drafts/;UID=20/;SECTION=HEADER.FIELDS%20(DATE%20%22from%22)/;PARTIAL=5.7",
      {
        ...NONE,
        section: { part: [], text: "HEADER.FIELDS", fields: ["DATE", "from"] },
        partial: { offset: 5, length: 7 },
      },
    ],
    ["/Drafts/;UID=20/;PARTIAL=0", { ...NONE, partial: { offset: 0, length: null } }],
    ["/INBOX/a%20b%2F%E4%BD%A0/;UID=1", { ...NONE, mailbox: "INBOX/a b/\u4f60", uid: 1 }],
    [";UID=4294967295/;SECTION=1", {
      ...NONE,
      mailbox: null,
      uid: 4294967295,
      section: { ...WHOLE, part: [1] },
    }],
    ["/../../bob/;UID=20", { ...NONE, mailbox: "../../bob" }],
  ];
  for (const [url, expected] of rows) assertEquals(parseImapUrl(url), expected as typeof NONE, url);
});

Deno.test("parseImapUrl() takes no other servers, users, searches, keys nor nonsense", () => {
  const bad = [
    "",
    "/",
    "/Drafts",
    "Drafts/;UID=20",
    "/;UID=20",
    "//other.example/Drafts/;UID=20",
    "imap://mail.example.test/Drafts/;UID=20",
    "imap://bob@mail.example.test/Drafts/;UID=20",
    "file:///etc/passwd",
    "/Drafts/;UID=0",
    "/Drafts/;UID=4294967296",
    "/Drafts/;UID=99999999999999999999",
    "/Drafts/;UID=-1",
    "/Drafts/;UID=1:*",
    "/Drafts;UIDVALIDITY=0/;UID=20",
    "/Drafts;UIDVALIDITY=4294967296/;UID=20",
    "/Drafts;UIDVALIDITY=x/;UID=20",
    "/Drafts/;UID=20/;SECTION=",
    "/Drafts/;UID=20/;SECTION=0",
    "/Drafts/;UID=20/;SECTION=MIME",
    "/Drafts/;UID=20/;SECTION=1]",
    "/Drafts/;UID=20/;SECTION=1]x",
    "/Drafts/;UID=20/;SECTION=HEADER.FIELDS",
    "/Drafts/;UID=20/;SECTION=HEADER.FIELDS%20()",
    "/Drafts/;UID=20/;SECTION=%00",
    `/Drafts/;UID=20/;SECTION=${"1.".repeat(200)}1`,
    "/Drafts/;UID=20/;PARTIAL=1.0",
    "/Drafts/;UID=20/;PARTIAL=x",
    "/Drafts/;UID=20/;PARTIAL=0.4294967296",
    "/Drafts/;UID=20/;PARTIAL=0.1/;SECTION=1",
    "/Drafts/;UID=20;URLAUTH=anonymous:internal:00",
    "/Drafts?TEXT%20x",
    "/Drafts/;UID=20?TEXT%20x",
    "/Drafts/;UID=20#x",
    "/%ff/;UID=20",
    "/%/;UID=20",
    `/${"x".repeat(IMAP_URL)}/;UID=20`,
  ];
  for (const url of bad) assertEquals(parseImapUrl(url), null, url);
});

Deno.test("parseImapUrl() is quick and never throws, and quotedUrl() fits into a response, whatever comes", () => {
  const piece = fc.constantFrom(
    "/",
    ";UID=",
    "20",
    ";SECTION=",
    ";PARTIAL=",
    "%",
    "%41",
    ".",
    "\0",
    "]",
    '"',
    "\ud800",
  );
  const text = fc.array(fc.oneof(piece, fc.string({ unit: "binary" })), { maxLength: 20 }).map((p) =>
    p.join("")
  );
  fc.assert(fc.property(text, (url) => {
    parseImapUrl(url);
    const quoted = quotedUrl(url);
    return /^"[\x20-\x5b\x5e-\x7e]*"$/.test(quoted) && !quoted.slice(1, -1).includes('"');
  }));
  assertEquals(quotedUrl('/a"b]\\\r\n\u4f60'), '"/a%22b%5D%5C%0D%0A%E4%BD%A0"');
  assertEquals(quotedUrl("/INBOX/;UID=20"), '"/INBOX/;UID=20"');
  for (const bomb of ["/".repeat(IMAP_URL), ";UID=1".repeat(300), `/a/;UID=1/;SECTION=${"/".repeat(2000)}`]) {
    assertEquals(parseImapUrl(bomb), null);
  }
});
