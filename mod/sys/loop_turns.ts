/**
 * Turns on the event loop for who has long work to do. A timer lets all others run, sockets too, but takes one to two milliseconds of doing nothing; calls
 * of the file system are quick, and one after the other they can be done for half a second without a look at any socket. An octet that
 * we send to ourselves over loopback is quick, too, and cannot come before the loop has looked at all sockets.
 */
import type { Clock } from "../base/clock.ts";

/** Milliseconds from which others have used a turn: they are likely not done, and get a timer's time. Alone it takes a few hundredths. */
const USED = 0.15;
/** Milliseconds an octet may be under way before loopback counts as not there. */
const LOST = 1000;
/** Milliseconds until sockets are made anew where there are none: no file could be opened, or the machine stood still for a while. */
const AGAIN = 60_000;

/** A clock with turns for the long work of a server. */
export function withTurns(clock: Clock): Clock {
  const turns = new LoopTurns(clock);
  return { ...clock, turn: () => turns.pass() };
}

/** Gives turns one at a time, in the order they were asked for: many who work at once hold the loop no longer than one does. */
export class LoopTurns {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  readonly #octet = new Uint8Array(1);
  #running = false;
  #self: Promise<Self | null> | null = null;
  /** Monotonic time from which new sockets may be tried. */
  #again = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after everybody else on the event loop had a turn, those who asked before too. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#running) void this.#run();
    });
  }

  /** Gives the sockets back; who passes after that gets new ones. */
  async close(): Promise<void> {
    const self = await this.#self;
    this.#self = null;
    this.#again = -Infinity;
    self?.close();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await this.#round();
      this.#waiting.shift()?.();
    }
    this.#running = false;
  }

  async #round(): Promise<void> {
    const began = this.#clock.monotonic();
    if (this.#self === null) {
      // The first ones need not wait for sockets to be made.
      if (began >= this.#again) this.#self = connected(this.#clock);
      return await this.#clock.sleep(0);
    }
    const self = await this.#self;
    if (self === null || !await this.#sent(self)) {
      self?.close();
      this.#self = null;
      this.#again = began + AGAIN;
      return await this.#clock.sleep(0);
    }
    if (this.#clock.monotonic() - began >= USED) await this.#clock.sleep(0);
  }

  /** Sends an octet and waits for it; false when it does not come. */
  async #sent(self: Self): Promise<boolean> {
    let cancel = () => {};
    const lost = new Promise<boolean>((resolve) => cancel = this.#clock.after(LOST, () => resolve(false)));
    try {
      return await Promise.race([lost, self.send(this.#octet)]);
    } catch {
      return false; // a firewall, or no loopback any more: timers do as well
    } finally {
      cancel();
    }
  }
}

/** Both ends of a connection. */
class Self {
  readonly #from: Deno.Conn;
  readonly #to: Deno.Conn;
  readonly #into = new Uint8Array(16);
  #closed = false;

  constructor(from: Deno.Conn, to: Deno.Conn) {
    this.#from = from;
    this.#to = to;
  }

  async send(octet: Uint8Array): Promise<boolean> {
    // Asked for first: what is there already could be had without a look at the other sockets.
    const came = this.#to.read(this.#into);
    const [read] = await Promise.all([came, this.#from.write(octet)]);
    return read !== null;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#from.close();
    this.#to.close();
  }
}

/** Connects to ourselves; null where that is not to be. */
async function connected(clock: Clock): Promise<Self | null> {
  let listener: Deno.TcpListener | null = null;
  let from: Deno.TcpConn | null = null;
  try {
    listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const stop = new AbortController();
    const cancel = clock.after(LOST, () => stop.abort());
    from = await Deno.connect({ hostname: "127.0.0.1", port, signal: stop.signal }).finally(cancel);
    from.setNoDelay(true);
    const to = await listener.accept();
    if (sameAddress(to.remoteAddr, from.localAddr)) return new Self(from, to);
    to.close(); // a stranger on this machine was faster
  } catch {
    // Not allowed here, or no loopback.
  } finally {
    listener?.close();
  }
  from?.close();
  return null;
}

function sameAddress(one: Deno.NetAddr, other: Deno.NetAddr): boolean {
  return one.port === other.port && one.hostname === other.hostname;
}
