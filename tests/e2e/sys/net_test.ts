/** Real sockets on loopback: STARTTLS, implicit TLS, certificates by name, octets that must not cross, slow peers. */
import { createHash, X509Certificate } from "node:crypto";
import tls from "node:tls";
import { utf8 } from "../../../mod/base/bytes.ts";
import { issueAuthority, issueServer, type KeyPair } from "../../../mod/tls/own_ca.ts";
import { systemClock } from "../../../mod/sys/clock.ts";
import { connect, listen, type Listener } from "../../../mod/sys/listener.ts";
import type { NodeConn } from "../../../mod/sys/net.ts";
import { systemRandom } from "../../../mod/sys/random.ts";
import { Certificates } from "../../../mod/sys/tls.ts";
import { ByteReader } from "../../../mod/wire/byte_reader.ts";
import { ConnectionLost, type TlsInfo } from "../../../mod/wire/conn.ts";
import { fromUtf8 } from "../../../mod/base/bytes.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";

async function certificates(...names: string[]): Promise<{ certificates: Certificates; pairs: KeyPair[] }> {
  const ca = await issueAuthority("test", systemClock, systemRandom);
  const pairs: KeyPair[] = [];
  for (const n of names) pairs.push(await issueServer(ca, { dns: [n], ip: [] }, systemClock, systemRandom));
  const all = new Certificates();
  all.use(pairs.map((p) => ({ source: "test", ...p })));
  return { certificates: all, pairs };
}

/** Answers each line with itself; STARTTLS begins TLS; QUIT ends. */
async function echo(conn: NodeConn, idle = 5000): Promise<void> {
  conn.setIdle(idle);
  const reader = new ByteReader(conn);
  try {
    for (;;) {
      const line = await reader.readLine(1000);
      if (line.kind === "end") break;
      const text = line.kind === "long" ? "long" : fromUtf8(line.bytes);
      if (text === "QUIT") break;
      // What came with STARTTLS in one chunk is in our reader, where only we can see it.
      if (text === "STARTTLS" && reader.buffered > 0) break;
      if (text === "STARTTLS") await conn.startTls(utf8("220 go\r\n"));
      else await conn.write(utf8(`${text} over ${conn.tls?.protocol ?? "plain"}\r\n`));
    }
  } catch (e) {
    if (!(e instanceof ConnectionLost)) throw e;
  }
  await conn.close();
}

interface Served {
  readonly listener: Listener;
  readonly failures: string[];
  readonly ended: Promise<void>[];
}

/** Every connection goes to `handle`. */
async function serve(
  certificates: Certificates,
  implicitTls: boolean,
  handle: (conn: NodeConn) => Promise<void> = echo,
): Promise<Served> {
  const failures: string[] = [];
  const ended: Promise<void>[] = [];
  const listener = await listen({
    address: "127.0.0.1",
    port: 0,
    serverTls: certificates.serverTls,
    implicitTls,
    busy: "",
    admit: () => true,
    left: () => {},
    accept: (conn) => void ended.push(handle(conn)),
    handshakeFailed: (_, why) => void failures.push(why),
  });
  return { listener, failures, ended };
}

async function ask(conn: NodeConn, reader: ByteReader, text: string): Promise<string> {
  await conn.write(utf8(`${text}\r\n`));
  const line = await reader.readLine(1000);
  return line.kind === "line" ? fromUtf8(line.bytes) : line.kind;
}

Deno.test("net: STARTTLS with a certificate chosen by name, and swapped without a restart", async () => {
  const { certificates: served, pairs } = await certificates("a.test", "b.test");
  const { listener, ended } = await serve(served, false);
  for (const [i, name] of ["a.test", "b.test"].entries()) {
    const conn = await connect("127.0.0.1", listener.port, 5000);
    const reader = new ByteReader(conn);
    assertEquals(await ask(conn, reader, "hi"), "hi over plain");
    assertEquals(await ask(conn, reader, "STARTTLS"), "220 go");
    await conn.startTls(null, { name, required: false });
    assertEquals(await ask(conn, reader, "hi"), "hi over TLSv1.3");
    assertEquals(served.list()[i]?.dnsNames, [name]);
    await conn.close();
  }
  const only = pairs[1];
  assert(only);
  served.use([{ source: "renewed", ...only }]);
  const conn = await connect("127.0.0.1", listener.port, 5000);
  const reader = new ByteReader(conn);
  await ask(conn, reader, "STARTTLS");
  const e = await assertRejects(() => conn.startTls(null, { name: "a.test", required: true }));
  assertMatch(e.message, /certificate|issuer/i);
  await Promise.all(ended);
  await listener.close();
});

Deno.test("net: octets pipelined behind STARTTLS end the connection before any TLS", async () => {
  const { certificates: served } = await certificates("a.test");
  const { listener, ended } = await serve(served, false);
  const conn = await connect("127.0.0.1", listener.port, 5000);
  await conn.write(utf8("STARTTLS\r\nNOOP injected\r\n"));
  const got = await conn.read().catch((e) => (e as Error).message);
  const text = got instanceof Uint8Array ? fromUtf8(got) : String(got);
  assert(!text.includes("injected"), text);
  conn.destroy();
  await Promise.all(ended);
  await listener.close();
});

Deno.test("net: implicit TLS serves; garbage instead of a handshake is told and harms nothing", async () => {
  const { certificates: served } = await certificates("a.test");
  const { listener, failures, ended } = await serve(served, true);
  const bad = await connect("127.0.0.1", listener.port, 5000);
  await bad.write(utf8("EHLO not TLS\r\n\r\n\r\n"));
  await bad.read().catch(() => null);
  bad.destroy();
  const conn = await connect("127.0.0.1", listener.port, 5000);
  await conn.startTls(null, { name: "a.test", required: false });
  assertEquals(await ask(conn, new ByteReader(conn), "hi"), "hi over TLSv1.3");
  await conn.close();
  await Promise.all(ended);
  assertEquals(failures.length, 1);
  await listener.close();
});

Deno.test("net: a peer that says nothing is cut off after the idle time", async () => {
  const { certificates: served } = await certificates("a.test");
  const { listener, ended } = await serve(served, false, (conn) => echo(conn, 1));
  const conn = await connect("127.0.0.1", listener.port, 5000);
  assertEquals(await conn.read().catch(() => null), null);
  conn.destroy();
  await Promise.all(ended);
  await listener.close();
});

Deno.test("net: a flood that nobody reads is held back at the sender", async () => {
  let held: NodeConn | null = null;
  const accepted = Promise.withResolvers<void>();
  const listener = await listen({
    address: "127.0.0.1",
    port: 0,
    serverTls: null,
    implicitTls: false,
    busy: "",
    admit: () => true,
    left: () => {},
    accept: (conn) => {
      held = conn;
      accepted.resolve();
    },
    handshakeFailed: () => {},
  });
  const conn = await connect("127.0.0.1", listener.port, 5000);
  await accepted.promise;
  const block = new Uint8Array(1 << 20);
  let sent = 0;
  const flood = (async () => {
    for (; sent < 256; sent++) await conn.write(block);
  })();
  // The flood stands still: reading is what lets it go on.
  await new Promise((r) => setTimeout(r, 300));
  const stood = sent;
  assert(stood < 64, `${stood} MiB were taken unread`);
  let got = 0;
  while (got < 256 << 20) got += (await (held as unknown as NodeConn).read())?.length ?? 0;
  await flood;
  assertEquals(got, 256 << 20);
  conn.destroy();
  (held as unknown as NodeConn).destroy();
  await listener.close();
});

Deno.test("net: the channel binding is that of the certificate shown; client certificates are told by their hash", async () => {
  const { certificates: all, pairs } = await certificates("a.test", "b.test");
  const told: (TlsInfo | null)[] = [];
  const ended: Promise<void>[] = [];
  for (const requestCert of [false, true]) {
    const listener = await listen({
      address: "127.0.0.1",
      port: 0,
      serverTls: () => ({
        ...all.serverTls(),
        ...(requestCert ? { requestCert, rejectUnauthorized: false } : {}),
      }),
      implicitTls: true,
      busy: "",
      admit: () => true,
      left: () => {},
      accept: (conn) => {
        told.push(conn.tls);
        ended.push(conn.close());
      },
      handshakeFailed: (_, why) => told.push({ protocol: why, cipher: "", serverName: null }),
    });
    for (const servername of ["a.test", "b.test", "c.test"]) {
      const own = pairs[1] ? { cert: pairs[1].certificate, key: pairs[1].key } : {};
      const options = {
        host: "127.0.0.1",
        port: listener.port,
        rejectUnauthorized: false,
        servername,
        ...own,
      };
      await new Promise<void>((closed) => {
        const socket = tls.connect(options, () => socket.resume());
        socket.on("error", () => {});
        socket.on("close", () => closed());
      });
    }
    await listener.close();
  }
  await Promise.all(ended);
  const hash = (i: number) =>
    createHash("sha256").update(new X509Certificate(pairs[i]?.certificate ?? "").raw).digest("hex");
  const [a, b] = [hash(0), hash(1)];
  assertEquals(told.map((t) => t?.endPoint?.toHex()), [a, b, a, a, b, a]);
  assertEquals(told.map((t) => t?.clientCertificate), [undefined, undefined, undefined, b, b, b]);
});

Deno.test("net: a client that checks the chain itself is shown all of it, and its word counts", async () => {
  const { certificates: all, pairs } = await certificates("mx.test");
  const { listener, ended } = await serve(all, true);
  const chainOf = (pem: string) =>
    pem.split(/(?<=-----END CERTIFICATE-----\n)/).filter((p) => p.trim() !== "").map((p) =>
      new Uint8Array(new X509Certificate(p).raw)
    );
  const wanted = chainOf(pairs[0]?.certificate ?? "");
  assertEquals(wanted.length, 2);
  for (const verdict of [null, "not this one"]) {
    const client = await connect("127.0.0.1", listener.port, 5000);
    const shown: (readonly Uint8Array[])[] = [];
    const check = (chain: readonly Uint8Array[]) => {
      shown.push(chain);
      return verdict;
    };
    // No authority of the platform has signed it, and the name is another: only the check counts.
    const begun = client.startTls(null, { name: "other.test", required: true, check });
    if (verdict === null) await begun;
    else await assertRejects(() => begun, verdict);
    assertEquals(shown, [wanted]);
    await client.close();
  }
  await listener.close();
  await Promise.all(ended);
});

Deno.test("net: an array that was lent is free when it comes back, in the clear and under TLS", async () => {
  const { certificates: all } = await certificates("a.test");
  const [pieces, size] = [20, 200_000];
  for (const implicitTls of [false, true]) {
    const lend = async (conn: NodeConn) => {
      const array = new Uint8Array(size);
      for (let i = 1; i <= pieces; i++) {
        array.fill(i);
        await conn.lend(array);
        array.fill(0);
      }
      await conn.close();
    };
    const { listener, ended } = await serve(all, implicitTls, lend);
    const conn = await connect("127.0.0.1", listener.port, 5000);
    if (implicitTls) await conn.startTls(null, { name: "a.test", required: false });
    let got = 0;
    while (got < pieces * size) {
      const chunk = await conn.read() ?? new Uint8Array(0);
      assert(chunk.length > 0);
      // Slowly, so that much waits on the way.
      await new Promise((turn) => setTimeout(turn, 0));
      for (const octet of chunk) assert(octet === Math.floor(got++ / size) + 1);
    }
    await conn.close();
    await Promise.all(ended);
    await listener.close();
  }
});

Deno.test("net: an array that was lent to a peer that goes away does not come back, in the clear and under TLS", async () => {
  const { certificates: all, pairs } = await certificates("a.test");
  const authority = pairs[0]?.certificate.split(/(?<=-----END CERTIFICATE-----\n)/)[1] ?? "";
  for (const implicitTls of [false, true]) {
    const outcome = Promise.withResolvers<string>();
    const lend = async (conn: NodeConn) => {
      // More than the system takes from who reads nothing.
      await conn.lend(new Uint8Array(32_000_000)).then(() => outcome.resolve("taken"), outcome.resolve);
      await conn.close();
    };
    const { listener, ended } = await serve(all, implicitTls, lend);
    // Of Deno's own, which reads only what it is asked for.
    const at = { hostname: "127.0.0.1", port: listener.port };
    const plain = await Deno.connect(at);
    const client = implicitTls
      ? await Deno.startTls(plain, { hostname: "a.test", caCerts: [authority] })
      : plain;
    await client.read(new Uint8Array(1));
    client.close();
    assertMatch(String(await outcome.promise), /ConnectionLost/);
    await Promise.all(ended);
    await listener.close();
  }
});
