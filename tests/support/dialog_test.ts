import { CRLF, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { parseDialog, playDialog } from "./dialog.ts";
import { ScriptConn } from "./script_conn.ts";

/** Says each line back in capitals; "bye" ends it. */
async function echo(conn: ScriptConn): Promise<void> {
  await conn.write(utf8("* hello\r\n"));
  let held = "";
  for (let chunk = await conn.read(); chunk; chunk = await conn.read()) {
    held += new TextDecoder("latin1").decode(chunk);
    for (let end = held.indexOf("\r\n"); end >= 0; end = held.indexOf("\r\n")) {
      await conn.write(utf8(held.slice(0, end).toUpperCase()));
      await conn.write(CRLF);
      if (held.slice(0, end) === "bye") return await conn.close();
      held = held.slice(end + 2);
    }
  }
  await conn.close();
}

function play(text: string, chunk?: number): Promise<void> {
  const conn = new ScriptConn();
  echo(conn);
  return playDialog(parseDialog("d", text), conn, chunk === undefined ? {} : { chunk });
}

Deno.test("playDialog() plays lines, raw octets, wildcards, skips and patterns in any chunking", async () => {
  const text = `# a comment
@kind echo
S: * hello
C: one
R: tw\\x6f\\r\\n\\{ab*3}\\\\\\r\\n
S: O*
S~ ^TW.$
S: ABABAB\\
C: a
C: b
C: c
S: ...
S: C
C: bye
S: BYE
! closed
`;
  assertEquals(parseDialog("d", text).settings.get("kind"), "echo");
  for (const chunk of [1, 2, 7, undefined]) await play(text, chunk);
});

Deno.test("playDialog() tells where and how a dialog fails", async () => {
  await assertRejects(() => play("S: * hello\nC: a\nS: B\n"), 'd:3: expected "B", got "A"');
  await assertRejects(() => play("S: * hello\nC: a\n"), "server also said");
  await assertRejects(() => play("S: * hello\n! closed\n"), "still open");
  await assertRejects(() => play("S: * hello\n! end\nS: x\n"), "waiting for");
});

Deno.test("parseDialog() refuses what it does not know", () => {
  for (const bad of ["X: y", "! now", "R: \\q", "! advance"]) assertThrows(() => parseDialog("d", bad));
  assert(parseDialog("d", "").steps.length === 0);
});
