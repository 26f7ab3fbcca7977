import { assertEquals, assertMatch } from "../../support/assert.ts";
import { ImapClient, imapServer } from "../../support/imap_server.ts";

Deno.test("ID writes what the client says of itself to the log, cut short", async () => {
  const server = imapServer();
  const client = await ImapClient.loggedIn(server);
  await client.ok(`ID ("name" "${"x".repeat(500)}" "Version" "1" "password" "hidden" "os" NIL)`);
  const line = server.log.lines.find((l) => l.event === "imap client");
  assertEquals([line?.fields.name, line?.fields.version, line?.fields.password], [
    "x".repeat(80),
    "1",
    undefined,
  ]);
  assertEquals((await client.ok("ID NIL"))[0], '* ID ("name" "Roost" "version" "1.2.3")');
});

Deno.test("CAPABILITY follows the state", async () => {
  const server = imapServer();
  const client = new ImapClient(server.connect({ loopback: false }).conn);
  assertMatch((await client.ok("CAPABILITY"))[0] ?? "", /STARTTLS LOGINDISABLED$/);
  const inside = await ImapClient.loggedIn(server);
  assertMatch((await inside.ok("CAPABILITY"))[0] ?? "", / MOVE .* APPENDLIMIT=1000000 NOTIFY$/);
  assertEquals(await inside.ok("NOOP"), ["OK Completed"]);
  assertMatch((await inside.ok("NAMESPACE"))[0] ?? "", /^\* NAMESPACE /);
  assertEquals(await inside.ok("ENABLE X"), ["* ENABLED", "OK Enable completed"]);
  assertEquals(await inside.ok("LOGOUT"), ["* BYE Logging out", "OK Logout completed"]);
});
