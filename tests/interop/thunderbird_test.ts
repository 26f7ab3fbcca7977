/** Debian's Thunderbird against a real Roost process: reading, marking, folders, copies, search on the server, new mail, sending. */
import { assert, assertEquals } from "../support/assert.ts";
import { imapClient } from "../support/clients.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { Thunderbird } from "../support/thunderbird.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

const PLAIN = `From: ${ALICE}
To: ${BOB}
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Message-ID: <one@example.test>
Content-Type: text/plain; charset=utf-8

Hällo needle
`.replaceAll("\n", "\r\n");

const ATTACHED = `From: ${ALICE}
To: ${BOB}
Subject: two
References: <one@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

text
--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename=a.bin
Content-Transfer-Encoding: base64

${"QUJD".repeat(50_000).replace(/.{76}/g, "$&\n")}
--b--
`.replaceAll("\n", "\r\n");

type ImapClient = Awaited<ReturnType<typeof imapClient>>;

/** Milliseconds Thunderbird may take for what it does behind the back of who asked it. */
const PATIENCE = 60_000;

/** Looks again until a mailbox holds what it should: Thunderbird tells that it is done before the server has heard of it. */
async function comesTo(client: ImapClient, mailbox: string, expected: readonly string[]): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const there = await listing(client, mailbox);
    if (`${there}` === `${expected}` || performance.now() > until) {
      return assertEquals(there, expected, mailbox);
    }
  }
}

/** "subject flags" of each message of a mailbox. */
async function listing(client: ImapClient, mailbox: string): Promise<readonly string[]> {
  const all: string[] = [];
  await client.mailboxOpen(mailbox);
  for await (const m of client.fetch("1:*", { envelope: true, flags: true })) {
    const flags = [...m.flags ?? []].filter((f) => f !== "\\Recent").sort();
    all.push([m.envelope?.subject ?? "", ...flags].join(" "));
  }
  return all;
}

Deno.test("Thunderbird reads, marks, files, searches and sends", async () => {
  await using roost = await RoostProcess.start();
  const client = await imapClient(roost, BOB, "secret-bob");
  await client.append("INBOX", PLAIN);
  await client.append("INBOX", ATTACHED);
  await using thunderbird = await Thunderbird.start(roost, { address: BOB, password: "secret-bob" });

  const folders = await thunderbird.run(`
    await settled((listener) => MailServices.imap.discoverAllFolders(root, listener, null));
    await update(inbox());
    const { SentMail, Drafts, Trash, Junk, Archive } = Ci.nsMsgFolderFlags;
    const kinds = { SentMail, Drafts, Trash, Junk, Archive };
    return root.descendants.map((f) => [f.name, ...Object.keys(kinds).filter((k) => f.flags & kinds[k])].join(" "));`);
  assertEquals(folders, [
    "INBOX",
    "Archive Archive",
    "Drafts Drafts",
    "Junk Junk",
    "Sent SentMail",
    "Trash Trash",
  ]);

  const read = await thunderbird.run(`
    const { MsgHdrToMimeMessage } = ChromeUtils.importESModule("resource:///modules/gloda/MimeMessage.sys.mjs");
    const all = [];
    for (const header of inbox().messages) {
      const message = await new Promise((whole) => MsgHdrToMimeMessage(header, null, (_, m) => whole(m), true));
      const attachments = message.allUserAttachments.map((a) => a.name + " " + a.size);
      all.push([header.mime2DecodedSubject, message.coerceBodyToPlaintext(inbox()).trim(), ...attachments]);
    }
    return all;`);
  assertEquals(read, [["Grüße", "Hällo needle"], ["two", "text", "a.bin 150000"]]);

  await thunderbird.run(`
    const [one, two] = [...inbox().messages];
    inbox().markMessagesRead([one], true);
    inbox().markMessagesFlagged([two], true);
    inbox().addKeywordsToMessages([two], "$label1");
    await update(inbox());`);
  await comesTo(client, "INBOX", ["Grüße \\Seen", "two $label1 \\Flagged"]);

  await thunderbird.run(`
    await noticed("folderAdded", () => root.createSubfolder("Über & mehr", null));
    const [one, two] = [...inbox().messages];
    await copied((l) => MailServices.copy.copyMessages(inbox(), [one, two], folder("Über & mehr"), false, l, null, false));
    await copied((l) => MailServices.copy.copyMessages(inbox(), [one], folder("Archive"), true, l, null, false));
    await copied((l) => inbox().deleteMessages([two], null, false, false, l, false));`);
  await comesTo(client, "Über & mehr", ["Grüße \\Seen", "two $label1 \\Flagged"]);
  await comesTo(client, "Archive", ["Grüße \\Seen"]);
  await comesTo(client, "Trash", ["two $label1 \\Flagged"]);
  await comesTo(client, "INBOX", []);

  const hits = await thunderbird.run(`
    const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
    session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder("Über & mehr"));
    const term = session.createTerm();
    const value = term.value;
    value.attrib = term.attrib = Ci.nsMsgSearchAttrib.Body;
    value.str = "needle";
    term.value = value;
    term.op = Ci.nsMsgSearchOp.Contains;
    session.appendTerm(term);
    const found = [];
    await new Promise((done) => {
      session.registerListener({
        onSearchHit: (header) => found.push(header.mime2DecodedSubject),
        onSearchDone: done,
        onNewSearch() {},
      });
      session.search(null);
    });
    return found;`);
  assertEquals(hits, ["Grüße"]);

  // It hears of new mail by IDLE: nothing makes it look again after this.
  await thunderbird.run(`
    noticed("msgAdded", () => {}, (header) => Services.prefs.setStringPref("news", header.mime2DecodedSubject));
    await update(inbox());`);
  await client.append("INBOX", PLAIN.replace(/Subject: .*/, "Subject: pushed"));
  const news = await thunderbird.run(`
    const heard = () => Services.prefs.getStringPref("news", null);
    if (heard() === null) await new Promise((done) => Services.prefs.addObserver("news", done));
    return heard();`);
  assertEquals(news, "pushed");

  const told = await thunderbird.run(`
    const file = Services.dirsvc.get("ProfD", Ci.nsIFile);
    file.append("draft.eml");
    await IOUtils.writeUTF8(file.path, "From: bob@example.test\\r\\nTo: alice@example.test\\r\\nSubject: sent\\r\\n\\r\\nhello\\r\\n");
    const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
    fields.from = "bob@example.test";
    fields.to = "alice@example.test";
    const identity = MailServices.accounts.getAccount("account1").defaultIdentity;
    const sending = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
    return await new Promise((done) => {
      const steps = [];
      sending.sendMessageFile(identity, "account1", fields, file, true, false, Ci.nsIMsgSend.nsMsgDeliverNow, null, {
        QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener", "nsIMsgCopyServiceListener"]),
        onStartSending() {}, onSendProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onTransportSecurityError() {},
        onSendNotPerformed: (_, status) => done([...steps, "not sent " + status]),
        onStopSending: (_, status) => steps.push("sent " + status),
        onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId: () => null,
        onStopCopy: (status) => done([...steps, "copied " + status]),
      }, null, "");
    });`);
  assertEquals(told, ["sent 0", "copied 0"]);
  await comesTo(client, "Sent", ["sent \\Seen"]);
  const alice = await imapClient(roost, ALICE, "secret-alice");
  await comesTo(alice, "INBOX", ["sent"]);
  await Promise.all([alice.logout(), client.logout()]);
  assert(!/"level":"(warn|error)"/.test(roost.log), roost.log);
});
