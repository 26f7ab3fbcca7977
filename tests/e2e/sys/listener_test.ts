import { fromUtf8, utf8 } from "../../../mod/base/bytes.ts";
import { systemClock } from "../../../mod/sys/clock.ts";
import { systemRandom } from "../../../mod/sys/random.ts";
import { Certificates } from "../../../mod/sys/tls.ts";
import { issueAuthority, issueServer } from "../../../mod/tls/own_ca.ts";
import { connect, listen } from "../../../mod/sys/listener.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

Deno.test("listener: whom admit() refuses is closed at once and never accepted", async () => {
  let accepted = 0;
  const left = Promise.withResolvers<string>();
  const options = {
    address: "127.0.0.1",
    port: 0,
    serverTls: null,
    implicitTls: false,
    busy: "",
    accept: () => void accepted++,
    left: left.resolve,
    handshakeFailed: () => {},
  };
  const refusing = await listen({ ...options, busy: "421 later\r\n", admit: () => false });
  const conn = await connect("127.0.0.1", refusing.port, 5000);
  assertEquals(fromUtf8((await conn.read()) ?? utf8("")), "421 later\r\n");
  assertEquals(await conn.read().catch(() => null), null);
  assertEquals(accepted, 0);
  conn.destroy();
  await refusing.close();
});

Deno.test("listener: a port that is taken, and one where nobody listens, are errors of the system", async () => {
  const options = {
    address: "127.0.0.1",
    port: 0,
    serverTls: null,
    implicitTls: false,
    busy: "",
    admit: () => true,
  };
  const rest = { accept: () => {}, left: () => {}, handshakeFailed: () => {} };
  const one = await listen({ ...options, ...rest });
  await assertRejects(() => listen({ ...options, ...rest, port: one.port }), "EADDRINUSE");
  await one.close();
  await assertRejects(() => connect("127.0.0.1", one.port, 5000), "ECONNREFUSED");
});

Deno.test("listener: whoever was admitted leaves once, after TLS too", async () => {
  const left: string[] = [];
  const gone = Promise.withResolvers<void>();
  const authority = await issueAuthority("test", systemClock, systemRandom);
  const pair = await issueServer(authority, { dns: ["a.test"], ip: [] }, systemClock, systemRandom);
  const certificates = new Certificates();
  certificates.use([{ source: "test", ...pair }]);
  const listener = await listen({
    address: "127.0.0.1",
    port: 0,
    serverTls: certificates.serverTls,
    implicitTls: true,
    busy: "",
    admit: () => true,
    accept: (conn) => void conn.close(),
    handshakeFailed: () => {},
    left: (address) => {
      left.push(address);
      if (left.length === 3) gone.resolve();
    },
  });
  const polite = await connect("127.0.0.1", listener.port, 5000);
  await polite.startTls(null, { name: "a.test", required: false });
  await polite.read().catch(() => null);
  polite.destroy();
  const garbage = await connect("127.0.0.1", listener.port, 5000);
  await garbage.write(utf8("no TLS at all\r\n\r\n"));
  await garbage.read().catch(() => null);
  garbage.destroy();
  (await connect("127.0.0.1", listener.port, 5000)).destroy();
  await gone.promise;
  assertEquals(left, ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  await listener.close();
});
