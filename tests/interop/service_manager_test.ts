/** What systemd hears of a server that it starts: the datagrams of a real process at a real socket. */
import { assert, assertEquals } from "../support/assert.ts";
import { RoostProcess } from "../support/roost_process.ts";

const LONGEST = 60_000;

/** The service manager's end: every datagram, as its lines. */
class Manager implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(path: string) {
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    this.#timer = setTimeout(() => this.#socket.close(), LONGEST);
  }

  async next(): Promise<string> {
    const [bytes] = await this.#socket.receive(new Uint8Array(4096));
    return new TextDecoder().decode(bytes);
  }

  /** Datagrams up to the first with `text` in it. */
  async until(text: string): Promise<string[]> {
    const heard: string[] = [];
    while (!heard.at(-1)?.includes(text)) heard.push(await this.next());
    return heard;
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.#socket.close();
    } catch {
      // Closed when the time was up.
    }
    return Promise.resolve();
  }
}

for (const kind of ["path", "abstract"] as const) {
  Deno.test(`service manager at a socket with ${kind === "path" ? "a path" : "an abstract name"}: ready, alive, reloading, stopping`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "roost-notify-" });
    const name = kind === "path" ? `${dir}/notify` : `roost-test-${crypto.randomUUID()}`;
    try {
      await using manager = new Manager(kind === "path" ? name : `\0${name}`);
      await using roost = await RoostProcess.start({
        env: { NOTIFY_SOCKET: kind === "path" ? name : `@${name}`, WATCHDOG_USEC: "200000" },
      });
      assertEquals(await manager.until("READY"), ["READY=1\nSTATUS=0 sessions, 0 messages in the queue\n"]);
      // It answers before it says so.
      (await Deno.connect({ hostname: "127.0.0.1", port: roost.ports.smtp })).close();
      await manager.until("WATCHDOG=1");
      await manager.until("WATCHDOG=1");

      assertEquals((await roost.verb("reload")).code, 0);
      const begun = (await manager.until("RELOADING")).at(-1) ?? "";
      assert(/^RELOADING=1\nMONOTONIC_USEC=\d+\n$/.test(begun), begun);
      await manager.until("READY=1");

      await Deno.writeTextFile(roost.config, "nonsense: yes\n");
      Deno.kill(roost.pid, "SIGHUP");
      await manager.until("RELOADING");
      const kept = (await manager.until("READY=1")).at(-1) ?? "";
      assert(kept.includes("STATUS=Goes on with the old configuration: "), kept);

      const stopped = roost.stop();
      await manager.until("STOPPING=1");
      assertEquals(await stopped, 0);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
