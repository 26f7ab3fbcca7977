/** Mail moves from Dovecot to Roost and back to another Dovecot: clients see the very same UIDs, flags, keywords, dates and subscriptions. */
import { assert, assertEquals } from "../support/assert.ts";
import { Dovecot, give, giveAll } from "../support/dovecot.ts";
import { must } from "../support/programs.ts";
import { roostCommand, runRoost } from "../support/roost_process.ts";

const ASK = [
  "SELECT INBOX",
  "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])",
  "SELECT Work.2026",
  "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])",
  'LSUB "" "*"',
];

function append(box: string, flags: string, date: string, text: string): string {
  return `APPEND ${box} (${flags}) "${date}" {${text.length}+}\r\n${text}`;
}

/** What of an answer a client would keep. */
function kept(lines: readonly string[]): string[] {
  return lines.filter((l) =>
    !/^t\d+ |OK \[(?:UNSEEN|HIGHESTMODSEQ)|RECENT|^\* (?:OK|CAPABILITY|PREAUTH|BYE)/.test(l) ||
    /UIDVALIDITY|UIDNEXT/.test(l)
  )
    .map((l) => l.replace(/ ?\\Recent/, "").replace(/^(\* OK \[UID\S+ \d+\]).*/, "$1"));
}

Deno.test("Dovecot to Roost to Dovecot keeps UIDs, flags, keywords, dates and subscriptions", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-moves-" });
  try {
    for (const name of ["a", "b"]) {
      await Deno.mkdir(`${dir}/${name}`);
      give(`${dir}/${name}`);
    }
    await Deno.chmod(dir, 0o755);
    await Deno.mkdir(`${dir}/a/mail`);
    give(`${dir}/a/mail`);
    const first = new Dovecot(`${dir}/a`, `${dir}/a/mail`);
    const date = "22-Nov-2020 10:00:00 +0100";
    await first.imap(
      "CREATE Work.2026",
      "CREATE Unloved",
      "SUBSCRIBE INBOX",
      "SUBSCRIBE Work.2026",
      append("INBOX", "\\Seen $Forwarded", date, "Subject: 1\r\n\r\none\r\n"),
      append("INBOX", "\\Deleted", date, "Subject: 2\r\n\r\ngone\r\n"),
      append("INBOX", "\\Flagged \\Answered work", date, "Subject: 3\r\n\r\nFrom here\r\n"),
      append("Work.2026", "\\Draft work", "01-Jan-2001 00:00:01 +0000", "Subject: 4\r\n\r\nfour\r\n"),
      "SELECT INBOX",
      "EXPUNGE",
    );
    const before = kept(await first.imap(...ASK));
    assert(
      before.some((l) => /\$Forwarded/.test(l)) && before.some((l) => /UIDNEXT 4/.test(l)),
      before.join("\n"),
    );

    const config = `${dir}/roost.yaml`;
    await Deno.writeTextFile(
      config,
      'hostname: mail.example.test\ndata: data\nlisten: { smtp: ["127.0.0.1:1"] }\ndomains: { example.test: {} }\n',
    );
    const roost = async (...args: string[]) => {
      const ran = await runRoost([...args, "--config", config], { stdin: "secret-word\n" });
      assertEquals([ran.code, ran.err], [0, ""], ran.out);
    };
    await roost("user", "add", "alice@example.test", "--password-stdin");
    await roost("import", "maildir", `${dir}/a/mail`, "alice@example.test");
    await roost("import", "maildir", `${dir}/a/mail`, "alice@example.test");
    await roost("export", "maildir", "alice@example.test", `${dir}/b/mail`);
    await giveAll(`${dir}/b/mail`);
    const second = new Dovecot(`${dir}/b`, `${dir}/b/mail`);
    assertEquals(kept(await second.imap(...ASK)), before);
    assertEquals([...first.faults, ...second.faults], []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Runs a verb; gives its highest resident memory in MB. */
async function peak(...args: string[]): Promise<number> {
  const { command, args: all } = roostCommand(...args);
  const watch =
    "import resource,subprocess,sys\nif subprocess.call(sys.argv[1:],stdout=sys.stderr): sys.exit(1)\nprint(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
  return Math.round(Number(await must("python3", ["-c", watch, command, ...all])) / 1024);
}

Deno.test("import and export of 2,000 messages take little memory", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-peak-" });
  try {
    const config = `${dir}/roost.yaml`;
    await Deno.writeTextFile(
      config,
      'hostname: mail.example.test\ndata: data\nlisten: { smtp: ["127.0.0.1:1"] }\ndomains: { example.test: {} }\n',
    );
    const added = ["user", "add", "alice@example.test", "--password-stdin", "--config", config];
    assertEquals((await runRoost(added, { stdin: "secret-word\n" })).code, 0);
    const message = `Subject: x\n\n${"text and more text\n".repeat(200)}\n`;
    let mbox = "";
    for (let i = 0; i < 2000; i++) {
      mbox += `From a@b.test Sun Nov 22 10:00:00 2020\nMessage-ID: <${i}@x>\n${message}`;
    }
    await Deno.writeTextFile(`${dir}/box`, mbox);
    const peaks = {
      "import mbox": await peak("import", "mbox", `${dir}/box`, "alice@example.test", "--config", config),
      "export maildir": await peak(
        "export",
        "maildir",
        "alice@example.test",
        `${dir}/md`,
        "--config",
        config,
      ),
      "export mbox": await peak("export", "mbox", "alice@example.test", `${dir}/mbox`, "--config", config),
    };
    console.log(`peak memory in MB with 2,000 messages: ${JSON.stringify(peaks)}`);
    for (const [what, mb] of Object.entries(peaks)) assert(mb < 200, `${what} took ${mb} MB`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Dovecot's imap program behind a port, logged in already. */
function behindPort(dovecot: Dovecot): { readonly port: number; close(): void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const conn of listener) {
      const [command = "", ...args] = dovecot.tunnel.split(" ");
      const child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "null" })
        .spawn();
      // Either end may go first.
      void conn.readable.pipeTo(child.stdin).catch(() => {});
      void child.stdout.pipeTo(conn.writable).catch(() => {});
    }
  })();
  return { port: listener.addr.port, close: () => listener.close() };
}

Deno.test("import imap takes a Dovecot's mail over as its clients know it", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-remote-" });
  try {
    await Deno.chmod(dir, 0o755);
    for (const path of ["a", "a/mail", "b"]) {
      await Deno.mkdir(`${dir}/${path}`);
      give(`${dir}/${path}`);
    }
    const first = new Dovecot(`${dir}/a`, `${dir}/a/mail`);
    const date = "22-Nov-2020 10:00:00 +0100";
    await first.imap(
      "CREATE Work.2026",
      "SUBSCRIBE INBOX",
      "SUBSCRIBE Work.2026",
      append("INBOX", "\\Seen $Forwarded", date, "Subject: 1\r\n\r\none\r\n"),
      append("INBOX", "\\Deleted", date, "Subject: 2\r\n\r\ngone\r\n"),
      append("INBOX", "\\Flagged work", date, "Subject: 3\r\n\r\nthree\r\n"),
      append("Work.2026", "\\Draft work", date, "Subject: 4\r\n\r\nfour\r\n"),
      "SELECT INBOX",
      "EXPUNGE",
    );
    const before = kept(await first.imap(...ASK));
    const config = `${dir}/roost.yaml`;
    await Deno.writeTextFile(
      config,
      'hostname: mail.example.test\ndata: data\nlisten: { smtp: ["127.0.0.1:1"] }\ndomains: { example.test: {} }\n',
    );
    const roost = async (...args: string[]) => {
      const ran = await runRoost([...args, "--config", config], { stdin: "secret-word\n" });
      assertEquals([ran.code, ran.err], [0, ""], ran.out);
    };
    await roost("user", "add", "alice@example.test", "--password-stdin");
    const server = behindPort(first);
    for (let i = 0; i < 2; i++) {
      await roost(
        "import",
        "imap",
        `imap://alice@127.0.0.1:${server.port}`,
        "alice@example.test",
        "--password-stdin",
      );
    }
    server.close();
    await roost("export", "maildir", "alice@example.test", `${dir}/b/mail`);
    await giveAll(`${dir}/b/mail`);
    const second = new Dovecot(`${dir}/b`, `${dir}/b/mail`);
    // Keywords have other numbers where they were met in another order; their names count.
    const sorted = (lines: string[]) =>
      lines.map((l) => l.replace(/FLAGS \(([^)]*)\)/, (_, f) => `FLAGS (${f.split(" ").sort().join(" ")})`));
    assertEquals(sorted(kept(await second.imap(...ASK))), sorted(before));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
