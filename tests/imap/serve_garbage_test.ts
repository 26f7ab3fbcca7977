/** Commands with octets changed, dropped, doubled and cut short: never a fault of ours, never a connection that hangs. */
import { concat, utf8 } from "../../mod/base/bytes.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";
import { imapServer } from "../support/imap_server.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const COMMANDS = [
  "a LOGIN alice secret\r\n",
  "a LOGIN {5}\r\nalice {6+}\r\nsecret\r\n",
  "a AUTHENTICATE PLAIN\r\nAGFsaWNlAHNlY3JldA==\r\n",
  "a SELECT INBOX\r\n",
  'a APPEND INBOX (\\Seen work) "01-Feb-2020 10:00:00 +0000" {20+}\r\nSubject: x\r\n\r\nbody..\r\n',
  "a FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (Subject)]<0.10> BODYSTRUCTURE ENVELOPE)\r\n",
  "a UID STORE 1:* +FLAGS.SILENT (\\Deleted $x)\r\n",
  "a UID SEARCH RETURN (ALL) CHARSET UTF-8 OR SUBJECT {1+}\r\nx NOT (SINCE 1-Jan-2020 LARGER 3)\r\n",
  "a COPY 1:2 Archive\r\n",
  "a UID MOVE 1 Trash\r\n",
  'a LIST (SUBSCRIBED) "" (% "a*") RETURN (CHILDREN STATUS (MESSAGES))\r\n',
  "a IDLE\r\nDONE\r\n",
  "a EXPUNGE\r\n",
  "a CREATE &Jjo-.x\r\n",
  "a RENAME Sent Gesendet\r\n",
  "a DELETE Gesendet\r\n",
  "a STATUS INBOX (MESSAGES UNSEEN)\r\n",
  'a ID ("name" NIL)\r\n',
  "a CLOSE\r\n",
  "a STARTTLS\r\n",
  "a LOGOUT\r\n",
].map(utf8);
const START = utf8("s LOGIN alice secret\r\ns SELECT INBOX\r\ns APPEND INBOX {3+}\r\nabc\r\n");
const ODD = [0, 10, 13, 32, 34, 40, 41, 42, 43, 92, 123, 125, 126, 255];

function mutated(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  if (random.int(3) === 0) return bytes;
  const at = random.int(bytes.length);
  const more = at + random.int(bytes.length - at + 1);
  switch (random.int(4)) {
    case 0:
      return bytes.map((b, i) => i === at ? ODD[random.int(ODD.length)] ?? 0 : b);
    case 1:
      return concat([bytes.subarray(0, at), bytes.subarray(more)]);
    case 2:
      return concat([bytes.subarray(0, more), bytes.subarray(at)]);
    default:
      return concat([
        bytes.subarray(0, at),
        new Uint8Array([ODD[random.int(ODD.length)] ?? 0]),
        bytes.subarray(at),
      ]);
  }
}

Deno.test("serveImap() takes 400 sessions of mutilated commands without a fault of its own", async () => {
  const random = new SeededRandom(2026);
  for (let n = 0; n < 400; n++) {
    const server = imapServer();
    const { conn, done } = server.connect();
    const script: Uint8Array[] = n % 3 === 0 ? [] : [START];
    for (let i = 1 + random.int(12); i > 0; i--) {
      const command = COMMANDS[random.int(COMMANDS.length)];
      assert(command);
      script.push(mutated(random, command));
    }
    const bytes = concat(script);
    conn.feed(bytes, 1 + random.int(200));
    await settle(3);
    await server.clock.advance(10_000);
    conn.end();
    await done;
    const bugs = server.log.lines.filter((l) => l.level === "error");
    assertEquals(bugs, [], JSON.stringify(new TextDecoder("latin1").decode(bytes)));
    assert(!conn.output.includes("SERVERBUG"));
    assertEquals(server.clock.waiting, 0);
    assert(conn.closed || conn.destroyed);
  }
});
