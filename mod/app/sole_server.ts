/** One server at a time on one data folder: two would each send what is queued. */
import { EMPTY } from "../base/bytes.ts";
import { type Fs, type HeldFile, isFsError } from "../base/fs.ts";

/** The hold on a data folder. */
export interface SoleServer {
  release(): Promise<void>;
}

/**
 * Takes the data folder for this process, until `release` or the end of the process, however that comes; null where that cannot be told: no
 * locks there, or a disk that is full or read-only, which is no reason to keep people from their mail. Throws Error when another has it.
 */
export async function takeData(fs: Fs, data: string): Promise<SoleServer | null> {
  // Empty, so that what a power cut leaves of it is the same file.
  const path = `${data}/serving`;
  try {
    const held = await hold(fs, path);
    return held && { release: () => release(fs, path, held) };
  } catch (e) {
    if (isFsError(e, "exists")) {
      throw new Error(
        `another Roost serves ${data}: stop it (systemctl stop roost), or name another folder under data:`,
      );
    }
    if (isFsError(e)) return null;
    throw e;
  }
}

async function hold(fs: Fs, path: string): Promise<HeldFile | null> {
  try {
    return await fs.hold(path, EMPTY);
  } catch (e) {
    // Whoever had it is gone, perhaps with the power.
    if (!isFsError(e, "exists") || !await fs.removeUnheld(path, EMPTY)) throw e;
    return await fs.hold(path, EMPTY);
  }
}

async function release(fs: Fs, path: string, held: HeldFile): Promise<void> {
  try {
    await fs.remove(path);
  } catch {
    // What is left of it is nobody's: the next one takes it away.
  }
  held.close();
}
