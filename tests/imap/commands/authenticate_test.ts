import { IMAP_AUTH_DELAY } from "../../../mod/base/limits.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("failed logins end the connection after a delay, whichever way they came", async () => {
  const server = imapServer();
  const { conn, done } = server.connect();
  const client = new ImapClient(conn);
  assertMatch((await client.run("LOGIN nobody x")).at(-1) ?? "", /^NO \[AUTHENTICATIONFAILED\]/);
  assertMatch(
    (await client.run("AUTHENTICATE PLAIN AGFsaWNlAHg=")).at(-1) ?? "",
    /^NO \[AUTHENTICATIONFAILED\]/,
  );
  const last = client.run("LOGIN throttled x");
  await server.clock.advance(IMAP_AUTH_DELAY - 1);
  assertEquals(conn.output, "");
  await server.clock.advance(1);
  assertEquals(await last, [
    "* BYE Too many failed logins",
    "NO [UNAVAILABLE] Too many failed logins: try again later",
  ]);
  await done;
});

Deno.test("passwords are in no log line", async () => {
  const server = imapServer();
  const client = new ImapClient(server.connect().conn);
  await client.run("LOGIN alice hunter22");
  await client.run("LOGIN bug hunter22");
  await client.ok("LOGIN alice secret");
  assertEquals(/hunter22|secret/.test(JSON.stringify(server.log.lines)), false);
});
