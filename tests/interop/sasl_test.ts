/** Other people's SASL against a real Roost: GNU SASL, mutt, Postfix with Cyrus SASL, OpenSSL; and swaks as a trusted front. */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { imapClient } from "../support/clients.ts";
import { Postfix } from "../support/postfix.ts";
import { eventually, must, run } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

async function sources(roost: RoostProcess): Promise<string[]> {
  const client = await imapClient(roost, BOB, "secret-bob");
  await client.mailboxOpen("INBOX");
  const all: string[] = [];
  for await (const m of client.fetch("1:*", { source: true })) all.push(m.source?.toString() ?? "");
  await client.logout();
  return all;
}

Deno.test("gsasl: SCRAM-SHA-256 and SCRAM-SHA-1 over IMAP and SMTP, and a wrong password", async () => {
  await using roost = await RoostProcess.start();
  const ca = ["--starttls", "--x509-ca-file", `${roost.dir}/data/tls/ca.pem`, "--no-cb"];
  const attempt = (protocol: "imap" | "smtp", mechanism: string, password: string) => {
    const port = roost.ports[protocol === "imap" ? "imap" : "submission"];
    const who = ["-m", mechanism, "-a", ALICE, "-p", password, "-d"];
    return run("gsasl", [`--${protocol}`, ...ca, ...who, "--connect", `localhost:${port}`], {
      stdin: "",
      seconds: 20,
    });
  };
  for (const protocol of ["imap", "smtp"] as const) {
    for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]) {
      const ran = await attempt(protocol, mechanism, "secret-alice");
      const name = `${protocol} ${mechanism}: ${ran.out} ${ran.err}`;
      assertMatch(ran.out, protocol === "imap" ? /^\. OK .*Logged in/m : /^235 /m, name);
      if (mechanism !== "PLAIN") assertMatch(ran.err, /server trusted/, name);
    }
    const wrong = await attempt(protocol, "SCRAM-SHA-256", "wrong");
    assert(!/^235 |Logged in/m.test(wrong.out), wrong.out);
  }
});

Deno.test("mutt: takes SCRAM by itself, over SMTPS and IMAPS", async () => {
  await using roost = await RoostProcess.start();
  const rc = `${roost.dir}/muttrc`;
  const { imaps, submissions } = roost.ports;
  await Deno.writeTextFile(
    rc,
    `set ssl_verify_host=no ssl_force_tls=yes certificate_file=${roost.dir}/certs from="${ALICE}"
set imap_user="${ALICE}" imap_pass="secret-alice" folder="imaps://127.0.0.1:${imaps}/" record="imaps://127.0.0.1:${imaps}/Sent"
set smtp_url="smtps://alice%40example.test:secret-alice@127.0.0.1:${submissions}/"
set ssl_ca_certificates_file=${roost.dir}/data/tls/ca.pem
`,
  );
  await Deno.copyFile(`${roost.dir}/data/tls/ca.pem`, `${roost.dir}/certs`);
  const sent = await run("mutt", ["-d", "3", "-F", rc, "-s", "by scram", "--", BOB], {
    stdin: "x\n",
    env: { HOME: roost.dir, TERM: "xterm" },
  });
  assertEquals(sent.code, 0, sent.out + sent.err);
  const debug = await Deno.readTextFile(`${roost.dir}/.muttdebug0`);
  assertMatch(debug, /AUTH SCRAM-SHA-256\b/);
  assertMatch(debug, /AUTHENTICATE SCRAM-SHA-256\b/);
});

Deno.test("Postfix: submits as a client by SCRAM-SHA-256 and SCRAM-SHA-1 of Cyrus SASL", async () => {
  await using roost = await RoostProcess.start();
  const relay = `[127.0.0.1]:${roost.ports.submission}`;
  for (const [i, mechanism] of ["SCRAM-SHA-256", "SCRAM-SHA-1"].entries()) {
    await using postfix = await Postfix.start({
      address: `127.0.0.${20 + i}`,
      domain: "postfix.test",
      users: ["carol"],
      relay,
      tls: `${roost.dir}/data/tls`,
      settings: `smtp_sasl_auth_enable = yes
smtp_sasl_mechanism_filter = ${mechanism}
smtp_sasl_security_options = noanonymous
smtp_sasl_tls_security_options = noanonymous
smtp_sasl_password_maps = inline:{ {${relay} = ${ALICE}:secret-alice} }
`,
    });
    await postfix.send(ALICE, BOB, new TextEncoder().encode(`From: ${ALICE}\nSubject: ${mechanism}\n\nx\n`));
    await eventually(`mail by ${mechanism}: ${await postfix.log()}`, async () => {
      return (await sources(roost)).some((s) =>
        s.includes(`Subject: ${mechanism}`) && /with ESMTPSA/.test(s)
      );
    });
  }
});

Deno.test("OpenSSL: a client certificate opens its account, and only with its key", async () => {
  await using roost = await RoostProcess.start();
  const at = (name: string) => `${roost.dir}/${name}`;
  for (const name of ["own", "other"]) {
    await must("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", at(`${name}.key`)]);
    await must("openssl", [
      "req",
      "-x509",
      "-new",
      "-key",
      at(`${name}.key`),
      "-out",
      at(`${name}.pem`),
      "-subj",
      `/CN=${name}`,
    ]);
  }
  assertEquals((await roost.verb("user", "certificate", "add", ALICE, at("own.pem"))).code, 0);
  await forgeKey(at("own.key"), at("other.key"), at("forged.key"));
  const attempt = async (certificate: string, key: string, version: string) => {
    const shown = ["-cert", at(certificate), "-key", at(key), version];
    const peer = ["s_client", "-quiet", "-connect", `127.0.0.1:${roost.ports.imaps}`];
    const stdin = "a AUTHENTICATE EXTERNAL =\r\nb LOGOUT\r\n";
    const ran = await run("timeout", ["10", "openssl", ...peer, ...shown], { stdin });
    return /^a OK /m.test(ran.out);
  };
  for (const version of ["-tls1_3", "-tls1_2"]) {
    assert(await attempt("own.pem", "own.key", version), version);
    assert(!await attempt("other.pem", "other.key", version), `${version}, a certificate nobody knows`);
    assert(!await attempt("own.pem", "forged.key", version), `${version}, the certificate without its key`);
  }
});

/** A key file with the public key of one pair and the private one of another: OpenSSL takes it for the first one's, and signs with the other. */
async function forgeKey(own: string, other: string, forged: string): Promise<void> {
  const der = async (path: string) => (await run("openssl", ["ec", "-in", path, "-outform", "DER"])).stdout;
  const [mine, theirs] = [await der(own), await der(other)];
  // ECPrivateKey (RFC 5915 3): the private key is the 32 octets after the first OCTET STRING's header.
  const at = mine.findIndex((b, i) => b === 0x04 && mine[i + 1] === 0x20) + 2;
  mine.set(theirs.subarray(at, at + 32), at);
  await Deno.writeTextFile(
    forged,
    `-----BEGIN EC PRIVATE KEY-----\n${mine.toBase64()}\n-----END EC PRIVATE KEY-----\n`,
  );
}

Deno.test("swaks: as a proxy with PROXY 1 and 2, and as a front with XCLIENT", async () => {
  const swaks = (port: number, ...args: string[]) =>
    run("swaks", [
      "--server",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--from",
      "a@far.test",
      "--to",
      BOB,
      "--ehlo",
      "far.test",
      ...args,
    ]);
  const ends = ["--proxy-family", "TCP4", "--proxy-source", "192.0.2.77", "--proxy-source-port", "4000"];
  ends.push("--proxy-dest", "198.51.100.1", "--proxy-dest-port", "25");
  {
    await using roost = await RoostProcess.start({ config: "proxy_protocol: [127.0.0.1]" });
    const { smtp } = roost.ports;
    const one = await swaks(smtp, "--proxy-version", "1", ...ends);
    assertEquals(one.code, 0, one.out);
    const family = ["--proxy-family", "AF_INET", ...ends.slice(2), "--proxy-protocol", "STREAM"];
    const two = await swaks(smtp, "--proxy-version", "2", ...family, "--tls");
    assertEquals(two.code, 0, two.out);
    assert((await swaks(smtp)).code !== 0, "a proxy must say for whom it connects");
    const log = roost.log;
    assertEquals(log.match(/"event":"mail accepted"[^\n]*192\.0\.2\.77/g)?.length, 2, log);
  }
  await using roost = await RoostProcess.start({ config: "xclient: [127.0.0.1]" });
  const told = await swaks(
    roost.ports.smtp,
    "--xclient-addr",
    "192.0.2.88",
    "--xclient-name",
    "client.far.test",
  );
  assertEquals(told.code, 0, told.out);
  assertMatch((await sources(roost)).join(""), /^Received: from far\.test \(\[192\.0\.2\.88\]\)/m);
});
