import { memoryBody } from "../../mod/base/body.ts";
import { utf8 } from "../../mod/base/bytes.ts";
import { servePop3, type ServePorts } from "../../mod/pop3/serve.ts";
import { NO_FLAGS } from "../../mod/store/flags.ts";
import { MemoryLog } from "./memory_log.ts";
import { MemStore } from "./mem_store.ts";
import { ScriptConn } from "./script_conn.ts";
import { SeededRandom } from "./seeded_random.ts";

export const MAIL = [
  "Subject: one\r\n\r\nfirst\r\n",
  "Subject: two\r\n\r\n.starts with a dot\r\n..two\r\nend\r\n",
  "Subject: three\r\n\r\nno line end at the end",
];

/** A store with MAIL in the inbox of alice@example.test. */
export async function filled(): Promise<MemStore> {
  const store = new MemStore();
  for (const text of MAIL) {
    await store.deliver(
      [{ account: "alice@example.test", mailbox: "INBOX", flags: NO_FLAGS }],
      memoryBody(utf8(text)),
    );
  }
  return store;
}

/** Ports over a store: alice@example.test logs in with "secret", "slow" is throttled. */
export function ports(store: MemStore, over: Partial<ServePorts> = {}): ServePorts {
  return {
    store,
    authenticator: {
      password: (login, password) =>
        Promise.resolve(
          login === "alice@example.test" && password === "secret"
            ? { kind: "ok", account: login }
            : login === "slow"
            ? { kind: "throttled" }
            : { kind: "refused" },
        ),
    },
    log: new MemoryLog(),
    hostname: "mail.test",
    version: "0",
    tlsAvailable: true,
    cleartextAllowed: false,
    random: new SeededRandom(1),
    clock: { monotonic: () => 0, sleep: () => Promise.resolve(), after: () => () => {} },
    ...over,
  };
}

export const TLS = { protocol: "TLSv1.3", cipher: "x", serverName: null };

/** Logs in over TLS, says the lines, gives all that the server said after the login. */
export async function talk(store: MemStore, lines: string, over: Partial<ServePorts> = {}): Promise<string> {
  const conn = new ScriptConn({ address: "192.0.2.1", port: 1 }, TLS);
  const done = servePop3(conn, ports(store, over), new AbortController().signal);
  conn.feed(`USER alice@example.test\r\nPASS secret\r\n${lines}`).end();
  await done;
  return conn.output.split("\r\n").slice(3).join("\r\n");
}
