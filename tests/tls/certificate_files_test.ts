import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import type { CertificatePorts, Issuer } from "../../mod/tls/certificate_files.ts";
import { ensureOwnCertificate, readPair } from "../../mod/tls/certificate_files.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemFs } from "../support/mem_fs.ts";

const DAY = 86_400_000;

/** Certificates as JSON: enough to see which are kept and which are made anew. */
function ports(fs: MemFs, clock: FakeClock): CertificatePorts & { made: string[] } {
  const made: string[] = [];
  const issuer: Issuer = {
    authority(name) {
      made.push(`authority ${name}`);
      const n = made.length;
      return Promise.resolve({
        certificate: `${JSON.stringify({ n, name, until: clock.now() + 3650 * DAY })}\n`,
        key: `key ${n}`,
      });
    },
    server(authority, names) {
      made.push(`server ${names.dns.join(",")}`);
      const n = made.length;
      const facts = JSON.stringify({ n, dns: names.dns, ip: names.ip, until: clock.now() + 397 * DAY });
      return Promise.resolve({ certificate: `${facts}\n${authority.certificate}`, key: `key ${n}` });
    },
  };
  const reader = {
    read(pem: string) {
      const c = JSON.parse(pem.split("\n")[0] ?? "");
      return {
        dnsNames: c.dns ?? [],
        ipNames: c.ip ?? [],
        issuer: "",
        notBefore: 0,
        notAfter: c.until,
        fingerprint: "",
      };
    },
    chain: (pem: string) => pem,
    renewalId: () => null,
    matches: (pair: { certificate: string; key: string }) =>
      pair.key === `key ${JSON.parse(pair.certificate.split("\n")[0] ?? "").n}`,
  };
  return { fs, clock, issuer, reader, made };
}

const NAMES = { dns: ["mail.example.org"], ip: ["127.0.0.1"] };

Deno.test("ensureOwnCertificate() makes authority and certificate once, keys readable by the owner only", async () => {
  const clock = new FakeClock();
  const fs = new MemFs();
  const p = ports(fs, clock);
  const first = await ensureOwnCertificate(p, "/data/tls", "Roost", NAMES);
  const second = await ensureOwnCertificate(p, "/data/tls", "Roost", NAMES);
  assertEquals([first.issued, second.issued, p.made.length], [true, false, 2]);
  assertEquals(first.pair, second.pair);
  for (const [file, mode] of [["ca.key", 0o600], ["server.key", 0o600], ["server.pem", 0o644]] as const) {
    assertEquals((await fs.stat(`/data/tls/${file}`))?.mode, mode, file);
  }
});

const REASONS: readonly {
  readonly why: string;
  readonly change: (fs: MemFs, clock: FakeClock) => Promise<unknown>;
  readonly made: string[];
}[] = [
  { why: "near its end", change: (_, clock) => clock.advance(370 * DAY), made: ["server mail.example.org"] },
  {
    why: "the certificate is gone",
    change: (fs) => fs.remove("/data/tls/server.pem"),
    made: ["server mail.example.org"],
  },
  {
    why: "the key is gone",
    change: (fs) => fs.remove("/data/tls/server.key"),
    made: ["server mail.example.org"],
  },
  {
    why: "the key is another's",
    change: async (fs) => {
      await fs.remove("/data/tls/server.key");
      await fs.createWith("/data/tls/server.key", [utf8("key 99")]);
    },
    made: ["server mail.example.org"],
  },
  {
    why: "the file is garbage",
    change: async (fs) => {
      await fs.remove("/data/tls/server.pem");
      await fs.createWith("/data/tls/server.pem", [utf8("not PEM")]);
    },
    made: ["server mail.example.org"],
  },
  {
    why: "the authority is gone",
    change: (fs) => fs.remove("/data/tls/ca.pem"),
    made: ["authority Roost", "server mail.example.org"],
  },
];

for (const { why, change, made } of REASONS) {
  Deno.test(`ensureOwnCertificate() makes it anew: ${why}`, async () => {
    const clock = new FakeClock();
    const fs = new MemFs();
    const p = ports(fs, clock);
    await ensureOwnCertificate(p, "/data/tls", "Roost", NAMES);
    p.made.length = 0;
    await change(fs, clock);
    // Numbers go on from what was made before, so that a new key is a new key.
    const again = ports(fs, clock);
    again.made.push("", "", "");
    const { issued, pair } = await ensureOwnCertificate(again, "/data/tls", "Roost", NAMES);
    assertEquals(again.made.slice(3), made);
    assert(issued);
    assertEquals(await readPair(again, "/data/tls/server.pem", "/data/tls/server.key"), pair);
  });
}

Deno.test("ensureOwnCertificate() makes it anew for further names, not for fewer", async () => {
  const clock = new FakeClock();
  const fs = new MemFs();
  const p = ports(fs, clock);
  await ensureOwnCertificate(p, "/data/tls", "Roost", { dns: ["a.test", "b.test"], ip: [] });
  assertEquals(
    (await ensureOwnCertificate(p, "/data/tls", "Roost", { dns: ["b.test"], ip: [] })).issued,
    false,
  );
  assertEquals(
    (await ensureOwnCertificate(p, "/data/tls", "Roost", { dns: ["b.test", "c.test"], ip: [] })).issued,
    true,
  );
  assert(fromUtf8((await fs.readFile("/data/tls/server.pem", 1000)) ?? utf8("")).includes("c.test"));
});
