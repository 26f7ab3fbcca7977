/**
 * TLS that a destination asks for, from the DNS to the last octet: DANE by a name server that sets the AD bit, MTA-STS by a web server with
 * our own authority; right, wrong and missing each. Needs root, for ports 25 and 443.
 */
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import https from "node:https";
import tls from "node:tls";
import { SMTPServer } from "smtp-server";
import { publicKeyInfo } from "../../mod/auth/dane.ts";
import { readPolicies } from "../../mod/auth/tlsrpt/report.ts";
import { issueAuthority, issueServer, type KeyPair } from "../../mod/tls/own_ca.ts";
import { systemClock } from "../../mod/sys/clock.ts";
import { systemRandom } from "../../mod/sys/random.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { mailer } from "../support/clients.ts";
import { startDnsServer, type ZoneData } from "../support/dns_server.ts";
import { eventually } from "../support/programs.ts";
import { RoostProcess } from "../support/roost_process.ts";

/** What a destination's only host does. */
type Host = "good" | "other-name" | "stranger" | "expired" | "clear";

interface Destination {
  readonly host: Host;
  /** Its answers have no AD bit. */
  readonly unsigned?: boolean;
  /** What its TLSA record names: the host's certificate, the authority's, another one; or a usage nobody can use. Or the DNS is broken there. */
  readonly tlsa?: "leaf" | "authority" | "wrong" | "unusable" | "broken";
  /** The policy's mode, and whether it lists the host; or the DNS tells of one that is not there. */
  readonly sts?:
    | "enforce"
    | "enforce-others"
    | "testing"
    | "testing-others"
    | "none"
    | "missing"
    | "untrusted"
    | "malformed";
  /** How it ends: over TLS, in the clear, or waiting for this reason. */
  readonly end: string;
  /** What its report says: policies with the failures of each, "-" for successes. */
  readonly report: string;
}

const DESTINATIONS: Readonly<Record<string, Destination>> = {
  "dane-right.test": { host: "good", tlsa: "leaf", end: "tls", report: "tlsa -" },
  "dane-authority.test": { host: "good", tlsa: "authority", end: "tls", report: "tlsa -" },
  // A certificate for another name is fine when the record names the very certificate.
  "dane-other-name.test": { host: "other-name", tlsa: "leaf", end: "tls", report: "tlsa -" },
  "dane-authority-other-name.test": {
    host: "other-name",
    tlsa: "authority",
    end: "the certificate is not for",
    report: "tlsa certificate-host-mismatch",
  },
  "dane-wrong.test": {
    host: "good",
    tlsa: "wrong",
    end: "the certificate matches no TLSA record",
    report: "tlsa validation-failure",
  },
  "dane-stripped.test": {
    host: "clear",
    tlsa: "leaf",
    end: "does not offer STARTTLS",
    report: "tlsa starttls-not-supported",
  },
  "dane-unusable.test": { host: "other-name", tlsa: "unusable", end: "tls", report: "tlsa tlsa-invalid -" },
  "dane-unusable-stripped.test": {
    host: "clear",
    tlsa: "unusable",
    end: "does not offer STARTTLS",
    report: "tlsa tlsa-invalid starttls-not-supported",
  },
  "dane-broken.test": {
    host: "good",
    tlsa: "broken",
    end: "cannot look up TLSA",
    report: "tlsa dnssec-invalid",
  },
  "dane-missing.test": { host: "clear", end: "clear", report: "no-policy-found starttls-not-supported" },
  "dane-unsigned.test": {
    host: "clear",
    unsigned: true,
    tlsa: "wrong",
    end: "clear",
    report: "no-policy-found starttls-not-supported",
  },
  "sts-right.test": { host: "good", unsigned: true, sts: "enforce", end: "tls", report: "sts -" },
  "sts-other-name.test": {
    host: "other-name",
    unsigned: true,
    sts: "enforce",
    end: "is not for this name",
    report: "sts certificate-host-mismatch",
  },
  "sts-stripped.test": {
    host: "clear",
    unsigned: true,
    sts: "enforce",
    end: "does not offer STARTTLS",
    report: "sts starttls-not-supported",
  },
  "sts-others.test": {
    host: "good",
    unsigned: true,
    sts: "enforce-others",
    end: "is not among the hosts",
    report: "sts validation-failure",
  },
  "sts-testing.test": {
    host: "clear",
    unsigned: true,
    sts: "testing-others",
    end: "clear",
    report: "sts validation-failure starttls-not-supported",
  },
  "sts-missing.test": {
    host: "clear",
    unsigned: true,
    sts: "missing",
    end: "clear",
    report: "sts sts-policy-fetch-error starttls-not-supported",
  },
  "sts-untrusted.test": {
    host: "clear",
    unsigned: true,
    sts: "untrusted",
    end: "clear",
    report: "sts sts-webpki-invalid starttls-not-supported",
  },
  "dane-self-made.test": { host: "stranger", tlsa: "leaf", end: "tls", report: "tlsa -" },
  "dane-over-sts-wrong.test": {
    host: "good",
    tlsa: "wrong",
    sts: "enforce",
    end: "the certificate matches no TLSA record",
    report: "tlsa validation-failure",
  },
  "sts-stranger.test": {
    host: "stranger",
    unsigned: true,
    sts: "enforce",
    end: "self-signed certificate",
    report: "sts certificate-not-trusted",
  },
  "sts-expired.test": {
    host: "expired",
    unsigned: true,
    sts: "enforce",
    end: "certificate has expired",
    report: "sts certificate-expired",
  },
  "sts-testing-expired.test": {
    host: "expired",
    unsigned: true,
    sts: "testing",
    end: "tls",
    report: "sts certificate-expired",
  },
  "sts-malformed.test": {
    host: "clear",
    unsigned: true,
    sts: "malformed",
    end: "clear",
    report: "sts sts-policy-invalid starttls-not-supported",
  },
  "sts-none.test": {
    host: "clear",
    unsigned: true,
    sts: "none",
    end: "clear",
    report: "no-policy-found starttls-not-supported",
  },
  "plain.test": { host: "stranger", unsigned: true, end: "tls", report: "no-policy-found -" },
  "dane-over-sts.test": { host: "other-name", tlsa: "leaf", sts: "enforce", end: "tls", report: "tlsa -" },
};

/** Names below a domain for which somebody has a certificate. */
function namesOf(prefix: string, wanted: (d: Destination) => boolean): string[] {
  return Object.entries(DESTINATIONS).filter(([, d]) => wanted(d)).map(([name]) => `${prefix}.${name}`);
}

function loopback(): string {
  return `127.${[...randomBytes(3)].map((n) => 2 + n % 250).join(".")}`;
}

function tlsaOf(kind: Destination["tlsa"], leaf: string, authority: string): unknown {
  const key = publicKeyInfo(new Uint8Array(new X509Certificate(kind === "authority" ? authority : leaf).raw));
  assert(key);
  const digest = createHash("sha256").update(key).digest();
  if (kind === "wrong") digest.fill(0);
  const usage = kind === "unusable" ? 1 : kind === "authority" ? 2 : 3;
  return { usage, selector: 1, matchingType: 1, certificate: digest };
}

function zoneOf(hosts: Readonly<Record<Host, MailHost>>, web: string, authority: string): ZoneData {
  const zone: Record<string, ZoneData[string]> = {};
  for (const [name, { host, tlsa, sts }] of Object.entries(DESTINATIONS)) {
    zone[name] = { MX: [{ preference: 10, exchange: `mx.${name}` }] };
    zone[`mx.${name}`] = { A: [hosts[host].address] };
    if (tlsa === "broken") zone[`_25._tcp.mx.${name}`] = "SERVFAIL";
    else if (tlsa) {
      zone[`_25._tcp.mx.${name}`] = { TLSA: [tlsaOf(tlsa, hosts[host].pair.certificate, authority)] };
    }
    if (!sts) continue;
    zone[`_mta-sts.${name}`] = { TXT: ["v=STSv1; id=1;"] };
    zone[`mta-sts.${name}`] = { A: [web] };
  }
  return zone;
}

interface MailHost extends AsyncDisposable {
  readonly address: string;
  readonly pair: KeyPair;
  /** "tls bob@a.test" or "clear bob@a.test" of each message taken. */
  readonly taken: string[];
}

/** A mail host on port 25. */
async function startHost(pair: KeyPair, offersTls: boolean): Promise<MailHost> {
  const taken: string[] = [];
  const server = new SMTPServer({
    cert: pair.certificate,
    key: pair.key,
    authOptional: true,
    hideSTARTTLS: !offersTls,
    onData(stream, session, done) {
      stream.on("data", () => {});
      stream.on("end", () => {
        for (const to of session.envelope.rcptTo) {
          taken.push(`${session.secure ? "tls" : "clear"} ${to.address}`);
        }
        done();
      });
    },
  });
  server.on("error", () => {}); // a client that breaks off a handshake
  const address = loopback();
  await new Promise<void>((resolve) => server.listen(25, address, () => resolve()));
  return {
    address,
    pair,
    taken,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function policyOf(host: string): string | null {
  const name = host.replace(/^mta-sts\./, "");
  const sts = DESTINATIONS[name]?.sts;
  if (sts === undefined || sts === "missing") return null;
  if (sts === "malformed") return "version: STSv1\r\nmode: enforce\r\n";
  const mode = sts.startsWith("testing") ? "testing" : sts === "none" ? "none" : "enforce";
  return `version: STSv1\r\nmode: ${mode}\r\nmx: ${
    sts.endsWith("others") ? "mx.others.test" : `mx.${name}`
  }\r\nmax_age: 86400\r\n`;
}

/** The policies' web server on port 443; `stranger` is a certificate that nobody believes. */
async function startWeb(trusted: KeyPair, stranger: KeyPair): Promise<AsyncDisposable & { address: string }> {
  const contexts = [trusted, stranger].map((p) =>
    tls.createSecureContext({ cert: p.certificate, key: p.key })
  );
  const server = https.createServer({
    cert: trusted.certificate,
    key: trusted.key,
    SNICallback: (name, done) => done(null, contexts[name === "mta-sts.sts-untrusted.test" ? 1 : 0]),
  }, (request, response) => {
    const policy = request.url === "/.well-known/mta-sts.txt" ? policyOf(request.headers.host ?? "") : null;
    response.writeHead(policy === null ? 404 : 200, { "content-type": "text/plain" }).end(policy ?? "no");
  });
  const address = loopback();
  await new Promise<void>((resolve) => server.listen(443, address, () => resolve()));
  return {
    address,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** By domain: each policy with its failures in order, and "-" where sessions went well. */
async function reportsIn(file: string): Promise<Record<string, string>> {
  const reports: Record<string, string> = {};
  for (const line of (await Deno.readTextFile(file)).trim().split("\n")) {
    const [, domain, written] = JSON.parse(line);
    reports[domain] = readPolicies(written).map((p) =>
      [p.type, ...p.details.map((d) => d.type), ...(p.successes > 0 ? ["-"] : [])].join(" ")
    ).join("; ");
  }
  return reports;
}

/** Certificates of servers have run out since; those of authorities have not. */
const longAgo = { ...systemClock, now: () => Date.now() - 900 * 86_400_000 };

Deno.test("mail goes out as DANE and MTA-STS of each destination want it, or waits and says why", async () => {
  await using all = new AsyncDisposableStack();
  const issue = async (ca: KeyPair, dns: string[]) =>
    await issueServer(ca, { dns, ip: [] }, systemClock, systemRandom);
  const authority = await issueAuthority("test", longAgo, systemRandom);
  const issueExpired = async (ca: KeyPair, dns: string[]) =>
    await issueServer(ca, { dns, ip: [] }, longAgo, systemRandom);
  const stranger = await issueAuthority("stranger", systemClock, systemRandom);
  const hosts = {
    good: all.use(await startHost(await issue(authority, namesOf("mx", (d) => d.host === "good")), true)),
    "other-name": all.use(await startHost(await issue(authority, ["mx.elsewhere.test"]), true)),
    stranger: all.use(
      await startHost(await issue(stranger, namesOf("mx", (d) => d.host === "stranger")), true),
    ),
    expired: all.use(
      await startHost(await issueExpired(authority, namesOf("mx", (d) => d.host === "expired")), true),
    ),
    clear: all.use(await startHost(await issue(authority, ["mx.elsewhere.test"]), false)),
  };
  const webNames = namesOf("mta-sts", (d) => d.sts !== undefined);
  const web = all.use(await startWeb(await issue(authority, webNames), await issue(stranger, webNames)));
  const dns = await startDnsServer(zoneOf(hosts, web.address, authority.certificate));
  all.defer(() => dns.close());
  dns.authentic = (name) =>
    Object.entries(DESTINATIONS).some(([domain, d]) =>
      !d.unsigned && (name === domain || name.endsWith(`.${domain}`))
    );
  const ca = await Deno.makeTempFile({ suffix: ".pem" });
  all.defer(() => Deno.remove(ca));
  await Deno.writeTextFile(ca, authority.certificate);
  const roost = all.use(
    await RoostProcess.start({
      network: "open",
      config: `dns: { servers: ["127.0.0.1:${dns.port}"] }`,
      env: { NODE_EXTRA_CA_CERTS: ca },
    }),
  );
  for (const domain of Object.keys(DESTINATIONS)) {
    const mail = { from: "alice@example.test", to: `bob@${domain}`, subject: domain, text: "hi" };
    await mailer(roost, "submissions").sendMail(mail);
  }
  const ends: Record<string, string> = {};
  const taken = () => Object.values(hosts).flatMap((h) => h.taken);
  for (const [domain, { end }] of Object.entries(DESTINATIONS)) {
    const probe = () => {
      const arrived = taken().find((t) => t.endsWith(` bob@${domain}`))?.split(" ")[0];
      const barred = roost.log.split("\n").find((l) =>
        l.includes('"tls policy ') && l.includes(`"${domain}"`)
      );
      return Promise.resolve(arrived ?? barred);
    };
    const found = await eventually(`an end for ${domain}`, probe).catch((e) => `${e}\n${roost.log}`);
    ends[domain] = found.includes(end) ? end : found;
  }
  assertEquals(ends, Object.fromEntries(Object.entries(DESTINATIONS).map(([name, { end }]) => [name, end])));
  // What waits has reached nobody in the meantime.
  const arrived = taken().map((t) => t.split("@")[1] ?? "").sort();
  const wanted = Object.entries(DESTINATIONS).filter(([, d]) => d.end === "tls" || d.end === "clear");
  assertEquals(arrived, wanted.map(([name]) => name).sort());
  await roost.stop();
  assertEquals(
    await reportsIn(`${roost.dir}/data/reports/tls.jsonl`),
    Object.fromEntries(Object.entries(DESTINATIONS).map(([name, { report }]) => [name, report])),
  );
  // How TLS went is remembered: who has it one day and not the next is found out.
  const memory = await Deno.readTextFile(`${roost.dir}/data/tls_memory.jsonl`);
  const seen = (name: string) =>
    memory.split("\n").find((l) => l.startsWith(`["${name}"`))?.split(",").slice(1, 3);
  assertEquals([seen("sts-right.test"), seen("plain.test"), seen("dane-missing.test")], [
    ["1", "1"],
    ["1", "0"],
    undefined,
  ]);
  const kept = await Deno.readTextFile(`${roost.dir}/data/mta_sts.json`);
  assertEquals(["sts-right.test", "sts-missing.test", "sts-untrusted.test"].map((n) => kept.includes(n)), [
    true,
    false,
    false,
  ]);
});
