/** A folder that two accounts of a real server share, as ImapFlow sees it, and after a restart. */
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { imapClient } from "../support/clients.ts";
import { connectTo } from "../support/hostile.ts";
import { RoostProcess } from "../support/roost_process.ts";

const BOB = "bob@example.test";
const TEAM = "shared.alice@example^test.Team";

/** Runs commands as Alice; each must succeed. */
async function alice(roost: RoostProcess, ...commands: string[]): Promise<string[]> {
  const client = await connectTo(roost, "imap");
  await client.line();
  const lines: string[] = [];
  for (const command of ["LOGIN alice@example.test secret-alice", ...commands]) {
    await client.say(`a ${command}\r\n`);
    const answer = await client.tagged("a");
    assert(answer.at(-1)?.startsWith("a OK"), `${command}: ${answer.at(-1)}`);
    lines.push(...answer);
  }
  client.close();
  return lines;
}

Deno.test("e2e: a shared folder is found, read, written and left by ImapFlow as its rights say", async () => {
  await using roost = await RoostProcess.start();
  await alice(roost, "CREATE Team", `SETACL Team ${BOB} lrswi`);
  const bob = await imapClient(roost, BOB, "secret-bob", true, { qresync: true });
  try {
    const list = await bob.list();
    const team = list.find((m) => m.path === TEAM);
    assertEquals([team?.delimiter, team?.flags.has("\\Noselect")], [".", false]);
    assertEquals(list.find((m) => m.path === "shared")?.flags.has("\\Noselect"), true);
    const text = "Subject: plan\r\n\r\nThe plan.\r\n";
    await bob.append(TEAM, text, ["\\Flagged", "\\Deleted"]);
    await bob.append("INBOX", text.replace("plan", "copy"));
    await bob.mailboxOpen("INBOX");
    await bob.messageCopy("1", TEAM);
    const opened = await bob.mailboxOpen(TEAM);
    assertEquals([opened.exists, opened.readOnly, opened.permanentFlags?.has("\\Deleted")], [
      2,
      false,
      false,
    ]);
    assert(typeof opened.highestModseq === "bigint");
    await bob.messageFlagsAdd("1", ["\\Seen", "$label1"]);
    const found = await bob.search({ header: { subject: "plan" } });
    assertEquals(found, [1]);
    const first = await bob.fetchOne("1", { flags: true, source: true, envelope: true });
    assert(first !== false);
    assertEquals([...(first.flags ?? [])].sort(), ["$label1", "\\Flagged", "\\Seen"]);
    assertEquals([new TextDecoder().decode(first.source), first.envelope?.subject], [text, "plan"]);
    assertEquals(await bob.messageDelete("1").catch(() => false), false);
    await alice(roost, `SETACL Team ${BOB} l`);
    await assertRejects(() => bob.mailboxOpen(TEAM), "");
  } finally {
    await bob.logout();
  }
  const lines = await alice(roost, "SELECT Team", "FETCH 1:* (FLAGS)", "GETACL Team");
  assertEquals(
    lines.find((l) => l.startsWith("* ACL")),
    `* ACL Team alice@example.test lrwstipekxacd ${BOB} l`,
  );
  assertEquals(lines.filter((l) => l.includes("FETCH (")).length, 2);
  assertEquals(
    Deno.readTextFileSync(`${roost.maildir("alice@example.test")}/.Team/dovecot-acl`),
    `user=${BOB} l\n`,
  );
});
