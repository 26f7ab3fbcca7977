import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("APPEND takes one message or several, all or none", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  assertMatch((await client.append("INBOX", "one")).at(-1) ?? "", /\[APPENDUID \d+ 1\]/);
  const several = 'APPEND INBOX (\\Seen) {3+}\r\ntwo "01-Feb-2020 10:00:00 +0000" {5+}\r\nthree';
  assertMatch((await client.ok(several)).at(-1) ?? "", /\[APPENDUID \d+ 2:3\]/);
  assertMatch(
    (await client.run("APPEND Nowhere {3+}\r\ntwo {5+}\r\nthree")).at(-1) ?? "",
    /^NO \[TRYCREATE\]/,
  );
  await client.ok("SELECT INBOX");
  assertEquals(await client.ok("FETCH 2:3 (FLAGS INTERNALDATE RFC822.SIZE)"), [
    '* 2 FETCH (FLAGS (\\Seen \\Recent) INTERNALDATE " 2-Jan-2026 03:04:05 +0000" RFC822.SIZE 3)',
    '* 3 FETCH (FLAGS (\\Recent) INTERNALDATE " 1-Feb-2020 10:00:00 +0000" RFC822.SIZE 5)',
    "OK Fetch completed",
  ]);
});

Deno.test("APPEND refuses a message that is not a literal", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  assertMatch((await client.run('APPEND INBOX "text"')).at(-1) ?? "", /^BAD/);
  assertMatch((await client.run("APPEND INBOX")).at(-1) ?? "", /^BAD/);
});

Deno.test("APPEND puts UTF8 parts, literals and URLs together, several messages at once", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  await client.append("INBOX", "Subject: one\r\n\r\ntext");
  const early = await client.run("APPEND INBOX CATENATE (UTF8 (~{3+}\r\nabc))");
  assertMatch(early.at(-1) ?? "", /^BAD/);
  await client.ok("ENABLE UTF8=ACCEPT");
  const both = "APPEND INBOX CATENATE (UTF8 (~{3+}\r\nabc) URL /INBOX/;UID=1/;SECTION=TEXT) {2+}\r\nde " +
    "(\\Seen) CATENATE (URL /INBOX/;UID=1/;PARTIAL=0.7 TEXT {1+}\r\n!)";
  assertMatch((await client.ok(both)).at(-1) ?? "", /\[APPENDUID \d+ 2:4\]/);
  assertMatch(
    (await client.run("APPEND INBOX CATENATE (UTF8 ({3+}\r\nabc))")).at(-1) ?? "",
    /^BAD UTF8 needs a literal8/,
  );
  await client.ok("SELECT INBOX");
  const told = await client.ok("FETCH 2:4 (FLAGS RFC822.SIZE BODY.PEEK[]<0.20>)");
  assertEquals(
    told.join("\n").replaceAll(" \\Recent", "").replaceAll("\\Recent", ""),
    [
      "* 2 FETCH (FLAGS () RFC822.SIZE 7 BODY[]<0> {7}",
      "abctext)",
      "* 3 FETCH (FLAGS () RFC822.SIZE 2 BODY[]<0> {2}",
      "de)",
      "* 4 FETCH (FLAGS (\\Seen) RFC822.SIZE 8 BODY[]<0> {8}",
      "Subject!)",
      "OK Fetch completed",
    ].join("\n"),
  );
});
