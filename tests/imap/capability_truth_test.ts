/** Whatever CAPABILITY tells in a state is taken in that state, and what it does not tell is refused. */
import { Indexes } from "../../mod/index/indexes.ts";
import { MaildirStore } from "../../mod/maildir/store.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { BOB, ImapClient, type ImapServer, imapServer } from "../support/imap_server.ts";
import { IndexBench } from "../support/index_ports.ts";
import { MemFs } from "../support/mem_fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import { PieceCompression } from "./crowd_wire.ts";

const MAIL = "Subject: x\r\n\r\nbody\r\n";
const LITERAL = `{${MAIL.length}+}\r\n${MAIL}`;

/** For each, a command with INBOX selected that only a server that has it takes; null where that shows elsewhere. */
const PROBES: Readonly<Record<string, string | null>> = {
  IMAP4rev1: 'LSUB "" *',
  IMAP4rev2: "SEARCH RETURN (SAVE) ALL",
  ID: "ID NIL",
  ENABLE: "ENABLE X",
  IDLE: "IDLE\r\nDONE",
  "LITERAL+": `APPEND INBOX ${LITERAL}`,
  NAMESPACE: "NAMESPACE",
  UIDPLUS: "UID EXPUNGE 999",
  UNSELECT: "UNSELECT",
  MOVE: "UID MOVE 999 Trash",
  CHILDREN: 'LIST "" % RETURN (CHILDREN)',
  "LIST-EXTENDED": 'LIST (SUBSCRIBED RECURSIVEMATCH) "" (INBOX %)',
  "LIST-STATUS": 'LIST "" % RETURN (STATUS (MESSAGES))',
  "SPECIAL-USE": 'LIST (SPECIAL-USE) "" *',
  "CREATE-SPECIAL-USE": "CREATE New (USE (\\All))",
  "STATUS=SIZE": "STATUS INBOX (SIZE)",
  ESEARCH: "SEARCH RETURN (MIN MAX COUNT) ALL",
  PREVIEW: "FETCH 1 (PREVIEW (LAZY))",
  SEARCHRES: "FETCH $ UID",
  PARTIAL: "SEARCH RETURN (PARTIAL 1:9) ALL",
  "SEARCH=FUZZY": "SEARCH FUZZY SUBJECT x",
  "CONTEXT=SEARCH": "SEARCH RETURN (UPDATE) ALL",
  MULTISEARCH: "ESEARCH IN (personal) ALL",
  WITHIN: "SEARCH YOUNGER 100",
  SORT: "SORT (DATE) UTF-8 ALL",
  "SORT=DISPLAY": "SORT (DISPLAYFROM) UTF-8 ALL",
  ESORT: "SORT RETURN (MIN) (DATE) UTF-8 ALL",
  "THREAD=ORDEREDSUBJECT": "THREAD ORDEREDSUBJECT UTF-8 ALL",
  "THREAD=REFERENCES": "THREAD REFERENCES UTF-8 ALL",
  "THREAD=REFS": "THREAD REFS UTF-8 ALL",
  MULTIAPPEND: `APPEND INBOX ${LITERAL} ${LITERAL}`,
  CATENATE: `APPEND INBOX CATENATE (URL "/INBOX/;UID=1" TEXT {1+}\r\nx)`,
  BINARY: "FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])",
  METADATA: 'GETMETADATA "" /shared/comment',
  "LIST-METADATA": 'LIST "" % RETURN (METADATA (/shared/comment))',
  OBJECTID: "FETCH 1 (EMAILID THREADID)",
  SAVEDATE: "FETCH 1 SAVEDATE",
  REPLACE: `REPLACE 1 INBOX ${LITERAL}`,
  UNAUTHENTICATE: "UNAUTHENTICATE",
  "UTF8=ACCEPT": "ENABLE UTF8=ACCEPT",
  INPROGRESS: null,
  UIDONLY: "ENABLE UIDONLY",
  QUOTA: "GETQUOTAROOT INBOX",
  "QUOTA=RES-STORAGE": "STATUS INBOX (DELETED-STORAGE)",
  "QUOTA=RES-MESSAGE": "STATUS INBOX (DELETED)",
  "APPENDLIMIT=1000000": "STATUS INBOX (APPENDLIMIT)",
  CONDSTORE: "FETCH 1 MODSEQ",
  QRESYNC: "ENABLE QRESYNC",
  NOTIFY: "NOTIFY NONE",
  ACL: "GETACL INBOX",
  "RIGHTS=texk": "SETACL Sent bob texk",
  "LIST-MYRIGHTS": 'LIST "" % RETURN (MYRIGHTS)',
  "COMPRESS=DEFLATE": "COMPRESS DEFLATE",
};

/** A server with all there is. */
async function whole(): Promise<{ server: ImapServer; end: () => Promise<void> }> {
  const bench = await IndexBench.make();
  const clock = new FakeClock();
  const ports = {
    fs: new MemFs({ clock, dirs: ["/mail"] }),
    clock,
    random: new SeededRandom(1),
    log: new MemoryLog(),
  };
  const store = new MaildirStore({ ...ports, root: "/mail", hostname: "host", pid: 1, separator: "/" });
  const index = new Indexes((account) => `${bench.dir}/${account}.sqlite`, bench.ports());
  const sharing = await store.sharing({ has: () => true, all: () => [] });
  const compression = () => Promise.resolve(new PieceCompression());
  const server = imapServer({ store, index, sharing, compression });
  const end = async () => {
    await server.end();
    await index.close();
    await store.close();
    await bench[Symbol.asyncDispose]();
  };
  return { server, end };
}

async function told(client: ImapClient): Promise<string[]> {
  const line = (await client.ok("CAPABILITY")).find((l) => l.startsWith("* CAPABILITY "));
  return line?.split(" ").slice(2) ?? [];
}

/** What a client that has logged in and said this is told. */
async function after(server: ImapServer, ...commands: string[]): Promise<string[]> {
  const client = await ImapClient.loggedIn(server);
  for (const command of commands) await client.ok(command);
  const words = await told(client);
  client.conn.end();
  return words;
}

Deno.test("every capability told after the login is there, and each has a test that it is", async () => {
  const { server, end } = await whole();
  const setUp = await ImapClient.loggedIn(server);
  await setUp.append("INBOX", MAIL);
  assertEquals([...await told(setUp)].sort(), Object.keys(PROBES).sort());
  for (const [capability, command] of Object.entries(PROBES)) {
    if (command === null) continue;
    const client = await ImapClient.loggedIn(server, "INBOX");
    await client.ok("NOOP");
    const reply = (await client.run(command)).at(-1) ?? "";
    assert(reply.startsWith("OK"), `${capability}: ${command}: ${reply}`);
    client.conn.end();
  }
  await end();
});

Deno.test("what was enabled, and where a mailbox is selected, is told as before", async () => {
  const { server, end } = await whole();
  const all = await after(server);
  for (
    const commands of [
      ["SELECT INBOX"],
      ["ENABLE IMAP4rev2 UTF8=ACCEPT CONDSTORE QRESYNC UIDONLY METADATA"],
      ["ENABLE IMAP4rev2", "SELECT INBOX", "NOTIFY NONE"],
    ]
  ) {
    assertEquals(await after(server, ...commands), all, commands.join(", "));
  }
  const client = await ImapClient.loggedIn(server);
  await client.ok("UNAUTHENTICATE");
  const outside = await told(client);
  assertEquals(outside, await told(new ImapClient(server.connect().conn)), "as before the login");
  await end();
});

Deno.test("before the login nothing is told that needs one, and no way to log in that is refused", async () => {
  const { server, end } = await whole();
  for (
    const [options, words] of [
      [{ loopback: true }, "LITERAL- SASL-IR STARTTLS AUTH=PLAIN AUTH=LOGIN"],
      [{ loopback: false }, "LITERAL- SASL-IR STARTTLS LOGINDISABLED"],
      [{ loopback: false, tls: true }, "LITERAL- SASL-IR AUTH=PLAIN AUTH=LOGIN"],
      [{ loopback: true, tls: true }, "LITERAL- SASL-IR AUTH=PLAIN AUTH=LOGIN"],
    ] as const
  ) {
    const client = new ImapClient(server.connect(options).conn);
    assertEquals((await told(client)).join(" "), `IMAP4rev1 IMAP4rev2 ID ENABLE IDLE ${words}`);
    const login = (await client.run(`LOGIN ${BOB} secret`)).at(-1) ?? "";
    assertEquals(login.startsWith("OK [CAPABILITY"), words.includes("AUTH="), login);
    assertEquals(
      /^(?:OK|BAD)/.exec((await client.run("STARTTLS")).at(-1) ?? "")?.[0],
      words.includes("AUTH=") ? "BAD" : "OK",
      "once somebody is in, or there is TLS, there is none to begin",
    );
    client.conn.end();
  }
  await end();
});
