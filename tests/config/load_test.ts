import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { formatIp } from "../../mod/base/ip.ts";
import type { ConfiguredRoute } from "../../mod/config/config.ts";
import { loadConfig, parseConfig } from "../../mod/config/load.ts";
import { dataPaths } from "../../mod/config/paths.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

const BAD = new URL("./bad/", import.meta.url);

Deno.test("parseConfig() tells each mistake in tests/config/bad as its expected.txt says", async (t) => {
  let folders = 0;
  for await (const { name } of Deno.readDir(BAD)) {
    folders++;
    await t.step(name, async () => {
      const text = await Deno.readTextFile(new URL(`${name}/roost.yaml`, BAD));
      const expected = await Deno.readTextFile(new URL(`${name}/expected.txt`, BAD));
      const parsed = parseConfig("/etc/roost/roost.yaml", text);
      const lines = parsed.ok ? ["no error", ...parsed.value.warnings] : parsed.error;
      assertEquals(lines.join("\n") + "\n", expected);
    });
  }
  assert(folders >= 20, `${folders} folders`);
});

/** The example of the design, with certificates of our own. */
const WHOLE = `
hostname: Mail.Example.ORG
data: ../lib/roost
network: closed
listen:
  smtp: ["0.0.0.0:25", "[::]:25"]
  imap: "127.0.0.1:143"
  http: ["127.0.0.1:8080"]
proxy_protocol: []
trusted: [192.168.0.0/16, "::1"]
tls:
  own_ca: true
dns:
  servers: [192.0.2.53, "[2001:db8::53]:5353"]
  hosts: { printer.lan: 192.0.2.9, both.lan: [192.0.2.8, "2001:db8::8"] }
routes:
  outside.test: { to: "smtp://127.0.0.1:2026", retry: 90s }
  relayed.test: submission://me%40x:pa%3ass@relay.example.net
  files.test: { to: "submissions://me@[2001:db8::1]", password_file: pw.txt }
  "*": submission://user@relay:587
  two.test: [smtp://one.test, "lmtp://two.test"]
sender_routes: { "You@Example.org": { to: smtp://192.0.2.7, helo: other.example.org, source_address: "2001:db8::7" } }
sending: { source_address: [192.0.2.1, "2001:db8::1"], helo: out.example.org, address_family: ipv4_first, deliveries: 7 }
domains:
  example.org: { catch_all: you, subaddress: "-", aliases: { Postmaster: [you], team: [you, friend@example.net] } }
  bücher.example:
  plain.example: { subaddress: false }
auth: { cleartext: loopback }
limits: { message_size: 20MB, queue_lifetime: 2d12h, retry: [1m, 1h], disk_free: 1GB, queue_messages: 1000, mailbox_full: refuse }
`;

function smtpHost(host: string, port: number): ConfiguredRoute {
  return { protocol: "smtp", host, port, user: null, password: null, passwordFile: null };
}

Deno.test("parseConfig() reads everything, with paths relative to the file", () => {
  const parsed = parseConfig("/etc/roost/roost.yaml", WHOLE);
  assert(parsed.ok, JSON.stringify(parsed));
  const { config, warnings } = parsed.value;
  assertEquals(warnings, []);
  assertEquals(config.hostname, "mail.example.org");
  assertEquals(config.data, "/etc/lib/roost");
  assertEquals(config.listen.smtp, [{ host: "0.0.0.0", port: 25 }, { host: "::", port: 25 }]);
  assertEquals(config.listen.imap, [{ host: "127.0.0.1", port: 143 }]);
  assertEquals(config.listen.pop3, []);
  assertEquals(config.trusted.map((n) => `${formatIp(n.address)}/${n.bits}`), ["192.168.0.0/16", "::1/128"]);
  assertEquals(config.dns.servers, [{ host: "192.0.2.53", port: 53 }, { host: "2001:db8::53", port: 5353 }]);
  assertEquals([...config.dns.hosts], [["printer.lan", ["192.0.2.9"]], ["both.lan", [
    "192.0.2.8",
    "2001:db8::8",
  ]]]);
  assertEquals([...config.routes].map(([key, way]) => [key, ...way.to]), [
    ["outside.test", {
      protocol: "smtp",
      host: "127.0.0.1",
      port: 2026,
      user: null,
      password: null,
      passwordFile: null,
    }],
    ["relayed.test", {
      protocol: "submission",
      host: "relay.example.net",
      port: 587,
      user: "me@x",
      password: "pa:ss",
      passwordFile: null,
    }],
    ["files.test", {
      protocol: "submissions",
      host: "2001:db8::1",
      port: 465,
      user: "me",
      password: null,
      passwordFile: "/etc/roost/pw.txt",
    }],
    ["*", {
      protocol: "submission",
      host: "relay",
      port: 587,
      user: "user",
      password: null,
      passwordFile: "/etc/lib/roost/keys/user@relay.password",
    }],
    ["two.test", smtpHost("one.test", 25), { ...smtpHost("two.test", 24), protocol: "lmtp" }],
  ]);
  assertEquals([...config.senderRoutes], [["you@example.org", {
    to: [smtpHost("192.0.2.7", 25)],
    sources: ["2001:db8::7"],
    helo: "other.example.org",
  }]]);
  assertEquals(config.sending, {
    sources: ["192.0.2.1", "2001:db8::1"],
    helo: "out.example.org",
    family: "ipv4_first",
    refuseDowngrade: false,
    suppress: 7 * 86_400_000,
    deliveries: 7,
    deliveriesPerDestination: 20,
  });
  assertEquals([...config.domains.keys()], ["example.org", "xn--bcher-kva.example", "plain.example"]);
  assertEquals(config.domains.get("example.org"), {
    catchAll: { local: "you", domain: "example.org" },
    subaddress: "-",
    aliases: {
      postmaster: [{ local: "you", domain: "example.org" }],
      team: [{ local: "you", domain: "example.org" }, { local: "friend", domain: "example.net" }],
    },
  });
  assertEquals(config.domains.get("plain.example")?.subaddress, null);
  assertEquals(config.tls, { kind: "own-ca" });
  assertEquals([config.auth.cleartext, config.limits.messageSize, config.limits.queueLifetime], [
    "loopback",
    20 * 1024 * 1024,
    60 * 3600 * 1000,
  ]);
  const { retry, diskFree, queueMessages, mailboxFull } = config.limits;
  assertEquals([retry, diskFree, queueMessages, mailboxFull], [
    [60_000, 3600_000],
    1024 ** 3,
    1000,
    "refuse",
  ]);
  assertEquals([...config.routeRetry], [["outside.test", [90_000]]]);
});

Deno.test("parseConfig() needs nothing but a hostname, and says what is odd about that", () => {
  const parsed = parseConfig("/srv/roost.yaml", "hostname: a.test\n");
  assert(parsed.ok);
  assertEquals(parsed.value.config.data, "/srv/data");
  assertEquals(parsed.value.config.limits.messageSize, 50 * 1024 * 1024);
  assertEquals(parsed.value.config.imap, { separator: ".", searchIndex: "opened" });
  assertEquals(parsed.value.config.pop3.uidl, "%08Xu%08Xv");
  assertEquals(parsed.value.warnings.length, 2);
});

Deno.test("parseConfig() takes certificates and ACME", () => {
  const files = parseConfig(
    "/e/roost.yaml",
    "hostname: a.test\ntls: { certificates: [{ cert: a.pem, key: /k/b.pem }] }\n",
  );
  assert(files.ok);
  assertEquals(files.value.config.tls, {
    kind: "files",
    certificates: [{ cert: "/e/a.pem", key: "/k/b.pem" }],
  });
  const acme = parseConfig("/e/roost.yaml", "hostname: a.test\ntls: { acme: { email: you@a.test } }\n");
  assert(acme.ok);
  assertEquals(acme.value.config.tls, {
    kind: "acme",
    email: { local: "you", domain: "a.test" },
    directory: "https://acme-v02.api.letsencrypt.org/directory",
    names: [],
    external: null,
    ca: null,
  });
  const bound = (key: string) =>
    parseConfig(
      "/e/roost.yaml",
      `hostname: a.test\ntls: { acme: { email: a@a.test, external: { kid: k1, key: "${key}" } } }\n`,
    );
  const external = bound("ab+/abcd==");
  assert(external.ok && external.value.config.tls.kind === "acme");
  assertEquals(external.value.config.tls.external, { kid: "k1", key: "ab-_abcd" });
  for (const key of ["short", "not base64!", "abcdefghi"]) {
    const bad = bound(key);
    assert(!bad.ok && bad.error[0]?.includes("tls.acme.external.key: is no base64url"), JSON.stringify(bad));
  }
  const http = parseConfig(
    "/e/roost.yaml",
    "hostname: a.test\ntls: { acme: { email: a@a.test, directory: 'http://ca.test/' } }\n",
  );
  assert(!http.ok && http.error[0]?.includes("none of letsencrypt, letsencrypt-staging, nor an https: URL"));
});

Deno.test("loadConfig() says what to do when there is no file or it cannot be read", async () => {
  const fs = new MemFs({ files: { "/etc/roost.yaml": "hostname: a.test\n" } });
  assert((await loadConfig(fs, "/etc/roost.yaml")).ok);
  const none = await loadConfig(fs, "/etc/other.yaml");
  assert(!none.ok && none.error[0]?.includes("roost quickstart"));
  const heal = fs.fail("read", "denied");
  fs.fail("open", "denied");
  const denied = await loadConfig(fs, "/etc/roost.yaml");
  assert(!denied.ok && denied.error[0]?.includes("may not be read"), JSON.stringify(denied));
  heal();
});

Deno.test("loadConfig() follows the links by which the data or the mail lie on another disk, and only those", async () => {
  const fs = new MemFs({
    files: {
      "/etc/roost.yaml": "hostname: a.test\ndata: /srv/mail\n",
      "/usb/mail/e.test/a/cur/1": "x",
      "/big/x": "",
    },
  });
  const load = async () => {
    const loaded = await loadConfig(fs, "/etc/roost.yaml");
    return loaded.ok ? [loaded.value.config.data, dataPaths(loaded.value.config).mail] : loaded.error;
  };
  assertEquals(await load(), ["/srv/mail", "/srv/mail/mail"], "nothing is there yet");
  await fs.makeDir("/srv");
  fs.symlink("/big", "/srv/mail");
  assertEquals(await load(), ["/big", "/big/mail"]);
  fs.symlink("/usb/mail", "/big/mail");
  assertEquals(await load(), ["/big", "/usb/mail"]);
  await fs.rename("/usb", "/elsewhere");
  const unmounted = ["/big/mail: is a link to a folder that is not there; is its disk mounted?"];
  assertEquals(await load(), unmounted);
  await fs.createWith("/usb", []);
  assertEquals(await load(), unmounted, "a file is no folder");
});

Deno.test("parseConfig() survives what is no text", () => {
  for (
    const bytes of [new Uint8Array(200).fill(0xff), utf8("\0\0"), utf8("\ufeffhostname: a.test\n"), utf8("")]
  ) {
    const parsed = parseConfig("/e/roost.yaml", fromUtf8(bytes));
    assert(parsed.ok || parsed.error.length > 0);
  }
});

Deno.test("parseConfig() reads which folders are emptied by age; none unless told", () => {
  const head = "hostname: mail.example.org\nlisten: { smtp: 127.0.0.1:25 }\n";
  const read = (text: string) => {
    const parsed = parseConfig("/etc/roost/roost.yaml", head + text);
    assert(parsed.ok);
    return [...parsed.value.config.expunge];
  };
  assertEquals(read(""), []);
  const [month, week] = [2_592_000_000, 604_800_000];
  assertEquals(read("expunge: { Trash: 30d, Lists.Old: 1w }\n"), [["Trash", month], ["Lists.Old", week]]);
  const other =
    "imap: { separator: / }\nexpunge: { inbox: 30d, Inbox/Old: 1w, Pru\u0308fen: 1w, inboxes: 1w }\n";
  assertEquals(read(other), [["INBOX", month], ["INBOX/Old", week], ["Pr\u00fcfen", week], [
    "inboxes",
    week,
  ]]);
});

Deno.test("parseConfig() reads which domains have an MTA-STS policy", () => {
  const text = `hostname: mail.example.org
domains:
  a.example: { mta_sts: testing }
  b.example: { mta_sts: enforce }
  c.example: { mta_sts: none }
  d.example: { mta_sts: false }
  e.example:
`;
  const parsed = parseConfig("/r.yaml", text);
  assert(parsed.ok);
  assertEquals([...parsed.value.config.mtaSts], [
    ["a.example", "testing"],
    ["b.example", "enforce"],
    ["c.example", "none"],
  ]);
  assert(!parseConfig("/r.yaml", text.replace("testing", "strict")).ok);
});
