/** What leaves a real Roost is signed: submissions, bounces, what sendmail takes; and keys rotate under the running server. */
import { DkimVerifier } from "../../mod/auth/dkim/verify.ts";
import type { DkimOutcome } from "../../mod/auth/types.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { imapClient, mailer } from "../support/clients.ts";
import { RoostProcess, runRoost } from "../support/roost_process.ts";
import { zone } from "../support/zone.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

interface Listed {
  readonly selector: string;
  readonly state: string;
  readonly signs: boolean;
  readonly name: string;
  readonly value: string;
}

async function dkim(roost: RoostProcess, ...args: string[]): Promise<Listed[]> {
  const ran = await roost.verb("dkim", ...args, "--json");
  assertEquals([ran.code, ran.err], [0, ""]);
  return JSON.parse(ran.out);
}

/** The newest message of a mailbox, once there are so many; read by polling, since the queue delivers when it does. */
async function newest(
  roost: RoostProcess,
  user: string,
  password: string,
  count: number,
): Promise<Uint8Array> {
  const client = await imapClient(roost, user, password);
  try {
    for (;;) {
      const { exists } = await client.mailboxOpen("INBOX");
      if (exists >= count) {
        const message = await client.fetchOne("*", { source: true });
        return message && message.source ? message.source : new Uint8Array(0);
      }
      await new Promise((wake) => setTimeout(wake, 50));
    }
  } finally {
    await client.logout();
  }
}

/** What others would say of it, with the records that Roost says are to be published. */
async function judged(message: Uint8Array, keys: readonly Listed[]): Promise<readonly DkimOutcome[]> {
  const resolver = zone(Object.fromEntries(keys.map((k) => [k.name, { TXT: [k.value] }])));
  const verifier = new DkimVerifier({ resolver, now: Date.now() });
  verifier.write(message);
  return await verifier.finish();
}

function summary(outcomes: readonly DkimOutcome[]): string[] {
  return outcomes.map((o) => `${o.algorithm} ${o.domain} ${o.result}`).sort();
}

const SIGNED = ["ed25519-sha256 example.test pass", "rsa-sha256 example.test pass"];

Deno.test("e2e: submissions are signed, and with the new keys as soon as they are rotated", async () => {
  await using roost = await RoostProcess.start();
  const submit = async (to: string): Promise<void> => {
    await mailer(roost, "submission").sendMail({
      from: ALICE,
      to,
      subject: "x",
      text: "Gr\u00fc\u00dfe  \n",
    });
  };
  await submit(BOB);
  assertEquals(await judged(await newest(roost, BOB, "secret-bob", 1), []), []);
  const first = await dkim(roost, "rotate");
  await submit(BOB);
  const signed = await newest(roost, BOB, "secret-bob", 2);
  assertEquals(summary(await judged(signed, first)), SIGNED);
  const waiting = await dkim(roost, "rotate");
  assertEquals(waiting.map((k) => k.state).sort(), ["active", "active", "new", "new"]);
  await submit(BOB);
  const still = await judged(await newest(roost, BOB, "secret-bob", 3), waiting);
  assertEquals(still.map((o) => o.selector).sort(), first.map((k) => k.selector).sort());
  const turned = await dkim(roost, "rotate", "--now");
  await submit(BOB);
  const fresh = await judged(await newest(roost, BOB, "secret-bob", 4), turned);
  assertEquals(summary(fresh), SIGNED);
  assertEquals(
    fresh.map((o) => o.selector).sort(),
    turned.filter((k) => k.signs).map((k) => k.selector).sort(),
  );
  // What was signed before is good as long as the old records stay.
  assertEquals(summary(await judged(signed, turned)), SIGNED);
});

Deno.test("e2e: bounces and what sendmail takes are signed, mail from strangers is not", async () => {
  await using roost = await RoostProcess.start();
  const keys = await dkim(roost, "rotate");
  await mailer(roost, "submission").sendMail({ from: ALICE, to: "x@nowhere.test", subject: "x", text: "x" });
  const bounce = await newest(roost, ALICE, "secret-alice", 1);
  assert(new TextDecoder().decode(bounce).includes("MAILER-DAEMON@mail.example.test"));
  assertEquals(summary(await judged(bounce, keys)), SIGNED);
  const args = ["sendmail", "-i", "--config", roost.config, BOB];
  const ran = await runRoost(args, { stdin: `From: ${ALICE}\nSubject: cron\n\nhello\n` });
  assertEquals([ran.code, ran.err], [0, ""]);
  assertEquals(summary(await judged(await newest(roost, BOB, "secret-bob", 1), keys)), SIGNED);
  await mailer(roost, "smtp").sendMail({ from: "a@elsewhere.test", to: BOB, subject: "x", text: "x" });
  assertEquals(await judged(await newest(roost, BOB, "secret-bob", 2), keys), []);
});
