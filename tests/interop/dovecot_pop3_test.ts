/** POP3 after a move from Dovecot: what UIDL and LIST say is the same, so clients download nothing again. */
import { assertEquals, assertMatch } from "../support/assert.ts";
import { Dovecot, dovecotBeside, giveAll } from "../support/dovecot.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const FORMATS = ["%08Xu%08Xv", "%v-%u", "%u.%v", "%f", "%g", "UID%Xu"];

/** What POP3 clients know messages by: UIDL, LIST and the subject of each. */
async function known(roost: RoostProcess): Promise<string[]> {
  const client = await RawClient.connect(roost.address, roost.ports.pop3);
  await client.say(`USER ${ALICE}\r\nPASS secret-alice\r\nUIDL\r\nLIST\r\n${TOPS}QUIT\r\n`);
  const lines: string[] = [];
  while (lines.filter((l) => l === ".").length < 6) lines.push(await client.line());
  client.close();
  return lines.filter((l) => /^\d|^Subject/.test(l));
}

const TOPS = [1, 2, 3, 4].map((n) => `TOP ${n} 0\r\n`).join("");

async function knownToDovecot(dovecot: Dovecot): Promise<string[]> {
  const said = await dovecot.pop3("UIDL", "LIST", ...TOPS.trim().split("\r\n"));
  return said.filter((l) => /^\d|^Subject/.test(l));
}

Deno.test("POP3 clients know their messages again after a move from Dovecot, whatever form it gave them", async () => {
  await using roost = await RoostProcess.start();
  const first = await dovecotBeside(roost, ALICE);
  const maildir = roost.maildir(ALICE);
  const literal = (n: number) => `{17+}\r\nSubject: ${n}\r\n\r\nx\r\n`;
  // A copy has a name of its own, and the GUID of what it is a copy of.
  await first.imap(...[1, 2, 3].map((n) => `APPEND INBOX ${literal(n)}`), "SELECT INBOX", "COPY 1 INBOX");
  const config = await Deno.readTextFile(roost.config);
  const compare = async (format: string, what: string): Promise<string[]> => {
    await giveAll(maildir);
    const theirs = await knownToDovecot(new Dovecot(roost.dir, maildir, `pop3_uidl_format = ${format}`));
    await Deno.writeTextFile(roost.config, `${config}\npop3: { uidl: "${format}" }\n`);
    assertEquals((await roost.verb("reload")).code, 0);
    assertEquals(await known(roost), theirs, `${what} as ${format}`);
    return theirs;
  };

  for (const format of FORMATS) assertEquals((await compare(format, "its own")).length, 12);

  // What was saved from yet another server: an ID, an empty one (the file's name), and places.
  const path = `${maildir}/dovecot-uidlist`;
  const list = (await Deno.readTextFile(path)).split("\n");
  const marks = ["", "Pold-id-1 O7 ", "P O3 ", "", "O3 "];
  const marked = list.map((line, i) => line === "" ? line : line.replace(" ", ` ${marks[i] ?? ""}`));
  await Deno.writeTextFile(path, marked.join("\n"));
  for (const index of ["dovecot.index", "dovecot.index.log", "dovecot.index.cache"]) {
    await Deno.remove(`${maildir}/${index}`).catch(() => {});
  }
  const saved = await compare("%v-%u", "saved ones");
  assertMatch(saved.join(" "), /\d old-id-1 /);
});
