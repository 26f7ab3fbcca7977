/** From Dovecot to Roost and back on one Maildir: clients see no change, and download nothing again. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { mailer } from "../support/clients.ts";
import { type Dovecot, dovecotBeside, giveAll } from "../support/dovecot.ts";
import { fetched, parseAnswers, talk, type Value } from "../support/imap_answers.ts";
import { filesBelow, must } from "../support/programs.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const FOLDERS = ["INBOX", "Work.Plans", "B&APw-ro"];

type Ask = (...commands: string[]) => Promise<Uint8Array>;

/** All that IMAP clients know a mailbox by. */
async function view(ask: Ask) {
  const listed = parseAnswers(await ask('LSUB "" *'));
  const subscribed = listed.untagged.filter((r) => r[0] === "LSUB").map((r) => r[3]);
  const folders: Record<string, unknown> = {};
  for (const name of FOLDERS) {
    const answers = parseAnswers(
      await ask(`EXAMINE ${name}`, "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)"),
    );
    const told = answers.untagged.map((r) => `${r[0]}`).join(" ");
    folders[name] = {
      validity: /\[UIDVALIDITY \d+\]/.exec(told)?.[0],
      next: /\[UIDNEXT \d+\]/.exec(told)?.[0],
      messages: [...fetched(answers).values()].map(plain),
    };
  }
  return { subscribed: subscribed.sort(), folders };
}

function plain(message: ReadonlyMap<string, Value>) {
  const flags = message.get("FLAGS") ?? null;
  return {
    uid: message.get("UID"),
    size: message.get("RFC822.SIZE"),
    date: String(message.get("INTERNALDATE")).replace(/^ /, "0"),
    flags: Array.isArray(flags) ? flags.filter((f) => f !== "\\Recent").sort() : flags,
  };
}

/** What POP3 clients know messages by: UIDL and LIST. */
async function uidlOfRoost(roost: RoostProcess): Promise<string[]> {
  const client = await RawClient.connect(roost.address, roost.ports.pop3);
  await client.say(`USER ${ALICE}\r\nPASS secret-alice\r\nUIDL\r\nLIST\r\nQUIT\r\n`);
  const lines: string[] = [];
  for (let ends = 0; ends < 2;) {
    const line = await client.line();
    lines.push(line);
    if (line === ".") ends++;
  }
  client.close();
  return lines.filter((l) => /^\d/.test(l));
}

async function uidlOfDovecot(dovecot: Dovecot): Promise<string[]> {
  return (await dovecot.pop3("UIDL", "LIST")).filter((l) => /^\d/.test(l));
}

/** One local copy that mbsync keeps of whichever server is asked. */
class LocalCopy {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    Deno.mkdirSync(`${dir}/copy`);
  }

  /** `account`: how mbsync gets to the server. All local files after, with their contents where mbsync keeps its state. */
  async sync(account: string): Promise<string[]> {
    const config = `${this.#dir}/mbsyncrc`;
    await Deno.writeTextFile(
      config,
      `IMAPAccount server
${account}

IMAPStore far
Account server

MaildirStore near
Path ${this.#dir}/copy/
Inbox ${this.#dir}/copy/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`,
    );
    await must("mbsync", ["-c", config, "all"]);
    const files = await filesBelow(`${this.#dir}/copy`);
    const states = files.filter((f) => f.endsWith(".mbsyncstate"));
    return [...files, ...await Promise.all(states.map((f) => Deno.readTextFile(`${this.#dir}/copy/${f}`)))];
  }
}

const literal = (text: string) => `{${text.length}+}\r\n${text}`;

Deno.test("from Dovecot to Roost and back: clients notice nothing", async () => {
  await using roost = await RoostProcess.start();
  const dovecot = await dovecotBeside(roost, ALICE);
  const copy = new LocalCopy(roost.dir);
  const askDovecot: Ask = (...commands) => dovecot.octets(...commands);
  const askRoost: Ask = (...commands) =>
    talk(roost.address, roost.ports.imap, [`LOGIN ${ALICE} secret-alice`, ...commands]);
  const fromDovecot = `Tunnel "${dovecot.tunnel}"`;
  const fromRoost =
    `Host localhost\nPort ${roost.ports.imaps}\nUser ${ALICE}\nPass secret-alice\nSSLType IMAPS\nCertificateFile ${roost.dir}/data/tls/ca.pem`;

  await dovecot.imap(
    // The last five would be made by Roost where they are missing.
    ...[...FOLDERS.slice(1), "Sent", "Drafts", "Trash", "Junk", "Archive"].map((f) => `CREATE ${f}`),
    ...FOLDERS.slice(0, 2).map((f) => `SUBSCRIBE ${f}`),
    ...FOLDERS.flatMap((f, i) =>
      ["()", "(\\Seen $Forwarded)", "(\\Flagged mine)", "(\\Answered \\Draft)"].map((flags, j) =>
        `APPEND ${f} ${flags} "0${1 + j}-Feb-2021 0${i}:05:06 +0100" ${
          literal(`Subject: ${f} ${j}\r\n\r\nx\r\n`)
        }`
      )
    ),
    "SELECT INBOX",
    "STORE 2 +FLAGS (\\Deleted)",
    "EXPUNGE",
  );
  const before = await view(askDovecot);
  assertMatch(
    JSON.stringify(before),
    /"INBOX":\{"validity":"\[UIDVALIDITY \d+\]","next":"\[UIDNEXT 5\]","messages":\[\{/,
  );
  const uidl = await uidlOfDovecot(dovecot);
  assertEquals(uidl.length, 6, "UIDL and LIST of three messages");
  const files = await copy.sync(fromDovecot);
  assertEquals(files.filter((f) => /\/(cur|new)\//.test(f)).length, 11);

  assertEquals(await view(askRoost), before);
  assertEquals(await uidlOfRoost(roost), uidl);
  assertEquals(await copy.sync(fromRoost), files, "mbsync transfers nothing from Roost");
  assertEquals(await view(askRoost), before, "nor to it");

  await mailer(roost, "submissions").sendMail({ from: ALICE, to: ALICE, subject: "by Roost", text: "x" });
  const done = parseAnswers(
    await askRoost(
      "SELECT INBOX",
      "UID STORE 1 +FLAGS (\\Seen later)",
      "UID STORE 3 +FLAGS (\\Deleted)",
      "EXPUNGE",
      "UID COPY 1 Work.Plans",
      "SUBSCRIBE B&APw-ro",
      "UNSUBSCRIBE Work.Plans",
    ),
  );
  assertEquals(done.statuses.filter((s) => s !== "OK"), []);
  const after = await view(askRoost);
  const uidlAfter = await uidlOfRoost(roost);
  assert(JSON.stringify(after) !== JSON.stringify(before));
  const filesAfter = await copy.sync(fromRoost);
  assertEquals(filesAfter.filter((f) => /\/(cur|new)\//.test(f)).length, 12);

  await roost.stop();
  await giveAll(roost.maildir(ALICE));
  assertEquals(await view(askDovecot), after);
  assertEquals(await uidlOfDovecot(dovecot), uidlAfter);
  assertEquals(await copy.sync(fromDovecot), filesAfter, "mbsync transfers nothing from Dovecot");
  assertEquals(await view(askDovecot), after, "nor to it");
  assertEquals(dovecot.faults, []);
});
