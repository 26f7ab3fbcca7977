/** PROXY headers on real sockets: before the clear, before TLS, in pieces; and whoever is no proxy. */
import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { systemClock } from "../../../mod/sys/clock.ts";
import { connect, listen } from "../../../mod/sys/listener.ts";
import type { NodeConn } from "../../../mod/sys/net.ts";
import { systemRandom } from "../../../mod/sys/random.ts";
import { Certificates } from "../../../mod/sys/tls.ts";
import { issueAuthority, issueServer } from "../../../mod/tls/own_ca.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { proxyRelay } from "../../support/proxy_relay.ts";

const HEADER = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r\n";

async function server(implicitTls: boolean, isProxy = true) {
  const authority = await issueAuthority("test", systemClock, systemRandom);
  const pair = await issueServer(authority, { dns: ["a.test"], ip: [] }, systemClock, systemRandom);
  const certificates = new Certificates();
  certificates.use([{ source: "test", ...pair }]);
  const faults: string[] = [];
  const admitted: string[] = [];
  const left: string[] = [];
  const listener = await listen({
    address: "127.0.0.1",
    port: 0,
    serverTls: certificates.serverTls,
    implicitTls,
    busy: "",
    isProxy: (address) => isProxy && address === "127.0.0.1",
    proxyFailed: (_, why) => void faults.push(why),
    admit: (address) => admitted.push(address) > 0,
    left: (address) => void left.push(address),
    handshakeFailed: (_, why) => void faults.push(why),
    accept: (conn) => void answer(conn),
  });
  return { listener, faults, admitted, left };
}

/** Tells who the peer is and what it said first. */
async function answer(conn: NodeConn): Promise<void> {
  const said = await conn.read().catch(() => null);
  const { remote, local } = conn;
  await conn.write(
    utf8(`${remote.address}:${remote.port} to ${local.address} said ${fromUtf8(said ?? utf8("nothing"))}`),
  ).catch(() => {});
  await conn.close();
}

async function everything(conn: NodeConn): Promise<string> {
  let all = "";
  const next = () => conn.read().catch(() => null);
  for (let c = await next(); c; c = await next()) all += fromUtf8(c);
  conn.destroy();
  return all;
}

Deno.test("a proxy's client is who it says, for limits too, however the header comes", async () => {
  const s = await server(false);
  for (const pieces of [[`${HEADER}hello`], [HEADER, "hello"], [...HEADER, "hello"]]) {
    const conn = await connect("127.0.0.1", s.listener.port, 5000);
    for (const piece of pieces) {
      await conn.write(utf8(piece));
      await new Promise((r) => setTimeout(r, pieces.length === 2 ? 20 : 0));
    }
    assertEquals(await everything(conn), "192.0.2.1:40000 to 198.51.100.2 said hello");
  }
  assertEquals(s.admitted, ["192.0.2.1", "192.0.2.1", "192.0.2.1"]);
  assertEquals(s.left, s.admitted);
  await s.listener.close();
});

Deno.test("TLS from the first octet begins after the header, also when both come at once", async () => {
  const s = await server(true);
  for (const together of [false, true]) {
    await using relay = await proxyRelay(s.listener.port, HEADER, together);
    const conn = await connect("127.0.0.1", relay.port, 5000);
    await conn.startTls(null);
    await conn.write(utf8("hello"));
    const said = await everything(conn);
    assertEquals(said, "192.0.2.1:40000 to 198.51.100.2 said hello", `together: ${together} ${s.faults}`);
  }
  await s.listener.close();
});

Deno.test("a proxy that sends no header is dropped; from others a header is what any client says", async () => {
  const s = await server(false);
  const rude = await connect("127.0.0.1", s.listener.port, 5000);
  await rude.write(utf8("EHLO c.test\r\n"));
  await assertRejects(async () => {
    if (await rude.read() === null) throw new Error("ended");
  });
  rude.destroy();
  (await connect("127.0.0.1", s.listener.port, 5000)).destroy();
  while (s.faults.length < 2) await new Promise((r) => setTimeout(r, 5));
  assertEquals(s.faults, ["no PROXY header, or a broken one", "gone before the PROXY header"]);
  assertEquals(s.admitted, []);
  await s.listener.close();
  const strict = await server(false, false);
  const conn = await connect("127.0.0.1", strict.listener.port, 5000);
  await conn.write(utf8(HEADER));
  assertEquals((await everything(conn)).replace(/:\d+ /, ": "), `127.0.0.1: to 127.0.0.1 said ${HEADER}`);
  await strict.listener.close();
});
