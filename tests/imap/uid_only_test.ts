import { parseCommand } from "../../mod/imap/parse.ts";
import { usesNumbers } from "../../mod/imap/uid_only.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ALICE, ImapClient, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";
import { MemStore } from "../support/mem_store.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { pieces } from "./pieces.ts";

Deno.test("usesNumbers() knows which commands name messages by number, or would be answered so", () => {
  for (
    const [text, numbers] of [
      ["FETCH 1 FLAGS", true],
      ["UID FETCH 1:* FLAGS", false],
      ["FETCH $ FLAGS", true],
      ["UID FETCH $ FLAGS", false],
      ["STORE 1 +FLAGS (\\Seen)", true],
      ["UID STORE 1 +FLAGS (\\Seen)", false],
      ["COPY 1 x", true],
      ["UID COPY 1 x", false],
      ["MOVE 1 x", true],
      ["UID MOVE 1 x", false],
      ["SEARCH ALL", true],
      ["SEARCH UID 1", true],
      ["UID SEARCH ALL", false],
      ["UID SEARCH 1", true],
      ["UID SEARCH *", true],
      ["UID SEARCH UID 1:*", false],
      ["UID SEARCH $", false],
      ["UID SEARCH NOT (OR SEEN (DRAFT 1:2))", true],
      ["UID SEARCH NOT (OR SEEN (DRAFT UID 1:2))", false],
      ["UID SORT (DATE) UTF-8 1", true],
      ["UID SORT (DATE) UTF-8 ALL", false],
      ["THREAD REFS UTF-8 ALL", true],
      ["UID THREAD REFS UTF-8 ALL", false],
      ["ESEARCH IN (personal) ALL", false],
      ["ESEARCH 1", true],
      ["EXPUNGE", false],
      ["UID EXPUNGE 1", false],
      ["SELECT x", false],
      ["SELECT x (QRESYNC (1 2 3))", false],
      ["SELECT x (QRESYNC (1 2 3 (1 1)))", true],
      ["EXAMINE x (QRESYNC (1 2 (1 1)))", true],
      ["NOOP", false],
    ] as const
  ) {
    const command = parseCommand(pieces(`a ${text}`), { utf8: false });
    assert(command.ok, text);
    assertEquals(usesNumbers(command.value), numbers, text);
  }
});

Deno.test("UIDONLY goes with CONDSTORE and QRESYNC (RFC 9586, RFC 7162)", async () => {
  await using bench = await IndexBench.make();
  const index = new Indexes((account) => `${bench.dir}/${account}.sqlite`, bench.ports());
  const server = imapServer({ index });
  const one = await ImapClient.loggedIn(server, "INBOX");
  for (const text of ["1", "2", "3"]) await one.append("INBOX", text);
  const two = await ImapClient.loggedIn(server);
  assertEquals((await two.ok("ENABLE UIDONLY QRESYNC"))[0], "* ENABLED UIDONLY QRESYNC CONDSTORE");
  const selected = await two.ok("SELECT INBOX");
  const first = /HIGHESTMODSEQ (\d+)/.exec(selected.join())?.[1] ?? "";
  await one.ok("STORE 2 +FLAGS \\Seen");
  assertMatch((await two.ok("NOOP"))[0] ?? "", /^\* 2 UIDFETCH \(FLAGS \(\\Seen\) MODSEQ \(\d+\)\)$/);
  assertMatch(
    (await two.run(`UID STORE 2 (UNCHANGEDSINCE ${first}) +FLAGS (\\Deleted)`)).at(-1) ?? "",
    /^OK \[MODIFIED 2\]/,
  );
  assertMatch(
    (await two.ok("UID STORE 3 +FLAGS.SILENT (\\Deleted)"))[0] ?? "",
    /^\* 3 UIDFETCH \(MODSEQ \(\d+\)\)$/,
  );
  assertMatch(
    (await two.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE " + first + ")")).join(),
    /^\* 2 UIDFETCH \(FLAGS \(\\Seen\) MODSEQ \(\d+\)\),\* 3 UIDFETCH \(FLAGS \(\\Deleted\) MODSEQ \(\d+\)\)/,
  );
  await one.ok("NOOP");
  await one.ok("EXPUNGE");
  assertEquals((await two.ok("NOOP"))[0], "* VANISHED 3");
  const validity = /UIDVALIDITY (\d+)/.exec(selected.join())?.[1] ?? "";
  const again = await two.ok(`SELECT INBOX (QRESYNC (${validity} ${first}))`);
  assert(again.includes("* VANISHED (EARLIER) 3"), again.join("\n"));
  assert(again.some((l) => /^\* 2 UIDFETCH \(FLAGS \(\\Seen\) MODSEQ/.test(l)), again.join("\n"));
  await index.close();
});

for (const seed of [1, 2, 3]) {
  Deno.test(`a client with UIDONLY is told the truth by UIDs alone (seed ${seed})`, async () => {
    const store = new MemStore();
    const server = imapServer({ store });
    const random = new SeededRandom(seed);
    const other = await ImapClient.loggedIn(server, "INBOX");
    const client = await ImapClient.loggedIn(server);
    await client.ok("ENABLE UIDONLY");
    await client.ok("SELECT INBOX");
    const flags = ["\\Seen", "\\Flagged", "\\Deleted", "work"];
    const known = new Map<number, string>();
    let count = 0;
    const follow = (lines: readonly string[]) => {
      for (const line of lines) {
        assert(!/^\* \d+ (FETCH|EXPUNGE)/.test(line), line);
        const [, uid, text = ""] = /^\* (\d+) UIDFETCH \(FLAGS \(([^)]*)\)\)$/.exec(line) ?? [];
        if (uid !== undefined) {
          known.set(Number(uid), text.split(" ").filter((f) => f !== "\\Recent").sort().join(" "));
        }
        const exists = /^\* (\d+) EXISTS$/.exec(line)?.[1];
        if (exists !== undefined) count = Number(exists);
        const set = /^\* VANISHED (\S+)$/.exec(line)?.[1] ?? "";
        for (const range of set === "" ? [] : set.split(",")) {
          const [from = 0, to = from] = range.split(":").map(Number);
          for (let gone = from; gone <= to; gone++, count--) known.delete(gone);
        }
      }
    };
    const act = async (who: ImapClient, uids: number[]) => {
      const uid = uids[random.int(Math.max(1, uids.length))] ?? 1;
      const flag = flags[random.int(flags.length)] ?? "";
      const commands = [
        `UID STORE ${uid}:${uid + 2} ${random.int(2) === 0 ? "+" : "-"}FLAGS${
          random.int(2) === 0 || who === client ? "" : ".SILENT"
        } (${flag})`,
        "EXPUNGE",
        `UID EXPUNGE ${uid}:${uid + 3}`,
        `UID MOVE ${uid} Sent`,
        `UID COPY ${uid} INBOX`,
        "NOOP",
        `UID FETCH ${uid} (FLAGS)`,
      ];
      return await who.run(commands[random.int(commands.length)] ?? "");
    };
    const account = await store.account(ALICE);
    for (let step = 0; step < 300; step++) {
      const uids = (account.folder("INBOX")?.messages ?? []).map((m) => m.uid);
      if (random.int(3) === 0) await other.append("INBOX", `${step}`);
      await act(other, uids);
      follow(await act(client, uids));
      if (step % 10 !== 0) continue;
      follow(await client.ok("NOOP"));
      follow(await client.ok("UID FETCH 1:* (FLAGS)"));
      const there = account.folder("INBOX")?.messages ?? [];
      assertEquals(count, there.length);
      assertEquals([...known.keys()].sort((a, b) => a - b), there.map((m) => m.uid));
    }
  });
}
