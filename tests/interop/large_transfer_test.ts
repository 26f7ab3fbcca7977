/** 100,000 messages come in, killed in the middle and run anew, and go out again: all are there once, under their UIDs, and memory is bounded. */
import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/programs.ts";
import { roostCommand, runRoost } from "../support/roost_process.ts";

const MESSAGES = 100_000;
/** Texts among them: a file system has a limit of links to one file (65,000 on ext4). */
const TEXTS = 20;
/** MB of resident memory; a tenth of the messages takes about as much as all. */
const MOST = 320;
const FLAGS = ["S", "FRS", ""];
const ACCOUNT = "alice@example.test";

/** Of the message at a place: name without flags, flags, time of arrival in seconds, UID. */
function message(i: number) {
  return {
    base: `${1600000000 + i}.M${i}P1.old`,
    flags: FLAGS[i % FLAGS.length] ?? "",
    time: 1600000000 + i % TEXTS,
    uid: i * 2 + 1,
  };
}

/** A Maildir as Dovecot has it. Messages are links to few files, which costs a tenth of writing them. */
async function makeMaildir(dir: string): Promise<void> {
  for (const path of ["cur", "new", "tmp"]) await Deno.mkdir(`${dir}/${path}`, { recursive: true });
  const list = [`3 V1700000000 N${3 * MESSAGES} G0123456789abcdef0123456789abcdef`];
  const paths: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const { base, flags, time, uid } = message(i);
    const path = `${dir}/cur/${base}:2,${flags}`;
    if (i < TEXTS) {
      paths.push(path);
      Deno.writeTextFileSync(path, `From: <a@b.test>\r\nSubject: ${i}\r\n\r\n${"text\r\n".repeat(50)}`);
      Deno.utimeSync(path, time, time);
    } else Deno.linkSync(paths[i % TEXTS] ?? "", path);
    list.push(`${uid} :${base}`);
  }
  await Deno.writeTextFile(`${dir}/dovecot-uidlist`, list.join("\n") + "\n");
}

/** Runs a verb, killed once `killed` says so; gives its exit code (null when killed), output, and highest resident memory in MB. */
async function watched(
  args: readonly string[],
  killed: () => boolean = () => false,
): Promise<{ readonly code: number | null; readonly out: string; readonly peak: number }> {
  const { command, args: all } = roostCommand(...args);
  const child = new Deno.Command(command, { args: all, stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  let [ended, cut, peak] = [false, false, 0];
  const output = child.output().finally(() => ended = true);
  await eventually(`the end of ${args[0]}`, async () => {
    const status = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
    if (!cut && !ended && killed()) {
      child.kill("SIGKILL");
      cut = true;
    }
    return ended;
  }, 600);
  const { code, stdout } = await output;
  return { code: cut ? null : code, out: new TextDecoder().decode(stdout), peak: Math.round(peak) };
}

/** Octets of a file; 0 when it is not there. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return 0;
    throw e;
  }
}

/** UID, flags, time and subject of each message, by the files; sorted. */
function contents(maildir: string): string[] {
  const uids = new Map<string, string>();
  for (const line of Deno.readTextFileSync(`${maildir}/dovecot-uidlist`).split("\n").slice(1)) {
    const m = /^(\d+) [^:]*:([^,]+)/.exec(line);
    if (m?.[1] && m[2]) uids.set(m[2], m[1]);
  }
  const lines: string[] = [];
  const head = new Uint8Array(64);
  for (const { name } of Deno.readDirSync(`${maildir}/cur`)) {
    const [base = "", flags = ""] = name.split(":2,");
    using file = Deno.openSync(`${maildir}/cur/${name}`);
    const text = new TextDecoder().decode(head.subarray(0, file.readSync(head) ?? 0));
    const uid = uids.get(base.replace(/,.*/, ""));
    lines.push(`${uid} ${flags} ${file.statSync().mtime?.getTime()} ${/Subject: (\d+)/.exec(text)?.[1]}`);
  }
  return lines.sort();
}

Deno.test("100,000 messages come in, resumed after a kill, and go out, each once, with bounded memory", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-large-" });
  try {
    const config = `${dir}/roost.yaml`;
    await Deno.writeTextFile(
      config,
      'hostname: mail.example.test\ndata: data\nlisten: { smtp: ["127.0.0.1:1"] }\ndomains: { example.test: {} }\n',
    );
    const added = ["user", "add", ACCOUNT, "--password-stdin", "--config", config];
    assertEquals((await runRoost(added, { stdin: "secret-word\n" })).code, 0);
    await makeMaildir(`${dir}/old`);
    const mail = `${dir}/data/mail/example.test/alice`;
    const come = ["import", "maildir", `${dir}/old`, ACCOUNT, "--config", config, "--json"];
    const list = sizeOf(`${dir}/old/dovecot-uidlist`);
    const cut = await watched(come, () => sizeOf(`${mail}/dovecot-uidlist`) > 0.4 * list);
    assertEquals(cut.code, null, cut.out);
    const came = await watched(come);
    const report = JSON.parse(came.out);
    assertEquals([came.code, report.lost, report.messages + report.already], [0, 0, MESSAGES]);
    assert(
      report.already > 0.1 * MESSAGES && report.messages > 0.1 * MESSAGES,
      `${report.already} were there`,
    );
    const went = await watched(["export", "maildir", ACCOUNT, `${dir}/out`, "--config", config, "--json"]);
    assertEquals(went.code, 0, went.out);

    const expected = Array.from({ length: MESSAGES }, (_, i) => {
      const { uid, flags, time } = message(i);
      return `${uid} ${flags} ${time * 1000} ${i % TEXTS}`;
    });
    assert(contents(`${dir}/out`).join("\n") === expected.sort().join("\n"), "what went out is what came in");
    assertEquals([...Deno.readDirSync(`${mail}/cur`)].length, MESSAGES);
    const peaks = { "import, killed": cut.peak, "import, resumed": came.peak, "export": went.peak };
    console.log(`peak memory in MB with ${MESSAGES} messages: ${JSON.stringify(peaks)}`);
    for (const [what, mb] of Object.entries(peaks)) assert(mb > 0 && mb < MOST, `${what} took ${mb} MB`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
