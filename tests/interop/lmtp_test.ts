/** Postfix delivers into Roost by LMTP: each recipient has an answer of its own (RFC 2033 4.2). */
import { utf8 } from "../../mod/base/bytes.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { loopback } from "../support/neighbours.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";
const CAROL = "carol@far.test";

/** Messages in the INBOX of a Roost account, as its files have them. */
async function inbox(roost: RoostProcess, user: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ["new", "cur"]) {
    const path = `${roost.maildir(user)}/${folder}`;
    try {
      for await (const e of Deno.readDir(path)) found.push(await Deno.readTextFile(`${path}/${e.name}`));
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound) && !(e instanceof Deno.errors.NotADirectory)) throw e;
    }
  }
  return found;
}

Deno.test("postfix: delivers by LMTP under TLS; who is there gets it once, who is not or cannot is told apart", async () => {
  await using roost = await RoostProcess.start();
  await using postfix = await Postfix.start({
    address: loopback(),
    domain: "far.test",
    users: ["carol"],
    relay: `[${roost.address}]:${roost.ports.smtp}`,
    tls: `${roost.dir}/data/tls`,
    settings: `transport_maps = inline:{ example.test=lmtp:inet:[${roost.address}]:${roost.ports.lmtp} }
lmtp_tls_security_level = encrypt
`,
  });
  const explain = async (e: unknown) => {
    throw new Error(`${e}\n${await postfix.log()}\n${roost.log}`);
  };
  // Bob's mail cannot be kept for now: a file is where his folder should be.
  const folder = roost.maildir(BOB);
  await Deno.mkdir(folder.slice(0, folder.lastIndexOf("/")), { recursive: true });
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.writeTextFile(folder, "");

  const text = `From: ${CAROL}\nTo: all\nSubject: to three\n\n.\nhi\n..\n`;
  await postfix.sendTo(CAROL, [ALICE, BOB, "nobody@example.test"], utf8(text));
  const [got = ""] = await eventually("Alice has it", async () => {
    const all = await inbox(roost, ALICE);
    return all.length > 0 && all;
  }, 20).catch(explain);
  assertMatch(got, /^Received: from mail\.far\.test [^]*?with LMTPS/m);
  assertMatch(got, /\r\n\r\n\.\r\nhi\r\n\.\.\r\n$/);
  const bounce = await postfix.text("carol", "Undelivered Mail Returned to Sender");
  assertMatch(bounce, /^Final-Recipient: rfc822; nobody@example\.test$/m);
  assertMatch(bounce, /^Diagnostic-Code: smtp; 550 5\.1\.1/m);
  assertEquals(bounce.match(/^Final-Recipient:/gm)?.length, 1);
  await eventually("Bob's is put off", async () => /to=<bob@.*status=deferred/.test(await postfix.log()), 20)
    .catch(explain);
  assertMatch(await postfix.log(), /to=<bob@example\.test>.*dsn=4\..*status=deferred/);
  assertMatch(await postfix.log(), /to=<alice@example\.test>.*dsn=2\..*status=sent/);

  await Deno.remove(folder);
  await postfix.flush();
  await eventually("Bob has it", async () => (await inbox(roost, BOB)).length > 0, 20).catch(explain);
  assertEquals([(await inbox(roost, ALICE)).length, (await inbox(roost, BOB)).length], [1, 1]);
});
