import { placesOf } from "../../mod/imap/results.ts";
import { assertEquals } from "../support/assert.ts";
import { ImapClient, imapServer } from "../support/imap_server.ts";

Deno.test("placesOf() counts from the first or from the last (RFC 9394 3.1)", () => {
  const results = [10, 20, 30, 40, 50];
  const table: readonly (readonly [boolean, number, number, readonly number[]])[] = [
    [false, 1, 2, [10, 20]],
    [false, 4, 9, [40, 50]],
    [false, 6, 9, []],
    [true, 1, 2, [40, 50]],
    [true, 2, 3, [30, 40]],
    [true, 4, 9, [10, 20]],
    [true, 6, 9, []],
    [true, 5, 5, [10]],
  ];
  for (const [fromEnd, from, to, want] of table) assertEquals(placesOf({ fromEnd, from, to }, results), want);
});

Deno.test("tellResults() keeps for '$' what RFC 5182 2.1 says", async () => {
  const client = await ImapClient.loggedIn(imapServer(), "INBOX");
  for (let i = 0; i < 5; i++) await client.append("INBOX", `Subject: n${i}\r\n\r\nbody`);
  await client.ok("NOOP");
  const rows = [
    ["SAVE", "1 2 3 4 5"],
    ["SAVE ALL", "1 2 3 4 5"],
    ["SAVE MIN", "1"],
    ["SAVE MAX", "5"],
    ["SAVE MIN MAX", "1 5"],
    ["SAVE MIN COUNT", "1 2 3 4 5"],
    ["SAVE MIN ALL", "1 2 3 4 5"],
    ["SAVE PARTIAL 2:3", "2 3"],
    ["SAVE PARTIAL -1:-2", "4 5"],
    ["COUNT", "4 5"],
  ] as const;
  for (const [options, kept] of rows) {
    await client.ok(`SEARCH RETURN (${options}) ALL`);
    assertEquals((await client.ok("SEARCH $"))[0], `* SEARCH ${kept}`, options);
  }
  await client.ok("SELECT INBOX");
  assertEquals((await client.ok("SEARCH $"))[0], "* SEARCH", "another SELECT");
});
