/**
 * Tells the service manager that started us how we are, as sd_notify(3) does: datagrams of VARIABLE=VALUE lines to the unix socket that
 * NOTIFY_SOCKET names. It wants `--unstable-net` of Deno, and no right that we have not. Nothing in it ever fails the server.
 */
import { utf8 } from "../base/bytes.ts";
import { MANAGER_STATUS, MANAGER_WAITING } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";

/** What the service manager wants of us. */
export interface ManagerOrders {
  /** As Deno takes it: a path, or an abstract name behind a NUL. */
  readonly socket: string;
  /** Milliseconds within which it wants a sign of life, always; null where it does not watch us. */
  readonly watchdog: number | null;
}

/** The way to the service manager. */
export interface ServiceManager {
  /** Milliseconds; see `ManagerOrders`. */
  readonly watchdog: number | null;
  /** Everything answers (again). */
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  /** A line for people, as `systemctl status` shows it. */
  status(text: string): void;
  /** A sign of life. */
  alive(): void;
  /** Resolves when all that was told is on its way, or nobody takes it. */
  close(): Promise<void>;
}

/** The part of a datagram socket we need. */
export interface Datagrams {
  send(bytes: Uint8Array, to: string): Promise<unknown>;
  close(): void;
}

/** Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; null where nobody wants to be told, or only in a way we have not (vsock). */
export function managerOrders(
  env: (name: string) => string | undefined,
  pid: number,
): ManagerOrders | null {
  const named = env("NOTIFY_SOCKET") ?? "";
  if (!/^[/@][^\0]+$/.test(named)) return null;
  const socket = named.startsWith("@") ? `\0${named.slice(1)}` : named;
  const microseconds = /^[1-9]\d{0,15}$/.test(env("WATCHDOG_USEC") ?? "") ? Number(env("WATCHDOG_USEC")) : 0;
  // The variables are inherited: what is meant for a parent is not for us.
  const ours = (env("WATCHDOG_PID") ?? "") === "" || env("WATCHDOG_PID") === String(pid);
  return { socket, watchdog: ours && microseconds > 0 ? microseconds / 1000 : null };
}

/** Opens the way; null, with a line in the log, where the system gives us no socket for it. */
export function openManager(orders: ManagerOrders, random: Random, log: Log): ServiceManager | null {
  try {
    // An abstract name of our own: no file is left behind, and a disk that is full or read-only does not matter.
    const from = `\0roost-${random.bytes(16).toHex()}`;
    const socket = Deno.listenDatagram({ transport: "unixpacket", path: from });
    const datagrams: Datagrams = {
      send: (bytes, path) => socket.send(bytes, { transport: "unixpacket", path }),
      close: () => socket.close(),
    };
    // In seconds, rounded up: all that systemd asks of it is that it is no earlier than the request to reload.
    return new NotifiedManager(orders, datagrams, () => Deno.osUptime() * 1e6, log);
  } catch (cause) {
    log.warn("service manager not told", { why: String(cause) });
    return null;
  }
}

/** Sends in order, one at a time. */
export class NotifiedManager implements ServiceManager {
  readonly #orders: ManagerOrders;
  readonly #datagrams: Datagrams;
  readonly #uptime: () => number;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failed = false;

  /** `uptime`: microseconds of the machine's monotonic clock. */
  constructor(orders: ManagerOrders, datagrams: Datagrams, uptime: () => number, log: Log) {
    this.#orders = orders;
    this.#datagrams = datagrams;
    this.#uptime = uptime;
    this.#log = log;
  }

  get watchdog(): number | null {
    return this.#orders.watchdog;
  }

  ready(status: string): void {
    this.#tell("READY=1", statusLine(status));
  }

  reloading(): void {
    this.#tell("RELOADING=1", `MONOTONIC_USEC=${this.#uptime()}`);
  }

  stopping(): void {
    this.#tell("STOPPING=1", statusLine("Stopping"));
  }

  status(text: string): void {
    this.#tell(statusLine(text));
  }

  alive(): void {
    this.#tell("WATCHDOG=1");
  }

  async close(): Promise<void> {
    await this.#last;
    this.#datagrams.close();
  }

  #tell(...lines: readonly string[]): void {
    // A manager that takes nothing must not cost us memory; it misses the sign of life, as it should.
    if (this.#waiting >= MANAGER_WAITING) return;
    this.#waiting++;
    const bytes = utf8(lines.join("\n") + "\n");
    this.#last = this.#last.then(() => this.#datagrams.send(bytes, this.#orders.socket)).then(
      () => {
        this.#failed = false;
      },
      (cause: unknown) => {
        if (!this.#failed) this.#log.warn("service manager not told", { why: String(cause) });
        this.#failed = true;
      },
    ).finally(() => {
      this.#waiting--;
    });
  }
}

function statusLine(text: string): string {
  // deno-lint-ignore no-control-regex -- a line end would begin a variable of its own
  return `STATUS=${text.replace(/[\x00-\x1f\x7f]+/g, " ").slice(0, MANAGER_STATUS)}`;
}
