/** Commands on a mailbox that another session renames, removes or makes anew at that very moment. */
import { MaildirStore } from "../../mod/maildir/store.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ALICE, BOB, ImapClient, imapServer } from "../support/imap_server.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const MAIL = "Subject: x\r\n\r\nbody\r\n";
const APPEND = `{${MAIL.length}+}\r\n${MAIL}`;

/** What the other session does, and whether that takes messages away. */
const CHANGES = [
  { changes: ["RENAME Work Done"], loses: false },
  { changes: ["RENAME Work Done", "CREATE Work"], loses: false },
  { changes: ["DELETE Work"], loses: true },
  { changes: ["DELETE Work", "CREATE Work"], loses: true },
] as const;

interface Row {
  readonly command: string;
  /** The code of NO it may end with. */
  readonly no?: string;
  /** Messages it puts there, where it puts any: nothing else may have come or gone when it ends. */
  readonly puts?: number;
}

const ROWS: readonly Row[] = [
  { command: `APPEND Work ${APPEND}`, no: "TRYCREATE", puts: 1 },
  { command: `APPEND Work (new) ${APPEND} (newer) ${APPEND}`, no: "TRYCREATE", puts: 2 },
  { command: "COPY 1 Work", no: "TRYCREATE", puts: 1 },
  { command: "MOVE 1 Work", no: "TRYCREATE", puts: 0 },
  { command: `REPLACE 1 Work ${APPEND}`, no: "TRYCREATE", puts: 0 },
  { command: 'SETMETADATA Work (/private/comment "x")', no: "NONEXISTENT", puts: 0 },
  { command: "SETACL Work bob lr", no: "NONEXISTENT", puts: 0 },
  { command: "STATUS Work (MESSAGES UNSEEN SIZE)", no: "NONEXISTENT" },
  { command: "SELECT Work", no: "NONEXISTENT" },
  { command: "EXAMINE Work", no: "NONEXISTENT" },
  { command: "DELETE Work", no: "NONEXISTENT" },
  { command: "RENAME Work Other", no: "NONEXISTENT" },
  { command: "GETMETADATA Work /private/comment", no: "NONEXISTENT" },
  { command: "GETACL Work", no: "NONEXISTENT" },
  { command: "GETQUOTAROOT Work", no: "NONEXISTENT" },
  { command: "SUBSCRIBE Work", no: "NONEXISTENT" },
  { command: 'LIST "" * RETURN (STATUS (MESSAGES))' },
  { command: "ESEARCH IN (personal) SUBJECT x" },
];

async function machine() {
  const clock = new FakeClock();
  const fs = new MemFs({ clock, dirs: ["/mail"] });
  const ports = { fs, clock, random: new SeededRandom(1), log: new MemoryLog() };
  const store = new MaildirStore({ ...ports, root: "/mail", hostname: "host", pid: 1, separator: "/" });
  const sharing = await store.sharing({ has: () => true, all: () => [ALICE, BOB] });
  return { clock, store, server: imapServer({ store, sharing }) };
}

/** Lets others have so many turns of the event loop. */
async function after(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
}

/** The reply's status and code, and the messages in all mailboxes then. `turns` (of the event loop) lie between the change and the command, or before it. */
async function race(
  { command }: Row,
  changes: readonly string[],
  turns: number,
): Promise<{ readonly reply: string; readonly messages: number }> {
  const { store, server } = await machine();
  const two = await ImapClient.loggedIn(server);
  await two.ok("CREATE Work");
  await two.append("Work", MAIL);
  await two.append("INBOX", MAIL);
  const one = await ImapClient.loggedIn(server, "INBOX");
  const changing = after(-turns).then(async () => {
    for (const change of changes) await two.run(change);
  });
  await after(turns);
  const last = (await one.run(command)).at(-1) ?? "";
  await changing;
  let messages = 0;
  for (const line of await two.ok('LIST "" * RETURN (STATUS (MESSAGES))')) {
    messages += Number(/MESSAGES (\d+)/.exec(line)?.[1] ?? 0);
  }
  server.stop.abort();
  await store.close();
  return { reply: /^OK|^NO \[[A-Z]+\]|^.*/.exec(last)?.[0] ?? "", messages };
}

Deno.test("what is renamed, removed or made anew meanwhile is told as not there, and nothing is lost or doubled", async () => {
  for (const { changes, loses } of CHANGES) {
    for (const row of ROWS) {
      const step = row.puts === undefined ? 40 : 21;
      for (let turns = row.puts === undefined ? -40 : -90; turns <= 40; turns += step) {
        const about = `${row.command.slice(0, 20)} ${turns} turns after ${changes.join(", ")}`;
        const { reply, messages } = await race(row, changes, turns);
        assert(reply === "OK" || reply === `NO [${row.no}]`, `${about}: ${reply}`);
        if (row.puts !== undefined && !loses) {
          assertEquals(messages, 2 + (reply === "OK" ? row.puts : 0), about);
        }
      }
    }
  }
});

Deno.test("what was to be done with messages of a mailbox that went meanwhile is not told as done", async () => {
  for (const change of ["RENAME Work Done", "DELETE Work"]) {
    for (
      const command of [
        "COPY 1 INBOX",
        "UID COPY 1 INBOX",
        "MOVE 1 INBOX",
        "UID MOVE 1 INBOX",
        "STORE 1 +FLAGS (new)",
      ]
    ) {
      for (let turns = -45; turns <= 45; turns += 15) {
        const { clock, store, server } = await machine();
        const two = await ImapClient.loggedIn(server);
        await two.ok("CREATE Work");
        await two.append("Work", MAIL);
        const one = await ImapClient.loggedIn(server, "Work");
        const changing = after(-turns).then(() => two.ok(change));
        await after(turns);
        const about = `${command} ${turns} turns after ${change}`;
        const lines = await one.run(command);
        await changing;
        await clock.advance(100);
        const reply = lines.find((l) => /^(?:OK|NO)/.test(l)) ?? "";
        const copied = /MESSAGES (\d+)/.exec((await two.ok("STATUS INBOX (MESSAGES)"))[0] ?? "")?.[1] === "1";
        assertMatch(reply, /^(?:OK|NO \[(?:EXPUNGEISSUED|NONEXISTENT)\])/, about);
        if (!command.includes("STORE")) {
          assertEquals(reply.startsWith("OK"), copied, `${about}: ${lines.join(" | ")}`);
        }
        server.stop.abort();
        await store.close();
      }
    }
  }
});
