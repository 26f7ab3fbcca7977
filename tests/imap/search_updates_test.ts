import fc from "fast-check";
import { SEARCH_UPDATES } from "../../mod/base/limits.ts";
import { CommandReader } from "../../mod/imap/parse_reader.ts";
import { parseSearch } from "../../mod/imap/parse_search.ts";
import { SearchUpdates } from "../../mod/imap/search_updates.ts";
import { assertEquals } from "../support/assert.ts";
import { ImapClient, imapServer } from "../support/imap_server.ts";
import { pieces } from "./pieces.ts";

const NOW = { lastUid: 0, changes: 0 };
const keyOf = (text: string) => parseSearch(new CommandReader(pieces(text), { utf8: false })).key;

Deno.test("SearchUpdates follows what flags and UIDs decide, and not too many", () => {
  const updates = new SearchUpdates();
  const follows = (text: string) => updates.add({ tag: text, uid: false, key: keyOf(text) }, [], NOW);
  for (const text of ["ALL", "UNSEEN NOT KEYWORD x", "OR NEW UID 5:*", "OLD RECENT"]) {
    assertEquals(follows(text), true, text);
  }
  for (
    const text of [
      "1:5",
      "$",
      "UID $",
      "BODY x",
      "NOT FROM x",
      "OR SEEN LARGER 5",
      "SINCE 1-Jan-2024",
      "YOUNGER 5",
    ]
  ) {
    assertEquals(follows(text), false, text);
  }
  assertEquals([updates.cancel("ALL"), updates.cancel("ALL")], [true, false]);
  for (let i = 3; i < SEARCH_UPDATES; i++) {
    assertEquals(updates.add({ tag: `${i}`, uid: false, key: keyOf("ALL") }, [], NOW), true);
  }
  assertEquals(follows("SEEN"), false);
  updates.cancel("3");
  updates.note({ kind: "flags", messages: [], by: null });
  assertEquals([follows("SEEN"), updates.changes], [false, 1], "flags changed while it was searched");
  assertEquals(
    updates.add({ tag: "x", uid: false, key: keyOf("ALL") }, [], { lastUid: 0, changes: 1 }),
    true,
  );
});

Deno.test("a client that follows updates has what a new search finds, whatever two sessions do", async () => {
  const step = fc.tuple(
    fc.constantFrom("+FLAGS.SILENT", "-FLAGS.SILENT", "FLAGS"),
    fc.constantFrom("\\Deleted", "\\Flagged", "k"),
    fc.integer({ min: 1, max: 6 }),
    fc.boolean(),
    fc.constantFrom("NOOP", "EXPUNGE", "APPEND", "STORE", "STORE", "STORE"),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 15 }),
      fc.constantFrom("UNDELETED", "FLAGGED", "KEYWORD k", "OR UNFLAGGED UID 3", "ALL"),
      fc.boolean(),
      async (steps, key, byUid) => {
        const server = imapServer();
        const one = await ImapClient.loggedIn(server);
        for (let i = 0; i < 4; i++) await one.append("INBOX", "Subject: x\r\n\r\n");
        await one.ok("SELECT INBOX");
        const two = await ImapClient.loggedIn(server, "INBOX");
        const prefix = byUid ? "UID " : "";
        let have = new Set<number>();
        const read = (lines: readonly string[]) => {
          for (const line of lines) {
            const expunge = /^\* (\d+) EXPUNGE/.exec(line);
            if (expunge && !byUid) {
              const gone = Number(expunge[1]);
              assertEquals(have.has(gone), false, "removed before");
              have = new Set([...have].map((seq) => seq > gone ? seq - 1 : seq));
            }
            const update =
              /^\* ESEARCH \(TAG "t\d+"\)(?: UID)?(?: (ALL) (\S+)| (ADDTO|REMOVEFROM) \(0 (\S+)\))$/.exec(
                line,
              );
            if (!update) continue;
            for (const n of numbers(update[2] ?? update[4] ?? "")) {
              if (update[3] === "REMOVEFROM") have.delete(n);
              else have.add(n);
            }
          }
        };
        read(await one.ok(`${prefix}SEARCH RETURN (UPDATE ALL) ${key}`));
        for (const [action, flag, uid, own, what] of steps) {
          const client = own ? one : two;
          const lines = what === "APPEND"
            ? await client.append("INBOX", "Subject: y\r\n\r\n", `(${flag})`)
            : await client.ok(what === "STORE" ? `UID STORE ${uid} ${action} ${flag}` : what);
          if (own) read(lines);
        }
        read(await one.ok("NOOP"));
        const found = (await one.ok(`${prefix}SEARCH ${key}`))[0] ?? "";
        assertEquals([...have].sort((a, b) => a - b).join(" "), found.replace("* SEARCH", "").trim());
      },
    ),
    { numRuns: 60, seed: 6 },
  );
});

function numbers(set: string): number[] {
  return set.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split(":").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
