/** Mail the whole way through a real process, with nodemailer, ImapFlow and plain POP3. */
import { createHash, randomBytes } from "node:crypto";
import { simpleParser } from "mailparser";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { connect } from "../../mod/sys/listener.ts";
import { ByteReader } from "../../mod/wire/byte_reader.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { imapClient, mailer, type SmtpService } from "../support/clients.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

/** Raw octets of all messages of a folder. */
async function fetchAll(
  roost: RoostProcess,
  user = BOB,
  password = "secret-bob",
  folder = "INBOX",
): Promise<Uint8Array[]> {
  const client = await imapClient(roost, user, password);
  try {
    await client.mailboxOpen(folder);
    const all: Uint8Array[] = [];
    for await (const m of client.fetch("1:*", { source: true })) all.push(m.source ?? new Uint8Array(0));
    return all;
  } finally {
    await client.logout();
  }
}

Deno.test("e2e: mail by each service arrives and is read by IMAP and POP3", async () => {
  await using roost = await RoostProcess.start();
  for (const service of ["smtp", "submission", "submissions"] as const satisfies readonly SmtpService[]) {
    const sent = await mailer(roost, service).sendMail({
      from: ALICE,
      to: BOB,
      subject: `by ${service}`,
      text: `Grüße\n.a line with a dot\nby ${service}\n`,
    });
    assertEquals(sent.accepted, [BOB]);
  }
  const messages = await fetchAll(roost);
  const parsed = await Promise.all(messages.map((m) => simpleParser(new TextDecoder().decode(m))));
  assertEquals(parsed.map((p) => p.subject), ["by smtp", "by submission", "by submissions"]);
  assertEquals(
    parsed.map((p) => p.text),
    ["smtp", "submission", "submissions"].map((s) => `Grüße\n.a line with a dot\nby ${s}\n`),
  );
  assert(
    fromUtf8(messages[1] ?? utf8("")).includes("with ESMTPSA"),
    "Received: tells of TLS and authentication",
  );
  const conn = await connect("127.0.0.1", roost.ports.pop3, 5000);
  const reader = new ByteReader(conn);
  const line = async () => {
    const l = await reader.readLine(2000);
    return l.kind === "line" ? fromUtf8(l.bytes) : l.kind;
  };
  await line();
  for (const command of [`USER ${BOB}`, "PASS secret-bob", "STAT", "RETR 1"]) {
    await conn.write(utf8(`${command}\r\n`));
  }
  assertEquals([(await line()).slice(0, 3), (await line()).slice(0, 14)], ["+OK", "+OK 3 messages"]);
  assert((await line()).startsWith("+OK 3 "));
  const retrieved: string[] = [];
  await line();
  for (let l = await line(); l !== "."; l = await line()) retrieved.push(l.startsWith("..") ? l.slice(1) : l);
  assertEquals(retrieved.join("\r\n") + "\r\n", fromUtf8(messages[0] ?? utf8("")));
  conn.destroy();
});

Deno.test("e2e: 20 MB, 8-bit, UTF-8 addresses and 100 recipients", async () => {
  const users: Record<string, string> = {
    [ALICE]: "secret-alice",
    [BOB]: "secret-bob",
    "δοκιμή@example.test": "secret-d",
  };
  const many = Array.from({ length: 100 }, (_, i) => `u${i}@example.test`);
  await using roost = await RoostProcess.start({
    users,
    domains: {
      "example.test": `{ aliases: { ${many.map((m) => `${m.split("@")[0]}: [bob]`).join(", ")} } }`,
    },
  });
  const attachment = randomBytes(20 * 1024 * 1024);
  const transport = mailer(roost, "submissions");
  await transport.sendMail({
    from: ALICE,
    to: BOB,
    subject: "large",
    text: "x",
    attachments: [{ filename: "a.bin", content: attachment }],
  });
  await transport.sendMail({ from: ALICE, to: "δοκιμή@example.test", subject: "Ελλάδα", text: "ναι" });
  await transport.sendMail({ from: ALICE, to: BOB, subject: "8bit", text: "äöü €", textEncoding: "base64" });
  const sent = await transport.sendMail({ from: ALICE, to: many, subject: "many", text: "to all" });
  assertEquals(sent.accepted.length, 100);
  const [large, , ...rest] = await fetchAll(roost);
  const parsed = await simpleParser(new TextDecoder("latin1").decode(large));
  const hash = (b: Uint8Array) => createHash("sha256").update(b).digest("hex");
  assertEquals(hash(parsed.attachments[0]?.content ?? new Uint8Array(0)), hash(attachment));
  assertEquals(rest.length, 1, "an alias a hundred times is one delivery");
  const greek = await fetchAll(roost, "δοκιμή@example.test", "secret-d");
  assertEquals((await simpleParser(new TextDecoder().decode(greek[0]))).subject, "Ελλάδα");
});

Deno.test("e2e: strangers cannot relay, nobody sends in another's name", async () => {
  await using roost = await RoostProcess.start();
  const relay = await assertRejects(() =>
    mailer(roost, "smtp").sendMail({ from: ALICE, to: "x@elsewhere.test", text: "x" })
  );
  assert(/55\d.*5\.7\.1/.test(relay.message), relay.message);
  const forged = await assertRejects(() =>
    mailer(roost, "submissions").sendMail({ from: BOB, to: BOB, text: "x" })
  );
  assert(/55\d.*5\.7\.1/.test(forged.message), forged.message);
  const unknown = await assertRejects(() =>
    mailer(roost, "smtp").sendMail({ from: ALICE, to: "nobody@example.test", text: "x" })
  );
  assert(/550.*5\.1\.1/.test(unknown.message), unknown.message);
  const wrong = await assertRejects(() =>
    mailer(roost, "submissions", ALICE, "wrong").sendMail({ from: ALICE, to: BOB, text: "x" })
  );
  assert(/535/.test(wrong.message), wrong.message);
});

Deno.test("e2e: ImapFlow works with folders, flags, copies, searches and IDLE; all of it survives a restart", async () => {
  await using roost = await RoostProcess.start();
  const client = await imapClient(roost, ALICE, "secret-alice", false);
  const listed = await client.list();
  assertEquals(
    listed.filter((l) => l.specialUse).map((l) => l.specialUse).sort(),
    ["\\Archive", "\\Drafts", "\\Inbox", "\\Junk", "\\Sent", "\\Trash"],
  );
  await client.mailboxCreate(["Projekte", "Größe"]);
  const appended = await client.append("INBOX", "Subject: kept\r\n\r\nneedle in the body\r\n", [
    "\\Seen",
    "$Label1",
  ]);
  assert(appended && appended.uid === 1);
  await client.append("INBOX", "Subject: other\r\n\r\nnothing\r\n");
  await client.mailboxOpen("INBOX");
  assertEquals(await client.search({ body: "needle" }, { uid: true }), [1]);
  assertEquals(await client.search({ seen: false }, { uid: true }), [2]);
  await client.messageFlagsAdd({ uid: "2" }, ["\\Flagged", "Urgent"], { uid: true });
  const copied = await client.messageCopy("1", ["Projekte", "Größe"], { uid: true });
  assert(copied && copied.uidMap?.get(1) === 1);
  const moved = await client.messageMove("2", "Archive", { uid: true });
  assert(moved && moved.uidMap?.get(2) === 1);
  const arrived = new Promise<number>((resolve) =>
    client.once("exists", (e: { count: number }) => resolve(e.count))
  );
  // ImapFlow would begin by itself, after 15 seconds.
  const idle = client.idle();
  await mailer(roost, "smtp").sendMail({ from: BOB, to: ALICE, subject: "news", text: "x" });
  assertEquals(await arrived, 2);
  await client.noop();
  await idle;
  const status = await client.status("Archive", { messages: true, uidNext: true, uidValidity: true });
  await client.logout();
  assertEquals(await roost.stop(), 0);
  await roost.launch();
  const again = await imapClient(roost);
  assertEquals(await again.status("Archive", { messages: true, uidNext: true, uidValidity: true }), status);
  await again.mailboxOpen("Archive");
  const kept = await again.fetchOne("1", { flags: true });
  assert(kept);
  assertEquals([...(kept.flags ?? [])].sort(), ["Urgent", "\\Flagged"]);
  await again.logout();
});
