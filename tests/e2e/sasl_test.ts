/** SCRAM and EXTERNAL over real connections: each protocol, channel binding to the certificate shown, accounts that have no keys yet. */
import { createHash, X509Certificate } from "node:crypto";
import tls from "node:tls";
import { utf8 } from "../../mod/base/bytes.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { issueAuthority, issueServer } from "../../mod/tls/own_ca.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { RawClient } from "../support/raw_client.ts";
import { RoostProcess } from "../support/roost_process.ts";
import { ScramClient } from "../support/scram_client.ts";

const ALICE = { user: "alice@example.test", password: "secret-alice" };
const PLUS = "p=tls-server-end-point,,";

interface Dialect {
  readonly service: "submissions" | "imaps" | "pop3s";
  readonly auth: string;
  /** What comes before a challenge. */
  readonly challenge: RegExp;
  readonly success: RegExp;
  readonly failure: RegExp;
  greet(client: RawClient): Promise<string>;
}

const DIALECTS: readonly Dialect[] = [
  {
    service: "submissions",
    auth: "AUTH",
    challenge: /^334 /,
    success: /^235 /,
    failure: /^535 /,
    async greet(client) {
      await client.reply();
      await client.say("EHLO c.test\r\n");
      for (;;) {
        const line = await client.line();
        if (/^250[ -]AUTH/.test(line)) {
          while (line[3] === "-" && (await client.line())[3] === "-");
          return line;
        }
      }
    },
  },
  {
    service: "imaps",
    auth: "a AUTHENTICATE",
    challenge: /^\+ /,
    success: /^a OK /,
    failure: /^a NO \[AUTHENTICATIONFAILED\]/,
    greet: (client) => client.line(),
  },
  {
    service: "pop3s",
    auth: "AUTH",
    challenge: /^\+ /,
    success: /^\+OK /,
    failure: /^-ERR \[AUTH\]/,
    async greet(client) {
      await client.line();
      await client.say("CAPA\r\n");
      let sasl = "";
      for (let line = ""; line !== "."; line = await client.line()) if (line.startsWith("SASL")) sasl = line;
      return sasl;
    },
  },
];

/** Logs in; gives the last line. `listed` gets the mechanisms. */
async function attempt(
  roost: RoostProcess,
  dialect: Dialect,
  mechanism: string,
  scram: ScramClient,
  listed: (text: string) => void = () => {},
): Promise<string> {
  const client = await RawClient.connect("127.0.0.1", roost.ports[dialect.service]);
  await client.conn.startTls(null);
  listed(await dialect.greet(client));
  let last = "";
  await client.say(`${dialect.auth} ${mechanism}\r\n`);
  assertMatch(await client.line(), dialect.challenge);
  const accepted = await scram.run(async (response) => {
    await client.say(`${utf8(response).toBase64()}\r\n`);
    last = await client.line();
    return dialect.challenge.test(last) ? Uint8Array.fromBase64(last.replace(dialect.challenge, "")) : null;
  });
  assertEquals(accepted, dialect.success.test(last), last);
  client.close();
  return last;
}

async function endPoint(roost: RoostProcess): Promise<Uint8Array> {
  const pem = await Deno.readTextFile(`${roost.dir}/data/tls/server.pem`);
  return createHash("sha256").update(new X509Certificate(pem).raw).digest();
}

Deno.test("SCRAM logs in by each protocol, bound to the certificate or not; wrong ones are refused", async () => {
  await using roost = await RoostProcess.start({ config: "" });
  const binding = await endPoint(roost);
  for (const dialect of DIALECTS) {
    for (const hash of ["SHA-256", "SHA-1"] as const) {
      const list = (text: string) => {
        assert(text.includes(`SCRAM-${hash}`), text);
        assert(!text.includes("-PLUS"), text);
      };
      assertMatch(
        await attempt(roost, dialect, `SCRAM-${hash}`, new ScramClient({ ...ALICE, hash }), list),
        dialect.success,
      );
      const bound = new ScramClient({ ...ALICE, hash, gs2: PLUS, binding });
      assertMatch(await attempt(roost, dialect, `SCRAM-${hash}-PLUS`, bound), dialect.success);
    }
    const wrong = new ScramClient({ ...ALICE, password: "no" });
    assertMatch(await attempt(roost, dialect, "SCRAM-SHA-256", wrong), dialect.failure);
    const between = new ScramClient({ ...ALICE, gs2: PLUS, binding: new Uint8Array(32) });
    assertMatch(await attempt(roost, dialect, "SCRAM-SHA-256-PLUS", between), dialect.failure);
    const nobody = new ScramClient({ user: "nobody@example.test", password: "no" });
    assertMatch(await attempt(roost, dialect, "SCRAM-SHA-256", nobody), dialect.failure);
  }
  assert(!/secret-alice/.test(roost.log));
});

Deno.test("SCRAM: an account with an imported hash can use it after its first login with the password", async () => {
  await using roost = await RoostProcess.start();
  const sha = `{SSHA512}${ssha512("carol's", "saltsalt")}`;
  await Deno.writeTextFile(`${roost.dir}/more`, `carol@example.test:${sha}\n`);
  assertEquals((await roost.verb("user", "import", `${roost.dir}/more`)).code, 0);
  const imap = DIALECTS[1];
  assert(imap);
  const carol = { user: "carol@example.test", password: "carol's" };
  let listed = "";
  const note = (text: string) => void (listed = text);
  assertMatch(await attempt(roost, imap, "SCRAM-SHA-256", new ScramClient(ALICE), note), imap.success);
  assert(!listed.includes("SCRAM"), `not offered while not all can use it: ${listed}`);
  assertMatch(await attempt(roost, imap, "SCRAM-SHA-256", new ScramClient(carol)), imap.failure);
  const client = await RawClient.connect("127.0.0.1", roost.ports.imaps);
  await client.conn.startTls(null);
  await client.line();
  await client.say(`a LOGIN carol@example.test "carol's"\r\n`);
  assertMatch((await client.tagged("a")).at(-1) ?? "", /^a OK/);
  client.close();
  assertMatch(await attempt(roost, imap, "SCRAM-SHA-256", new ScramClient(carol), note), imap.success);
  assert(listed.includes("AUTH=SCRAM-SHA-256"), listed);
  // An app password and the password proper open the account alike.
  const made = await roost.verb("user", "app-password", "carol@example.test", "phone", "--json");
  const { password } = JSON.parse(made.out) as { password: string };
  for (const p of [password, "carol's"]) {
    const scram = new ScramClient({ ...carol, password: p });
    assertMatch(await attempt(roost, imap, "SCRAM-SHA-256", scram), imap.success);
  }
});

Deno.test("SCRAM: -PLUS is listed where the config wants it, and then a client told otherwise notices", async () => {
  await using roost = await RoostProcess.start();
  const config = await Deno.readTextFile(roost.config);
  await Deno.writeTextFile(
    roost.config,
    config.replace("auth: { cleartext: loopback }", "auth: { cleartext: loopback, channel_binding: listed }"),
  );
  assertEquals((await roost.verb("reload")).code, 0);
  for (const dialect of DIALECTS) {
    let listed = "";
    const bound = new ScramClient({ ...ALICE, gs2: PLUS, binding: await endPoint(roost) });
    const note = (text: string) => void (listed = text);
    assertMatch(await attempt(roost, dialect, "SCRAM-SHA-256-PLUS", bound, note), dialect.success);
    assert(listed.includes("SCRAM-SHA-256-PLUS"), listed);
    const told = new ScramClient({ ...ALICE, gs2: "y,," });
    assertMatch(await attempt(roost, dialect, "SCRAM-SHA-256", told), dialect.failure);
  }
});

function ssha512(password: string, salt: string): string {
  const digest = createHash("sha512").update(password).update(salt).digest();
  return new Uint8Array([...digest, ...utf8(salt)]).toBase64();
}

/** A TLS client that shows a certificate: says the lines, gives all that came back once it holds `until`. */
function withCertificate(
  port: number,
  pair: { certificate: string; key: string } | null,
  lines: string,
  until: RegExp,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = "";
    const own = pair ? { cert: pair.certificate, key: pair.key } : {};
    const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...own }, () => {
      socket.write(lines);
    });
    socket.on("data", (data) => {
      all += data;
      if (!until.test(all)) return;
      socket.destroy();
      resolve(all);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`Closed: ${all}`)));
  });
}

Deno.test("EXTERNAL: a client certificate opens its account, on each protocol; others are not asked for one in vain", async () => {
  await using roost = await RoostProcess.start();
  const ca = await issueAuthority("clients", systemClock, systemRandom);
  const [known, stranger] = await Promise.all(
    ["known", "stranger"].map((name) => issueServer(ca, { dns: [name], ip: [] }, systemClock, systemRandom)),
  );
  assert(known && stranger);
  await Deno.writeTextFile(`${roost.dir}/client.pem`, known.certificate);
  const added = await roost.verb(
    "user",
    "certificate",
    "add",
    "alice@example.test",
    `${roost.dir}/client.pem`,
  );
  assertEquals(added.code, 0, added.err);
  const { imaps, submissions, pop3s } = roost.ports;
  const name = btoa("alice@example.test");
  const imap = await withCertificate(
    imaps,
    known,
    "a CAPABILITY\r\nb AUTHENTICATE EXTERNAL =\r\n",
    /^b .*\r\n/m,
  );
  assertMatch(imap, /AUTH=EXTERNAL/);
  assertMatch(imap, /^b OK /m);
  const smtp = await withCertificate(
    submissions,
    known,
    `EHLO c.test\r\nAUTH EXTERNAL ${name}\r\n`,
    /^(235|5\d\d) .*\r\n/m,
  );
  assertMatch(smtp, /^250[ -]AUTH .*EXTERNAL/m);
  assertMatch(smtp, /^235 /m);
  const pop = await withCertificate(pop3s, known, "AUTH EXTERNAL =\r\n", /^(\+OK \d|-ERR).*\r\n/m);
  assertMatch(pop, /^\+OK \d/m);
  const bob = btoa("bob@example.test");
  const other = await withCertificate(imaps, known, `b AUTHENTICATE EXTERNAL ${bob}\r\n`, /^b .*\r\n/m);
  assertMatch(other, /^b NO \[AUTHENTICATIONFAILED\]/m);
  for (const pair of [stranger, null]) {
    const none = await withCertificate(imaps, pair, "b AUTHENTICATE EXTERNAL =\r\n", /^b .*\r\n/m);
    assert(!none.includes("AUTH=EXTERNAL"));
    assertMatch(none, /^b NO \[CANNOT\]/m);
  }
});
