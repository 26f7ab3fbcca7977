import { MANAGER_STATUS, MANAGER_WAITING } from "../../mod/base/limits.ts";
import { type Datagrams, managerOrders, NotifiedManager } from "../../mod/sys/service_manager.ts";
import { assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";

const SOCKET = "/run/systemd/notify";

Deno.test("managerOrders() reads what systemd sets, and takes nothing that is not meant for us", () => {
  const cases: readonly [Record<string, string>, ReturnType<typeof managerOrders>][] = [
    [{}, null],
    [{ NOTIFY_SOCKET: "" }, null],
    [{ NOTIFY_SOCKET: "@" }, null],
    [{ NOTIFY_SOCKET: "relative" }, null],
    [{ NOTIFY_SOCKET: "vsock:2:1234" }, null],
    [{ NOTIFY_SOCKET: SOCKET }, { socket: SOCKET, watchdog: null }],
    [{ NOTIFY_SOCKET: "@/org/x" }, { socket: "\0/org/x", watchdog: null }],
    [{ NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: "120000000" }, { socket: SOCKET, watchdog: 120_000 }],
    [{ NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: "2000000", WATCHDOG_PID: "7" }, {
      socket: SOCKET,
      watchdog: 2000,
    }],
    [{ NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: "2000000", WATCHDOG_PID: "8" }, {
      socket: SOCKET,
      watchdog: null,
    }],
    ...["0", "-1", "1e9", "99999999999999999", "2 min"].map((
      usec,
    ): [Record<string, string>, ReturnType<typeof managerOrders>] => [
      { NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: usec },
      { socket: SOCKET, watchdog: null },
    ]),
  ];
  for (const [env, expected] of cases) {
    assertEquals(managerOrders((name) => env[name], 7), expected, JSON.stringify(env));
  }
});

class Wire implements Datagrams {
  readonly sent: string[] = [];
  fault: Error | null = null;
  hold: Promise<void> | null = null;
  closed = false;
  async send(bytes: Uint8Array, to: string): Promise<void> {
    await this.hold;
    if (this.fault) throw this.fault;
    this.sent.push(`${to} ${new TextDecoder().decode(bytes)}`);
  }
  close(): void {
    this.closed = true;
  }
}

function manager(wire: Wire, log = new MemoryLog()): NotifiedManager {
  return new NotifiedManager({ socket: SOCKET, watchdog: 1000 }, wire, () => 5e6, log);
}

Deno.test("NotifiedManager tells in order, a datagram each, and no line end gets into a status", async () => {
  const wire = new Wire();
  const m = manager(wire);
  m.reloading();
  m.ready("3 sessions\nREADY=0\r\0x");
  m.alive();
  m.status("y".repeat(10_000));
  m.stopping();
  await m.close();
  assertEquals(
    wire.sent,
    [
      "RELOADING=1\nMONOTONIC_USEC=5000000\n",
      "READY=1\nSTATUS=3 sessions READY=0 x\n",
      "WATCHDOG=1\n",
      `STATUS=${"y".repeat(MANAGER_STATUS)}\n`,
      "STOPPING=1\nSTATUS=Stopping\n",
    ].map((text) => `${SOCKET} ${text}`),
  );
  assertEquals(wire.closed, true);
});

Deno.test("NotifiedManager: a manager that is gone is logged once, and one that hangs costs no memory", async () => {
  const wire = new Wire();
  const log = new MemoryLog();
  const m = manager(wire, log);
  wire.fault = new Error("No such file or directory");
  for (let i = 0; i < 5; i++) m.alive();
  const hung = Promise.withResolvers<void>();
  wire.hold = hung.promise;
  for (let i = 0; i < 1000; i++) m.alive();
  hung.resolve();
  wire.fault = null;
  await m.close();
  assertEquals(wire.sent.length <= MANAGER_WAITING, true);
  assertEquals(log.lines.filter((e) => e.event === "service manager not told").length <= 1, true);
});
