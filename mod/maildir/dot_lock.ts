/**
 * Lock files as Dovecot makes them: `PATH.lock`, made with O_EXCL, holding "pid:host". Whoever dies with one leaves it behind; it counts as stale
 * when its process is known to be gone, or when it was not touched for long. A holder touches it, so a slow disk does not cost it the lock.
 */
import { fromAscii, utf8 } from "../base/bytes.ts";
import { FsError, isFsError } from "../base/fs.ts";
import type { Ports } from "./ports.ts";

type LockPorts = Pick<Ports, "fs" | "clock" | "random" | "hostname" | "pid" | "heldLocks" | "log">;

const STALE = 120_000; // Dovecot's own for dovecot-uidlist.lock
const TOUCH = 20_000;
const PATIENCE = 130_000; // longer than STALE, so that a left-over never makes an operation fail
const POLL = 20;

/** Gives a lock back. */
export type Unlock = () => Promise<void>;

/** Waits for the lock at `path`. Throws FsError "io" when someone else holds it for too long. */
export async function takeLock(ports: LockPorts, path: string): Promise<Unlock> {
  const began = ports.clock.monotonic();
  for (;;) {
    const unlock = await tryLock(ports, path);
    if (unlock) return unlock;
    if (ports.clock.monotonic() - began > PATIENCE) throw new FsError("io", "lock", path);
    await ports.clock.sleep(POLL + ports.random.int(POLL));
  }
}

/** Takes the lock at `path` unless someone else has it. */
export async function tryLock(ports: LockPorts, path: string): Promise<Unlock | null> {
  if (ports.heldLocks.has(path)) return null;
  ports.heldLocks.add(path);
  try {
    if (await make(ports, path) || (await isStale(ports, path) && await make(ports, path))) {
      return holding(ports, path);
    }
  } catch (e) {
    ports.heldLocks.delete(path);
    throw e;
  }
  ports.heldLocks.delete(path);
  return null;
}

async function make(ports: LockPorts, path: string): Promise<boolean> {
  try {
    const file = await ports.fs.create(path);
    try {
      await file.write(utf8(`${ports.pid}:${ports.hostname}`));
    } finally {
      await file.close();
    }
    return true;
  } catch (e) {
    if (isFsError(e, "exists")) return false;
    if (isFsError(e, "full")) await ports.fs.remove(path);
    throw e;
  }
}

/** Removes the lock file if its holder is gone. */
async function isStale(ports: LockPorts, path: string): Promise<boolean> {
  const stat = await ports.fs.stat(path);
  if (!stat) return true;
  const holder = fromAscii(await ports.fs.readFile(path, 1 << 26) ?? new Uint8Array()).slice(0, 300);
  const age = ports.clock.now() - Math.max(stat.mtime, stat.ctime);
  const dead = holder === `${ports.pid}:${ports.hostname}` || await isDead(ports, holder);
  if (!dead && age < STALE) return false;
  const still = await ports.fs.stat(path);
  if (still && (still.inode !== stat.inode || still.mtime !== stat.mtime)) return false;
  ports.log.warn("stale lock removed", { path, holder: holder.slice(0, 80), age: Math.round(age) });
  await ports.fs.remove(path);
  return true;
}

/** Whether the process named in a lock ran on this host and is gone. Where /proc cannot be read, nobody is known to be. */
async function isDead(ports: LockPorts, holder: string): Promise<boolean> {
  const [, pid, host] = /^(\d{1,10}):(.+)$/.exec(holder) ?? [];
  if (pid === undefined || host !== ports.hostname) return false;
  try {
    return await ports.fs.stat("/proc/self") !== null && await ports.fs.stat(`/proc/${pid}`) === null;
  } catch (e) {
    if (isFsError(e)) return false;
    throw e;
  }
}

function holding(ports: LockPorts, path: string): Unlock {
  let held = true;
  const touch = () => {
    if (!held) return;
    ports.fs.setTime(path, ports.clock.now()).catch(() => {
      // Someone broke the lock: nothing to do about it here, the holder's work is short.
    });
    cancel = ports.clock.after(TOUCH, touch);
  };
  let cancel = ports.clock.after(TOUCH, touch);
  return async () => {
    if (!held) return;
    held = false;
    cancel();
    try {
      await ports.fs.remove(path);
    } finally {
      ports.heldLocks.delete(path);
    }
  };
}
