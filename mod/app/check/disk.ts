/** The disk: room for mail, and whether what it says is written is. */
import type { Clock } from "../../base/clock.ts";
import type { Fs } from "../../base/fs.ts";
import type { Random } from "../../base/random.ts";
import type { Config } from "../../config/config.ts";
import { bad, type Finding, fine, odd } from "./finding.ts";

/** Files written and synced to see how long it takes: a third of a second on a slow SD card is much, and enough to tell. */
const TRIES = 9;
const OCTETS = 4096;
/** Milliseconds. A mail costs about three of them; past it a person waits for each. */
const SLOW = 100;
/** Not even memory on the PCI bus is on the medium faster: something only says so. */
const TOO_FAST = 0.02;
/** Share of room or of files that is little. */
const LITTLE = 0.05;

/** Room and files left where DATA is, and where mail is when that lies elsewhere. */
export async function checkRoom(fs: Fs, config: Config): Promise<readonly Finding[]> {
  const findings = await checkRoomAt(fs, config, config.data, "");
  if (config.mail === undefined) return findings;
  return [...findings, ...await checkRoomAt(fs, config, config.mail, `${config.mail}: `)];
}

async function checkRoomAt(
  fs: Fs,
  config: Config,
  path: string,
  where: string,
): Promise<readonly Finding[]> {
  const { free, total, freeFiles, totalFiles } = await fs.space(path);
  const fix = "make room: nothing new is taken in when limits.disk_free is all that is left";
  const findings: Finding[] = [];
  if (free === null || total === null) {
    findings.push(
      odd("disk", `${where}does not tell how much room there is`, "look yourself from time to time"),
    );
  } else {
    const what = `${where}${size(free)} free of ${size(total)}`;
    const least = config.limits.diskFree;
    if (free < least) findings.push(bad("disk", `${what}: new mail is put off`, fix));
    else if (free < 2 * least || free < LITTLE * total) findings.push(odd("disk", what, fix));
    else findings.push(fine("disk", what));
  }
  if (freeFiles !== undefined && totalFiles !== undefined && freeFiles < LITTLE * totalFiles) {
    const what = `${where}only ${freeFiles} of ${totalFiles} files can still be made: each mail is one`;
    findings.push(
      (freeFiles < 1000 ? bad : odd)(
        "disk",
        what,
        "remove what is not needed, or make a file system with more inodes",
      ),
    );
  }
  return findings;
}

/** Writes some files as mail is written, durably, and removes them. Throws FsError. */
export async function checkSyncs(
  { fs, clock, random }: { readonly fs: Fs; readonly clock: Clock; readonly random: Random },
  config: Config,
): Promise<readonly Finding[]> {
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const path = `${config.data}/check.${random.bytes(8).toHex()}`;
    const begun = clock.monotonic();
    try {
      await fs.createWith(path, [random.bytes(OCTETS)]);
      await fs.syncDir(config.data);
      times.push(clock.monotonic() - begun);
    } finally {
      await fs.remove(path);
    }
  }
  const middle = times.sort((a, b) => a - b)[TRIES >> 1] ?? 0;
  const what = `a file is on the medium after ${middle.toPrecision(2)} ms`;
  if (middle < TOO_FAST) {
    return [
      odd(
        "disk",
        `${what}, which cannot be: a power cut may lose mail`,
        "put the data on a file system that syncs (not tmpfs, nor a mount with nobarrier)",
      ),
    ];
  }
  if (middle > SLOW) {
    return [
      odd(
        "disk",
        `${what}: mail comes in slowly`,
        "a better card or disk; an SSD over USB is a hundred times faster",
      ),
    ];
  }
  return [fine("disk", what)];
}

function size(octets: number): string {
  const gib = octets / 2 ** 30;
  return gib >= 10
    ? `${Math.round(gib)} GB`
    : gib >= 1
    ? `${gib.toFixed(1)} GB`
    : `${Math.round(octets / 2 ** 20)} MB`;
}
