/** Certificates by ACME from pebble, with the real server. */
import tls from "node:tls";
import { X509Certificate } from "node:crypto";
import { assert, assertEquals } from "../support/assert.ts";
import { startDnsServer } from "../support/dns_server.ts";
import { freePort, freePorts } from "../support/free_ports.ts";
import { Pebble } from "../support/pebble.ts";
import { eventually } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

const HOST = "mail.example.test";

/** The certificate that clients of IMAP are shown. */
function shown(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(
      { host: "127.0.0.1", port, servername: HOST, rejectUnauthorized: false },
      () => {
        const { raw } = socket.getPeerCertificate();
        socket.destroy();
        resolve(new X509Certificate(raw));
      },
    );
    socket.once("error", reject);
  });
}

async function issuedBy(roost: RoostProcess, issuer: string): Promise<X509Certificate> {
  return await eventually(`a certificate of ${issuer}`, async () => {
    const certificate = await shown(roost.ports.imaps);
    return certificate.issuer.includes(issuer) ? certificate : null;
  }, 30).catch((e) => {
    throw new Error(`${e.message}\n${roost.log}`);
  });
}

Deno.test("pebble issues, renews and revokes; the server takes each certificate up at once", async () => {
  const http = freePort();
  const dns = await startDnsServer({
    [HOST]: { A: ["127.0.0.1"] },
    "imap.example.test": { A: ["127.0.0.1"] },
    "smtp.example.test": { A: ["192.0.2.1"] },
  });
  try {
    await using pebble = await Pebble.start({ httpPort: http, dns: `127.0.0.1:${dns.port}` });
    await using roost = await RoostProcess.start({
      network: "open",
      ports: { http },
      tls: `{ acme: { email: you@example.test, directory: "${pebble.directory}", ca: "${pebble.ca}" } }`,
      config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
    });
    const first = await issuedBy(roost, "Pebble");
    // What leads here is in it, what leads elsewhere is not.
    assertEquals(first.subjectAltName?.split(", ").sort(), ["DNS:imap.example.test", `DNS:${HOST}`]);
    assert(first.issuer !== new X509Certificate(await pebble.root()).issuer, "there is an intermediate");

    const renewed = await roost.verb("cert", "renew", "--json");
    assertEquals(renewed.code, 0, renewed.err + roost.log);
    const second = await shown(roost.ports.imaps);
    assert(second.serialNumber !== first.serialNumber);
    // TLSA records stay true.
    assertEquals(second.publicKey.equals(first.publicKey), true);

    const revoked = await roost.verb("cert", "renew", "--revoke");
    assertEquals(revoked.code, 0, revoked.err + roost.log);
    const third = await shown(roost.ports.imaps);
    assertEquals(third.publicKey.equals(second.publicKey), false);
    assertEquals(
      [await pebble.state(second.serialNumber), await pebble.state(third.serialNumber)],
      ["Revoked", "Valid"],
    );

    // A restart asks nobody: all of it is kept.
    await roost.stop();
    await roost.launch();
    assertEquals((await shown(roost.ports.imaps)).serialNumber, third.serialNumber);
    const told = JSON.parse((await roost.verb("cert", "show", "--json")).out);
    assertEquals([told.acme.failures, told.acme.error, told.certificates[0].source], [0, null, "acme"]);
    assert(Date.parse(told.certificates[0].renews) > Date.now());
    for (const file of ["acme.key", "acme_account.key", "acme.json"]) {
      assertEquals((Deno.statSync(`${roost.dir}/data/tls/${file}`).mode ?? 0) & 0o777, 0o600, file);
    }
    const check = await roost.verb("check", "--offline");
    assert(/ok\s+certificate: .*acme\.pem until/.test(check.out), check.out);
  } finally {
    await dns.close();
  }
});

Deno.test("a name that cannot be proved costs nobody else theirs; without the host's own there is none, and it is not hammered", async () => {
  const http = freePort();
  const dns = await startDnsServer({ [HOST]: { A: ["127.0.0.1"] } });
  try {
    await using pebble = await Pebble.start({ httpPort: http, dns: `127.0.0.1:${dns.port}` });
    await using roost = await RoostProcess.start({
      network: "open",
      ports: { http },
      tls:
        `{ acme: { email: you@example.test, directory: "${pebble.directory}", ca: "${pebble.ca}", names: nowhere.example.test } }`,
      config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
    });
    const issued = await issuedBy(roost, "Pebble");
    assertEquals(issued.subjectAltName, `DNS:${HOST}`);

    dns.zone = {};
    const failed = await roost.verb("cert", "renew");
    assertEquals(failed.code, 1);
    assert(failed.err.includes(HOST), failed.err);
    assertEquals((await shown(roost.ports.imaps)).serialNumber, issued.serialNumber);
    const { acme } = JSON.parse((await roost.verb("cert", "show", "--json")).out);
    assertEquals([acme.failures, acme.refused], [1, ["nowhere.example.test"]]);
    assert(Date.parse(acme.next) > Date.now() + 10 * 60_000, acme.next);
    // Neither a reload nor a restart is a reason to try again.
    dns.asked.length = 0;
    await roost.verb("reload");
    await roost.stop();
    await roost.launch();
    await roost.verb("cert", "show");
    assertEquals(dns.asked.filter((q) => q.startsWith(HOST)), []);
  } finally {
    await dns.close();
  }
});

Deno.test("by TLS on port 443 alone, for names that mail programs ask for, and bound to another account", async () => {
  const [https = 0, closed = 0] = freePorts(2, "127.0.0.1");
  const dns = await startDnsServer({
    [HOST]: { A: ["127.0.0.1"] },
    "autoconfig.example.test": { A: ["127.0.0.1"] },
    "mta-sts.example.test": { A: ["127.0.0.1"] },
  });
  const external = { them: "bm90aGluZy1pcy1zZWNyZXQtaGVyZS1hdC1hbGw" };
  try {
    await using pebble = await Pebble.start({
      httpPort: closed,
      tlsPort: https,
      badNonces: 40,
      external,
      dns: `127.0.0.1:${dns.port}`,
    });
    await using roost = await RoostProcess.start({
      network: "open",
      https,
      domains: { "example.test": "{ mta_sts: testing }" },
      tls:
        `{ acme: { email: you@example.test, directory: "${pebble.directory}", ca: "${pebble.ca}", external: { kid: them, key: ${external.them} } } }`,
      config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
    });
    const issued = await issuedBy(roost, "Pebble");
    assertEquals(issued.subjectAltName?.split(", ").sort(), [
      "DNS:autoconfig.example.test",
      `DNS:${HOST}`,
      "DNS:mta-sts.example.test",
    ]);
    // What programs do, with the authority's root and nothing else to trust.
    const root = `${roost.dir}/root.pem`;
    await Deno.writeTextFile(root, await pebble.root());
    const curl = async (host: string, path: string) => {
      const { code, stdout, stderr } = await new Deno.Command("curl", {
        args: ["-sS", "--cacert", root, "--resolve", `${host}:${https}:127.0.0.1`, "-w", "\n%{http_code}"]
          .concat(`https://${host}:${https}${path}`),
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    const settings = await curl(
      "autoconfig.example.test",
      "/mail/config-v1.1.xml?emailaddress=alice%40example.test",
    );
    assert(settings.includes(`<hostname>${HOST}</hostname>`) && settings.endsWith("\n200"), settings);
    const policy = await curl("mta-sts.example.test", "/.well-known/mta-sts.txt");
    assert(policy.startsWith("version: STSv1\r\nmode: testing\r\n"), policy);
    assert((await curl(HOST, "/api/status")).endsWith("\n401"));
    // Nobody is shown a proof that is not wanted any more.
    const proof = tls.connect({
      host: "127.0.0.1",
      port: https,
      servername: HOST,
      ALPNProtocols: ["acme-tls/1"],
    });
    assertEquals(
      await new Promise((resolve) =>
        proof.on("error", () => resolve("refused")).on("secureConnect", resolve)
      ),
      "refused",
    );
  } finally {
    await dns.close();
  }
});
