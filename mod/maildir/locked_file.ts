import { replaceFile } from "../base/durable.ts";
import type { Ports } from "./ports.ts";

/**
 * Changes a small file that other programs change too: under `PATH.lock`, from what is in it now (nothing, if it is not there), all or nothing,
 * durable. `change` may give null to leave it as it is.
 */
export async function replaceLocked(
  ports: Ports,
  path: string,
  max: number,
  change: (bytes: Uint8Array) => Uint8Array | null,
): Promise<void> {
  const unlock = await ports.locks.take(`${path}.lock`);
  try {
    const bytes = change(await ports.fs.readFile(path, max) ?? new Uint8Array());
    // Not a name in tmp/: another program's clean-up must not take it away in between.
    if (bytes) await replaceFile(ports.fs, path, bytes, `${path}.tmp`);
  } finally {
    await unlock();
  }
}
