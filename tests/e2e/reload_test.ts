/** Reloads with good and broken files, storms of signals, and the end of a server under load. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { connectTo, nothingLeft, servedQuickly, until } from "../support/hostile.ts";
import { RawClient, smtpMessage } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";

/** Milliseconds from SIGTERM to the end, whatever clients do. */
const STOPS_IN = 15_000;

async function reloadFails(roost: RoostProcess, why: RegExp): Promise<void> {
  const { code, err } = await roost.verb("reload");
  assertEquals(code, 1);
  assertMatch(err, why);
  await servedQuickly(roost, "a reload that failed");
}

/** Paths below a folder that others than the owner may use, with their modes. */
function open(dir: string): string[] {
  const found: string[] = [];
  for (const e of Deno.readDirSync(dir)) {
    const path = `${dir}/${e.name}`;
    const mode = (Deno.lstatSync(path).mode ?? 0) & 0o777;
    // Certificates are for everybody to see.
    if ((mode & 0o077) !== 0 && !path.endsWith(".pem")) found.push(`${path} ${mode.toString(8)}`);
    if (e.isDirectory) found.push(...open(path));
  }
  return found;
}

Deno.test("e2e: a broken config or accounts file leaves the old one running, and says what is wrong", async () => {
  await using roost = await RoostProcess.start();
  const config = await Deno.readTextFile(roost.config);
  const accountsFile = `${roost.dir}/data/accounts.yaml`;
  const accounts = await Deno.readTextFile(accountsFile);
  // A session that lasts through all of it.
  const lasting = await connectTo(roost, "imap");
  await lasting.line();
  await lasting.say("a LOGIN alice@example.test secret-alice\r\n");
  await lasting.tagged("a");
  const broken: readonly [string, RegExp][] = [
    ["hostname: [unclosed", /roost\.yaml.*:\d+/],
    [config.replace("listen:", "lisen:"), /lisen.*/],
    [config.replace(/imap: \[.*\]/, 'imap: ["nonsense"]'), /imap|listen/],
    [`${config}\nlimits: { message_size: tiny }\n`, /message_size/],
    ["", /./],
    ["\0\0\0", /./],
  ];
  for (const [text, why] of broken) {
    await Deno.writeTextFile(roost.config, text);
    Deno.kill(roost.pid, "SIGHUP");
    await roost.logged('"event":"not reloaded"');
    await servedQuickly(roost, "a reload that failed");
    // The verb has to read the config itself to find the server.
    assertMatch((await roost.verb("reload")).err, why);
  }
  await Deno.writeTextFile(roost.config, config);
  for (const text of ["users: [", "\0", `${accounts}\nnonsense: true\n`]) {
    await Deno.writeTextFile(accountsFile, text);
    await reloadFails(roost, /accounts\.yaml/);
  }
  await Deno.writeTextFile(accountsFile, accounts);
  // What only a restart can take over is said, not ignored in silence.
  await Deno.writeTextFile(roost.config, `${config}\nlog: { level: debug }\n`);
  await reloadFails(roost, /log can only change with a restart/);
  // A port that somebody has: nothing changes.
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = (taken.addr as Deno.NetAddr).port;
  await Deno.writeTextFile(roost.config, config.replace(/imap: \[.*\]/, `imap: ["127.0.0.1:${port}"]`));
  await reloadFails(roost, /another program has the port/);
  taken.close();
  await Deno.writeTextFile(roost.config, config);
  const { code } = await roost.verb("reload");
  assertEquals(code, 0);
  await lasting.say("b NOOP\r\n");
  assertEquals((await lasting.tagged("b")).at(-1)?.slice(0, 4), "b OK");
  lasting.close();
  assertEquals(open(`${roost.dir}/data`), [], "only the owner may read");
});

Deno.test("e2e: a storm of reloads disturbs nobody", async () => {
  await using roost = await RoostProcess.start();
  const client = await connectTo(roost, "smtp");
  await client.reply();
  await client.say("EHLO x\r\n");
  await client.reply();
  for (let i = 0; i < 100; i++) {
    Deno.kill(roost.pid, "SIGHUP");
    assert(await smtpMessage(client, "a@b.test", "alice@example.test", `Subject: ${i}\r\n\r\nx`));
  }
  client.close();
  await servedQuickly(roost, "a storm of reloads");
  await nothingLeft(roost, "a storm of reloads");
});

Deno.test("e2e: SIGTERM under load ends in time, with clients that hang about, and loses nothing acknowledged", async () => {
  await using roost = await RoostProcess.start();
  const acknowledged: string[] = [];
  const load = Array.from({ length: 10 }, async (_, n) => {
    try {
      const client = await connectTo(roost, "smtp");
      await client.reply();
      await client.say("EHLO x\r\n");
      await client.reply();
      for (let i = 0;; i++) {
        if (!await smtpMessage(client, "a@b.test", "alice@example.test", `Subject: s-${n}-${i}\r\n\r\nx`)) {
          return;
        }
        acknowledged.push(`s-${n}-${i}`);
      }
    } catch {
      // The server ended: that is the point.
    }
  });
  // Half a web request, half a message, half a handshake, and one that reads nothing.
  const hanging: RawClient[] = [];
  for (
    const [service, text] of [["http", "GET /api/status HTTP/1.1\r\nHo"], ["imaps", "\x16"], [
      "imap",
      "a LOG",
    ]] as const
  ) {
    const client = await connectTo(roost, service);
    await client.say(text);
    hanging.push(client);
  }
  const inData = await connectTo(roost, "smtp");
  await inData.reply();
  await inData.say("EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nhalf");
  hanging.push(inData);
  await until(() => acknowledged.length > 200, "load");
  const begin = performance.now();
  assertEquals(await roost.stop(), 0);
  const took = performance.now() - begin;
  assert(took < STOPS_IN, `the server took ${Math.round(took)} ms to end`);
  await Promise.all(load);
  for (const c of hanging) c.close();
  await roost.launch();
  const imap = await connectTo(roost, "imap");
  await imap.line();
  await imap.say(
    "a LOGIN alice@example.test secret-alice\r\nb SELECT INBOX\r\nc FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\n",
  );
  const text = await imap.tagged("c");
  imap.close();
  const found = text.map((l) => /^Subject: (.*)$/.exec(l)?.[1]).filter((s) => s !== undefined);
  assertEquals(new Set(found).size, found.length, "nothing is doubled");
  const there = new Set(found);
  assertEquals(acknowledged.filter((s) => !there.has(s)), []);
});
