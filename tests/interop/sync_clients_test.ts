/** Clients that keep a copy, against a real Roost process: offlineimap, getmail, and imapflow with mod-sequences and QRESYNC. */
import { assert, assertEquals } from "../support/assert.ts";
import { imapClient, mailer } from "../support/clients.ts";
import { eventually, filesBelow, must } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const BOB = "bob@example.test";

async function send(roost: RoostProcess, subject: string): Promise<void> {
  await mailer(roost, "submissions").sendMail({ from: "alice@example.test", to: BOB, subject, text: "x" });
}

/** Flags without \Recent, which is one session's. */
function flagsOf(message: { readonly flags?: ReadonlySet<string> | undefined }): string {
  return [...message.flags ?? []].filter((f) => f !== "\\Recent").sort().join(" ");
}

/** Subjects of the inbox with their flags. */
async function inbox(roost: RoostProcess): Promise<Record<string, string>> {
  const client = await imapClient(roost, BOB, "secret-bob");
  await client.mailboxOpen("INBOX");
  const all: Record<string, string> = {};
  for await (const m of client.fetch("1:*", { envelope: true, flags: true })) {
    all[m.envelope?.subject ?? ""] = flagsOf(m);
  }
  await client.logout();
  return all;
}

/** Messages in a Maildir folder: subject -> path. */
async function local(dir: string): Promise<Record<string, string>> {
  const files = (await filesBelow(dir)).filter((f) => /^(cur|new)\//.test(f));
  const found = await Promise.all(files.map(async (f) => {
    return [/^Subject: (.*?)\r?$/m.exec(await Deno.readTextFile(`${dir}/${f}`))?.[1] ?? "", f] as const;
  }));
  return Object.fromEntries(found);
}

Deno.test("offlineimap: two-way, folders in other scripts, and a second run changes nothing", async () => {
  await using roost = await RoostProcess.start();
  for (const subject of ["one", "two", "three"]) await send(roost, subject);
  const client = await imapClient(roost, BOB, "secret-bob");
  await client.mailboxCreate("Büro.Größe");
  await client.append("Büro.Größe", "Subject: nested\r\n\r\nx\r\n");
  await client.logout();
  const rc = `${roost.dir}/offlineimaprc`;
  await Deno.writeTextFile(
    rc,
    `[general]
accounts = a
metadata = ${roost.dir}/offlineimap
ui = basic
[Account a]
localrepository = near
remoterepository = far
utf8foldernames = yes
[Repository near]
type = Maildir
localfolders = ${roost.dir}/near
[Repository far]
type = IMAP
remotehost = localhost
remoteport = ${roost.ports.imaps}
remoteuser = ${BOB}
remotepass = secret-bob
ssl = yes
sslcacertfile = ${roost.dir}/data/tls/ca.pem
`,
  );
  const sync = async () => {
    const ran = await must("offlineimap", ["-o", "-c", rc], { env: { HOME: roost.dir } });
    assert(!/ERROR|Traceback/.test(ran), ran);
  };
  await sync();
  const near = `${roost.dir}/near`;
  const here = await local(`${near}/INBOX`);
  assertEquals(Object.keys(here).sort(), ["one", "three", "two"]);
  assertEquals(Object.keys(await local(`${near}/Büro.Größe`)), ["nested"]);
  // One read and one deleted here, one flagged there, one new on each side.
  const two = here["two"] ?? "";
  const seen = two.replace(/^.*\//, "").replace(/:2,.*$/, "");
  await Deno.rename(`${near}/INBOX/${two}`, `${near}/INBOX/cur/${seen}:2,S`);
  await Deno.remove(`${near}/INBOX/${here["one"]}`);
  await Deno.writeTextFile(`${near}/INBOX/new/1700000000.M1P1.here`, "Subject: from here\n\nbare LF\n");
  const again = await imapClient(roost, BOB, "secret-bob");
  await again.mailboxOpen("INBOX");
  await again.messageFlagsAdd({ header: { subject: "three" } }, ["\\Flagged"]);
  await again.logout();
  await send(roost, "from there");
  await sync();
  assertEquals(await inbox(roost), {
    "two": "\\Seen",
    "three": "\\Flagged",
    "from there": "",
    "from here": "",
  });
  assertEquals(Object.keys(await local(`${near}/INBOX`)).sort(), ["from here", "from there", "three", "two"]);
  const before = await filesBelow(near);
  await sync();
  assertEquals(await filesBelow(near), before);
});

Deno.test("getmail: fetches by POP3 and by IMAP, over TLS, and only what is new", async () => {
  await using roost = await RoostProcess.start();
  for (const subject of ["one", "two"]) await send(roost, subject);
  for (const [kind, port] of [["POP3", roost.ports.pop3s], ["IMAP", roost.ports.imaps]] as const) {
    const dir = `${roost.dir}/getmail-${kind}`;
    const box = `${dir}/box`;
    await Deno.mkdir(dir);
    await Deno.writeTextFile(
      `${dir}/rc`,
      `[retriever]
type = Simple${kind}SSLRetriever
server = localhost
port = ${port}
username = ${BOB}
password = secret-bob
ca_certs = ${roost.dir}/data/tls/ca.pem
[destination]
type = MDA_external
path = /usr/bin/tee
arguments = ("-a", "${box}")
allow_root_commands = true
[options]
read_all = false
delete = false
`,
    );
    const fetched = async () => {
      await must("getmail", [`--getmaildir=${dir}`, "--rcfile=rc"], { env: { HOME: roost.dir } });
      return [...(await Deno.readTextFile(box)).matchAll(/^Subject: (.*?)\r?$/gm)].map((m) => m[1]);
    };
    const first = kind === "POP3" ? ["one", "two"] : ["one", "two", "more POP3"];
    assertEquals(await fetched(), first);
    await send(roost, `more ${kind}`);
    assertEquals(await fetched(), [...first, `more ${kind}`]);
    assertEquals(await fetched(), [...first, `more ${kind}`]);
  }
});

Deno.test("imapflow: mod-sequences and QRESYNC are used, and what was missed is told", async () => {
  await using roost = await RoostProcess.start();
  for (const subject of ["one", "two", "three"]) await send(roost, subject);
  const watcher = await imapClient(roost, BOB, "secret-bob", true, { qresync: true });
  assert(watcher.enabled.has("QRESYNC") && watcher.enabled.has("CONDSTORE"), [...watcher.enabled].join(" "));
  const box = await watcher.mailboxOpen("INBOX");
  const since = box.highestModseq ?? 0n;
  assert(since > 0n);
  const heard: string[] = [];
  watcher.on("exists", (e) => heard.push(`exists ${e.count}`));
  watcher.on("expunge", (e) => heard.push(`expunge ${e.uid} ${e.vanished}`));
  watcher.on(
    "flags",
    (e) => heard.push(`flags ${e.uid} ${flagsOf(e)} ${(e.modseq ?? 0n) > since}`),
  );
  const other = await imapClient(roost, BOB, "secret-bob");
  await other.mailboxOpen("INBOX");
  await other.messageFlagsAdd("1", ["\\Flagged"]);
  await other.messageDelete("2");
  await other.append("INBOX", "Subject: four\r\n\r\nx\r\n");
  await eventually("three changes", async () => {
    await watcher.noop();
    return heard.length >= 3 ? true : null;
  });
  assertEquals(heard.sort(), ["exists 3", "expunge 2 true", "flags 1 \\Flagged true"]);
  const changed: string[] = [];
  for await (const m of watcher.fetch("1:*", { flags: true, uid: true }, { changedSince: since })) {
    changed.push(`${m.uid} ${flagsOf(m)}`);
  }
  assertEquals(changed, ["1 \\Flagged", "4 "]);
  // Only a message that has not changed since.
  await watcher.messageFlagsAdd("1", ["\\Seen"], { unchangedSince: since });
  await other.logout();
  await watcher.logout();
  assertEquals(await inbox(roost), { one: "\\Flagged", three: "", four: "" });
});
