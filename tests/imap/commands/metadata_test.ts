import { METADATA_ENTRIES, METADATA_VALUE } from "../../../mod/base/limits.ts";
import { assertEquals } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("SETMETADATA bounds values and their number, all or none", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  const set = async (command: string) =>
    (await client.run(`SETMETADATA INBOX ${command}`)).at(-1)?.split("]")[0];
  const value = "x".repeat(METADATA_VALUE);
  assertEquals(
    await set(`(/private/a "1" /private/b "${value}x")`),
    `NO [METADATA MAXSIZE ${METADATA_VALUE}`,
  );
  assertEquals((await client.ok("GETMETADATA INBOX /private/a"))[0], "* METADATA INBOX (/private/a NIL)");
  assertEquals((await set(`(/private/b "${value}")`))?.startsWith("OK"), true);
  const many = Array.from({ length: METADATA_ENTRIES }, (_, i) => `/private/n${i} "1"`).join(" ");
  assertEquals(await set(`(${many})`), "NO [METADATA TOOMANY");
  assertEquals((await client.ok("GETMETADATA INBOX /private/n0"))[0], "* METADATA INBOX (/private/n0 NIL)");
  assertEquals((await set(`(${many} /private/m "1")`))?.split(" ")[0], "BAD");
  client.conn.end();
});
