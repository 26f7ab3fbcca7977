/** Debian's mail clients against a real Roost process: sending with swaks and curl, reading with curl, mbsync, fetchmail and mutt. */
import { randomBytes } from "node:crypto";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient } from "../support/clients.ts";
import { filesBelow, must, run } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

function swaks(...args: string[]) {
  return run("swaks", ["--server", "127.0.0.1", "--from", ALICE, "--to", BOB, "--timeout", "20", ...args]);
}

async function subjects(roost: RoostProcess): Promise<string[]> {
  const client = await imapClient(roost, BOB, "secret-bob");
  await client.mailboxOpen("INBOX");
  const all: string[] = [];
  for await (const m of client.fetch("1:*", { envelope: true })) all.push(m.envelope?.subject ?? "");
  await client.logout();
  return all;
}

Deno.test("swaks: each listener and each mechanism, with and without TLS", async () => {
  await using roost = await RoostProcess.start();
  const { smtp, submission, submissions, lmtp } = roost.ports;
  const login = ["--auth-user", ALICE, "--auth-password", "secret-alice"];
  const cases: { name: string; args: string[]; code?: number }[] = [
    { name: "plain 25", args: ["--port", `${smtp}`] },
    { name: "25 tls", args: ["--port", `${smtp}`, "--tls"] },
    { name: "587 plain", args: ["--port", `${submission}`, "--tls", "--auth", "PLAIN", ...login] },
    { name: "587 login", args: ["--port", `${submission}`, "--tls", "--auth", "LOGIN", ...login] },
    { name: "465 plain", args: ["--port", `${submissions}`, "--tlsc", "--auth", "PLAIN", ...login] },
    { name: "465 login", args: ["--port", `${submissions}`, "--tlsc", "--auth", "LOGIN", ...login] },
    { name: "pipelined", args: ["--port", `${smtp}`, "--pipeline"] },
    { name: "lmtp", args: ["--port", `${lmtp}`, "--protocol", "LMTP"] },
  ];
  for (const { name, args } of cases) {
    const sent = await swaks("--header", `Subject: ${name}`, ...args);
    assertEquals(sent.code, 0, `${name}: ${sent.out}`);
  }
  assertEquals(await subjects(roost), cases.map((c) => c.name));
  // swaks' exit codes: 24 a recipient refused, 28 the authentication failed.
  const wrong = await swaks(
    "--port",
    `${submission}`,
    "--tls",
    "--auth",
    "PLAIN",
    "--auth-user",
    ALICE,
    "--auth-password",
    "no",
  );
  assertEquals(wrong.code, 28, wrong.out);
  const relay = await swaks("--port", `${smtp}`, "--to", "x@elsewhere.test");
  assertEquals(relay.code, 24, relay.out);
});

Deno.test("swaks: 8-bit, dots, a 20 MB attachment, 100 recipients", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `u${i}`);
  await using roost = await RoostProcess.start({
    domains: { "example.test": `{ aliases: { ${names.map((n) => `${n}: [bob]`).join(", ")} } }` },
  });
  const tls = ["--port", `${roost.ports.smtp}`, "--tls"];
  const big = `${roost.dir}/big`;
  await Deno.writeFile(big, randomBytes(20 * 1024 * 1024));
  for (
    const args of [
      ["--body", "Grüße €\n.dot\n..dots\n.\nend"],
      ["--attach", `@${big}`],
      ["--to", names.map((n) => `${n}@example.test`).join(",")],
    ]
  ) {
    const sent = await swaks(...tls, ...args);
    assertEquals(sent.code, 0, `${args[0]}: ${sent.out.slice(-2000)}`);
  }
  const client = await imapClient(roost, BOB, "secret-bob");
  await client.mailboxOpen("INBOX");
  const sizes: number[] = [];
  for await (const m of client.fetch("1:*", { size: true, source: true })) {
    assertEquals(m.size, m.source?.length);
    sizes.push(m.size ?? 0);
  }
  await client.logout();
  assertEquals(sizes.length, 3);
  assert((sizes[1] ?? 0) > 20 * 1024 * 1024 * 4 / 3);
});

Deno.test("curl: sends by SMTP, SMTPS and STARTTLS; reads by IMAP(S) and POP3(S)", async () => {
  await using roost = await RoostProcess.start();
  const { ports } = roost;
  const mail = `From: ${ALICE}\r\nTo: ${BOB}\r\nSubject: from curl\r\n\r\nhello from curl\r\n`;
  const send = (url: string, ...more: string[]) =>
    must("curl", ["-sS", "-k", url, "--mail-from", ALICE, "--mail-rcpt", BOB, "-T", "-", ...more], {
      stdin: mail,
    });
  await send(`smtp://127.0.0.1:${ports.smtp}`);
  await send(`smtp://127.0.0.1:${ports.submission}`, "--ssl-reqd", "-u", `${ALICE}:secret-alice`);
  await send(`smtps://127.0.0.1:${ports.submissions}`, "-u", `${ALICE}:secret-alice`);
  const user = ["-u", `${BOB}:secret-bob`];
  const urls = [
    [`imaps://127.0.0.1:${ports.imaps}/INBOX;MAILINDEX=1`],
    [`imap://127.0.0.1:${ports.imap}/INBOX;UID=2`, "--ssl-reqd"],
    [`pop3s://127.0.0.1:${ports.pop3s}/3`],
    [`pop3://127.0.0.1:${ports.pop3}/3`, "--ssl-reqd"],
  ];
  for (const url of urls) {
    const out = await must("curl", ["-sS", "-k", ...user, ...url]);
    assert(out.includes("hello from curl") && out.includes("Received: "), `${url}: ${out}`);
  }
  assertMatch(
    await must("curl", ["-sS", "-k", ...user, `imaps://127.0.0.1:${ports.imaps}/`]),
    /\* LIST .*INBOX/,
  );
  assertMatch(
    await must("curl", ["-sS", "-k", ...user, `imaps://127.0.0.1:${ports.imaps}/INBOX?SUBJECT%20curl`]),
    /\* SEARCH 1 2 3/,
  );
  assertMatch(await must("curl", ["-sS", `http://127.0.0.1:${ports.http}/api/status`]), /"accepted":3/);
});

Deno.test("curl: UTF-8 addresses, where swaks knows no SMTPUTF8", async () => {
  const delta = "δέλτα@example.test";
  await using roost = await RoostProcess.start({
    users: { [ALICE]: "secret-alice", [delta]: "secret-delta" },
  });
  const { ports } = roost;
  const mail = `From: ${delta}\r\nTo: ${delta}\r\nSubject: ναι\r\n\r\nx\r\n`;
  const send = (url: string, from: string, ...more: string[]) =>
    must("curl", ["-sS", "-k", url, "--mail-from", from, "--mail-rcpt", delta, "-T", "-", ...more], {
      stdin: mail,
    });
  const login = ["-u", `${delta}:secret-delta`];
  await send(`smtp://127.0.0.1:${ports.smtp}`, ALICE);
  await send(`smtps://127.0.0.1:${ports.submissions}`, delta, ...login);
  const read = (what: string) =>
    must("curl", ["-sS", "-k", ...login, `imaps://127.0.0.1:${ports.imaps}/INBOX${what}`]);
  const [plain, authenticated] = [await read(";MAILINDEX=1"), await read(";MAILINDEX=2")];
  assertMatch(plain, /^Received: [^]*?with UTF8SMTP\s/m);
  assertMatch(authenticated, /^Received: [^]*?with UTF8SMTPSA/m);
  assert(plain.endsWith(mail), plain);
});

Deno.test("mbsync: two-way, and a second run transfers nothing", async () => {
  await using roost = await RoostProcess.start();
  for (let i = 0; i < 5; i++) {
    await swaks("--port", `${roost.ports.smtp}`, "--header", `Subject: m${i}`);
  }
  const local = `${roost.dir}/local`;
  await Deno.mkdir(local);
  const config = `${roost.dir}/mbsyncrc`;
  await Deno.writeTextFile(
    config,
    `IMAPAccount r
Host localhost
Port ${roost.ports.imaps}
User ${BOB}
Pass secret-bob
SSLType IMAPS
CertificateFile ${roost.dir}/data/tls/ca.pem

IMAPStore far
Account r

MaildirStore near
Path ${local}/
Inbox ${local}/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`,
  );
  const sync = () => must("mbsync", ["-c", config, "-V", "c"]);
  await sync();
  assertEquals((await filesBelow(`${local}/INBOX`)).filter((f) => /^(cur|new)\//.test(f)).length, 5);
  // One read and one deleted here, one flagged there, one new on each side.
  const here = (await filesBelow(`${local}/INBOX`)).filter((f) => /^(cur|new)\//.test(f));
  const gone = here[1] ?? "";
  const goneSubject = /^Subject: (m\d)/m.exec(await Deno.readTextFile(`${local}/INBOX/${gone}`))?.[1];
  const seen = here[0]?.replace(/^.*\//, "").replace(/:2,.*$/, "");
  await Deno.rename(`${local}/INBOX/${here[0]}`, `${local}/INBOX/cur/${seen}:2,S`);
  await Deno.remove(`${local}/INBOX/${gone}`);
  await Deno.writeTextFile(`${local}/INBOX/new/1700000000.M1P1.here`, "Subject: from here\n\nbare LF\n");
  const client = await imapClient(roost, BOB, "secret-bob");
  await client.mailboxOpen("INBOX");
  await client.messageFlagsAdd({ seq: "5" }, ["\\Flagged"]);
  await client.append("INBOX", "Subject: from there\r\n\r\nx\r\n");
  await client.logout();
  await sync();
  const want = ["from here", "from there", "m0", "m1", "m2", "m3", "m4"].filter((subject) =>
    subject !== goneSubject
  );
  assertEquals((await subjects(roost)).sort(), want);
  const before = await filesBelow(local);
  const second = await sync();
  assertEquals(await filesBelow(local), before);
  assert(!/[1-9]\d* (new|flag|trash|upd)/i.test(second.replace(/.*\r/g, "")), second);
});

Deno.test("fetchmail: takes everything by POP3 with STLS and by IMAPS", async () => {
  await using roost = await RoostProcess.start();
  for (let i = 0; i < 3; i++) {
    await swaks("--port", `${roost.ports.smtp}`, "--header", `Subject: m${i}`);
  }
  const rc = `${roost.dir}/fetchmailrc`;
  const sink = `${roost.dir}/sink`;
  const fetch = async (line: string) => {
    await Deno.writeTextFile(rc, `${line}\n`);
    await Deno.chmod(rc, 0o600);
    return await run(
      "fetchmail",
      ["-f", rc, "--pidfile", `${roost.dir}/pid`, "-i", `${roost.dir}/ids`, "-v"],
      { env: { HOME: roost.dir } },
    );
  };
  const mda = `mda "cat >> ${sink}"`;
  const user = `user "${BOB}" password "secret-bob"`;
  const kept = await fetch(
    `poll 127.0.0.1 protocol pop3 port ${roost.ports.pop3} ${user} sslproto "TLS1.2+" no sslcertck keep ${mda}`,
  );
  assertEquals(kept.code, 0, kept.out + kept.err);
  const taken = await fetch(
    `poll 127.0.0.1 protocol imap port ${roost.ports.imaps} ${user} ssl no sslcertck fetchall ${mda}`,
  );
  assertEquals(taken.code, 0, taken.out + taken.err);
  const text = await Deno.readTextFile(sink);
  assertEquals([...text.matchAll(/^Subject: (m\d)/gm)].map((m) => m[1]), [
    "m0",
    "m1",
    "m2",
    "m0",
    "m1",
    "m2",
  ]);
  assertEquals(await subjects(roost), []);
});

Deno.test("mutt: reads over IMAPS, saves a copy, sends over SMTPS", async () => {
  await using roost = await RoostProcess.start();
  await swaks(
    "--port",
    `${roost.ports.smtp}`,
    "--header",
    "Subject: for mutt",
    "--body",
    "read by mutt",
  );
  const rc = `${roost.dir}/muttrc`;
  await Deno.writeTextFile(
    rc,
    `set ssl_verify_host=no ssl_force_tls=yes certificate_file=${roost.dir}/certs realname="Bob" from="${BOB}"
set imap_user="${BOB}" imap_pass="secret-bob" folder="imaps://127.0.0.1:${roost.ports.imaps}/" spoolfile="imaps://127.0.0.1:${roost.ports.imaps}/INBOX"
set smtp_url="smtps://bob%40example.test:secret-bob@127.0.0.1:${roost.ports.submissions}/" record="imaps://127.0.0.1:${roost.ports.imaps}/Sent"
set ssl_ca_certificates_file=${roost.dir}/data/tls/ca.pem
`,
  );
  await Deno.copyFile(`${roost.dir}/data/tls/ca.pem`, `${roost.dir}/certs`);
  const sent = await run("mutt", ["-F", rc, "-s", "from mutt", "--", ALICE], {
    stdin: "sent by mutt\n",
    env: { HOME: roost.dir, TERM: "xterm" },
  });
  assertEquals(sent.code, 0, sent.out + sent.err);
  const alice = await imapClient(roost);
  await alice.mailboxOpen("INBOX");
  const got = await alice.fetchOne("1", { envelope: true, source: true });
  assert(got && got.envelope?.subject === "from mutt");
  await alice.logout();
  const script = ["push", "'<save-message>=Archive<enter>y<sync-mailbox>y<exit>y'"].join(" ");
  const read = await run("script", ["-qec", `mutt -F ${rc} -e "${script}"`, "/dev/null"], {
    env: { HOME: roost.dir, TERM: "xterm" },
  });
  const bob = await imapClient(roost, BOB, "secret-bob");
  const archive = await bob.status("Archive", { messages: true });
  const copies = await bob.status("Sent", { messages: true });
  await bob.logout();
  assertEquals([archive && archive.messages, copies && copies.messages], [1, 1], read.out.slice(-500));
});
