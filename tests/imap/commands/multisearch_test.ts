import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

const told = (lines: readonly string[]) =>
  lines.filter((l) => l.startsWith("* ESEARCH")).map((l) =>
    l.replace(/^.*MAILBOX /, "").replace(/UIDVALIDITY \d+/, "V")
  );

Deno.test("ESEARCH searches mailboxes, selected or not (RFC 7377)", async () => {
  const client = await ImapClient.loggedIn(imapServer());
  for (const name of ["one", "one.sub", '"t&AOQ-"']) await client.ok(`CREATE ${name}`);
  for (
    const [name, subject] of [["one", "chad"], ["one", "x"], ["one.sub", "Chad"], ['"t&AOQ-"', "chad"], [
      "INBOX",
      "chad",
    ]]
  ) {
    await client.append(name ?? "", `Subject: ${subject}\r\n\r\nbody`);
  }
  const ask = async (text: string) => told(await client.ok(`ESEARCH ${text}`));
  assertEquals(await ask("IN (subtree one) SUBJECT chad"), ["one V) UID ALL 1", "one.sub V) UID ALL 1"]);
  assertEquals(await ask("IN (subtree-one one) RETURN (MAX COUNT) ALL"), [
    "one V) UID MAX 2 COUNT 2",
    "one.sub V) UID MAX 1 COUNT 1",
  ]);
  assertEquals(await ask('IN (mailboxes ("t&AOQ-" none one)) BODY body'), [
    "one V) UID ALL 1:2",
    "t&AOQ- V) UID ALL 1",
  ]);
  assertEquals((await ask("IN (personal) SUBJECT chad")).length, 4);
  assertEquals(await ask("IN (personal) SUBJECT nobody"), []);
  for (
    const bad of [
      "ALL",
      "IN (selected) ALL",
      "IN (personal) 1:*",
      "IN (personal) UID $",
      "IN (personal) RETURN (SAVE) ALL",
    ]
  ) {
    assertMatch((await client.run(`ESEARCH ${bad}`)).at(-1) ?? "", /^BAD /, bad);
  }
  await client.ok("SELECT one");
  assertEquals(await ask("1:*"), ["one V) UID ALL 1:2"]);
  assertEquals(await ask("IN (selected mailboxes INBOX) SUBJECT chad"), [
    "INBOX V) UID ALL 1",
    "one V) UID ALL 1",
  ]);
  assertEquals(await ask("RETURN (SAVE) SUBJECT x"), []);
  assertEquals((await client.ok("UID SEARCH $"))[0], "* SEARCH 2");
});
