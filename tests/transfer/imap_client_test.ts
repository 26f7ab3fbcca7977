import { fromUtf8 } from "../../mod/base/bytes.ts";
import { ImapClient, ImapFault, quoted } from "../../mod/transfer/imap_client.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { ScriptConn } from "../support/script_conn.ts";

function client(answers: string, size = Infinity): { client: ImapClient; conn: ScriptConn } {
  const conn = new ScriptConn().feed(answers, size).end();
  return { client: new ImapClient(conn), conn };
}

Deno.test("responses are read with their literals, bodies as they come, in any chunking", async () => {
  const answers = '* OK hi\r\n* LIST () "." {4}\r\na"b\\\r\nr1 OK done\r\n' +
    "* 3 EXISTS\r\n* 2 FETCH (UID 8 BODY[] {7}\r\nanother)\r\n* 1 FETCH (UID 7 BODY[] {5}\r\nx\r\nyz FLAGS (\\Seen))\r\n* 2 FETCH (FLAGS ())\r\nr2 OK\r\nr3 OK\r\n" +
    '* 1 FETCH (BODY[] "" UID 9)\r\nr4 OK\r\n';
  for (let size = 1; size < 60; size++) {
    const { client: c, conn } = client(answers, size);
    assertEquals(await c.greeting(), false);
    const lines: string[] = [];
    await c.run("LIST", (l) => lines.push(l));
    assertEquals(lines, ['* LIST () "." "a\\"b\\\\"']);
    const bodies: string[] = [];
    for (const tag of [await c.send("F"), await c.send("F"), await c.send("F")]) {
      let text = "";
      for await (const chunk of c.body(tag, 7)) text += fromUtf8(chunk);
      bodies.push(text);
    }
    assertEquals(bodies, ["x\r\nyz", "", ""]);
    assertEquals(conn.output, "r1 LIST\r\nr2 F\r\nr3 F\r\nr4 F\r\n");
  }
});

Deno.test("login is by PLAIN, else by LOGIN, never where that is disabled", async () => {
  const plain = client("+ \r\nr1 OK\r\n");
  await plain.client.login("me", "secret", new Set(["AUTH=PLAIN"]));
  assertEquals(plain.conn.output, "r1 AUTHENTICATE PLAIN\r\nAG1lAHNlY3JldA==\r\n");
  const login = client("r1 OK\r\n");
  await login.client.login('m"e', "a\\b", new Set());
  assertEquals(login.conn.output, 'r1 LOGIN "m\\"e" "a\\\\b"\r\n');
  await assertRejects(
    () => client("").client.login("a", "b", new Set(["LOGINDISABLED"])),
    "takes no password",
  );
  await assertRejects(
    () => client("+ \r\nr1 NO go away\r\n").client.login("a", "b", new Set(["AUTH=PLAIN"])),
    "go away",
  );
});

Deno.test("servers that say no, end, or send nonsense without end are faults", async () => {
  for (
    const answers of [
      "r1 NO no\u0007pe\r\n",
      "r1 BAD what\r\n",
      "* BYE later\r\n",
      "",
      "* LIST {99999999}\r\n",
      `* ${"x".repeat(100_000)}\r\nr1 OK\r\n`,
      "* LIST {5}\r\nab",
    ]
  ) {
    let fault: unknown = null;
    await client(answers).client.run("LIST").catch((e) => fault = e);
    assert(fault instanceof ImapFault, answers.slice(0, 30));
    assert(!/\p{Cc}/u.test(fault.message));
  }
  await assertRejects(() => client("* NO entry\r\n").client.greeting(), "the server says");
});

Deno.test("quoted() cannot be broken out of", () => {
  assertEquals(quoted('a"\r\nb\\'), '"a\\"  b\\\\"');
});
