/** A real file system that is full, then read-only: temporary refusals, nothing lost, and it recovers by itself. Needs root for its mount. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { connectTo, unforeseen } from "../support/hostile.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

const SMALL = "x".repeat(3000);
const LARGE = `${"y".repeat(998)}\r\n`.repeat(2500);

async function run(command: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(command, { args }).output();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** A server whose data folder is a file system of 6 MB. */
async function onSmallDisk(
  roost: RoostProcess,
): Promise<{ readonly data: string; unmount(): Promise<void> }> {
  const data = `${roost.dir}/data`;
  await roost.stop();
  await Deno.rename(data, `${data}-kept`);
  await Deno.mkdir(data, { mode: 0o700 });
  await run("mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", data);
  await run("cp", "-a", `${data}-kept/.`, data);
  await roost.launch();
  return { data, unmount: () => run("umount", "-l", data) };
}

/** Writes until there is no room for another octet. */
function fill(data: string): void {
  const file = Deno.openSync(`${data}/filler`, { create: true, append: true });
  const block = new Uint8Array(65536);
  try {
    for (let size = block.length; size > 0;) {
      try {
        file.writeSync(block.subarray(0, size));
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    file.close();
  }
}

class Session {
  readonly acknowledged: string[] = [];
  #n = 0;

  /** Says one mail on a connection of its own and gives the final answer. */
  async mail(roost: RoostProcess, service: "smtp" | "lmtp", body: string): Promise<string> {
    const subject = `m-${++this.#n}`;
    const client = await connectTo(roost, service);
    await client.reply();
    await client.say(
      `${
        service === "smtp" ? "EHLO" : "LHLO"
      } x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n`,
    );
    for (let i = 0; i < 3; i++) await client.reply();
    assertMatch(await client.reply(), /^354/);
    await client.say(`Subject: ${subject}\r\n\r\n${body}\r\n.\r\n`);
    const answer = await client.reply();
    // The session goes on, whatever became of the message.
    await client.say("NOOP\r\n");
    assertMatch(await client.reply(), /^250/);
    client.close();
    if (answer.startsWith("250")) this.acknowledged.push(subject);
    return answer;
  }

  async append(imap: RawClient, body: string): Promise<string> {
    const subject = `m-${++this.#n}`;
    const message = `Subject: ${subject}\r\n\r\n${body}\r\n`;
    const tag = `t${this.#n}`;
    await imap.say(`${tag} APPEND INBOX {${message.length}+}\r\n${message}\r\n`);
    const answer = (await imap.tagged(tag)).at(-1) ?? "";
    if (answer.startsWith(`${tag} OK`)) this.acknowledged.push(subject);
    return answer.slice(tag.length + 1);
  }
}

async function imapIn(roost: RoostProcess): Promise<RawClient> {
  const imap = await connectTo(roost, "imap");
  await imap.line();
  await imap.say("a LOGIN alice@example.test secret-alice\r\nb SELECT INBOX\r\n");
  assertMatch((await imap.tagged("b")).at(-1) ?? "", /^b OK/);
  return imap;
}

async function command(imap: RawClient, text: string): Promise<string[]> {
  await imap.say(`z ${text}\r\n`);
  return await imap.tagged("z");
}

/** Subjects in the inbox, over a new session. */
async function subjects(roost: RoostProcess): Promise<string[]> {
  const imap = await imapIn(roost);
  const lines = await command(imap, "FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]");
  imap.close();
  return lines.map((l) => /^Subject: (.*)$/.exec(l)?.[1]).filter((s) => s !== undefined).sort();
}

async function refusals(roost: RoostProcess, session: Session, imap: RawClient, code: RegExp): Promise<void> {
  for (const body of [SMALL, LARGE]) {
    assertMatch(await session.mail(roost, "smtp", body), /^45[12] 4\.3\./);
    assertMatch(await session.mail(roost, "lmtp", body), /^45[12] 4\.3\./);
    assertMatch(await session.append(imap, body), code);
  }
  // What is there can be read, over new sessions too.
  assertEquals(await subjects(roost), [...session.acknowledged].sort());
  const pop3 = await connectTo(roost, "pop3");
  await pop3.line();
  await pop3.say("USER alice@example.test\r\nPASS secret-alice\r\nRETR 1\r\n");
  for (let i = 0; i < 3; i++) assertMatch(await pop3.line(), /^\+OK/);
  pop3.close();
}

async function recovers(roost: RoostProcess, session: Session, imap: RawClient): Promise<void> {
  assertMatch(await session.mail(roost, "smtp", SMALL), /^250/);
  assertMatch(await session.append(imap, SMALL), /^OK/);
  assertMatch((await command(imap, "STORE 1 +FLAGS (\\Flagged)")).at(-1) ?? "", /^z OK/);
  assertEquals(await subjects(roost), [...session.acknowledged].sort());
  assertEquals([...Deno.readDirSync(`${roost.maildir("alice@example.test")}/tmp`)], []);
}

Deno.test("interop: a disk that is full, then read-only, refuses for now, loses nothing and recovers by itself", async () => {
  // Without the watermark: what is shown is a disk that fills up under it.
  await using roost = await RoostProcess.start({ config: "limits: { disk_free: 0KB }" });
  const disk = await onSmallDisk(roost);
  try {
    const session = new Session();
    assertMatch(await session.mail(roost, "smtp", SMALL), /^250/);
    const imap = await imapIn(roost);
    assertMatch(await session.append(imap, SMALL), /^OK/);

    fill(disk.data);
    await refusals(roost, session, imap, /^NO \[OVERQUOTA\]/);
    // A machine that comes up with its disk full serves what there is to read.
    await roost.stop();
    await roost.launch();
    assertEquals(await subjects(roost), [...session.acknowledged].sort());
    const again = await imapIn(roost);
    // What the stop gave back is taken again.
    fill(disk.data);
    await refusals(roost, session, again, /^NO \[OVERQUOTA\]/);
    // Deleting is what makes room: it has to work.
    assertMatch((await command(again, "STORE 1 +FLAGS.SILENT (\\Deleted)")).at(-1) ?? "", /^z OK/);
    assertMatch((await command(again, "EXPUNGE")).at(-1) ?? "", /^z OK/);
    session.acknowledged.shift();
    assertEquals(await subjects(roost), [...session.acknowledged].sort());
    await Deno.remove(`${disk.data}/filler`);
    await recovers(roost, session, again);

    // The kernel takes the right to write from files that are open; mount does not, so the server begins anew with none open.
    await roost.stop();
    await roost.launch();
    await run("mount", "-o", "remount,ro", disk.data);
    const reading = await imapIn(roost);
    await refusals(roost, session, reading, /^NO \[UNAVAILABLE\]/);
    assertMatch((await command(reading, "CREATE New")).at(-1) ?? "", /^z NO \[UNAVAILABLE\]/);
    assertMatch(
      (await command(reading, "STORE 1 +FLAGS (\\Answered)")).at(-1) ?? "",
      /^z NO \[UNAVAILABLE\]/,
    );
    // Whoever looks is told.
    const status = await fetch(`http://127.0.0.1:${roost.ports.http}/`).then((r) => r.text());
    assertMatch(status, /mail could not be stored/);
    await run("mount", "-o", "remount,rw", disk.data);
    await recovers(roost, session, reading);
    assertEquals(unforeseen(roost), []);
    assert(session.acknowledged.length >= 5);
  } finally {
    await roost.stop();
    await disk.unmount();
  }
});
