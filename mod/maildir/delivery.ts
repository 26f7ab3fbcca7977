/**
 * Delivery: the octets are written once and synced, then every target gets a name of its own for them (the first by rename, the others by link
 * where the file system lets them), and each folder is synced once for all deliveries that wait for it. UIDs are not given here:
 * the folder's next reader does it for many at once, as in every Maildir.
 */
import type { Body } from "../base/body.ts";
import { bareLines } from "../base/canonical.ts";
import { FsError, isFsError } from "../base/fs.ts";
import type { DeliveryOutcome, NamedFlags } from "../store/store.ts";
import { linkOrCopy } from "./file_copy.ts";
import type { Folder } from "./folder.ts";
import { isDir, repairFolder } from "./layout.ts";
import type { Ports } from "./ports.ts";
import type { QuotaFile, Release } from "./quota_file.ts";

/** A target that was found. */
export interface Place {
  readonly folder: Folder;
  /** The account's folder; its tmp/ is where files are made. */
  readonly root: string;
  readonly flags: NamedFlags;
  readonly quotaFile: QuotaFile;
}

/** Delivers to all places, each with an outcome of its own. */
export async function deliverTo(
  ports: Ports,
  places: readonly (Place | FsError)[],
  body: Body,
): Promise<DeliveryOutcome[]> {
  const outcomes: (DeliveryOutcome | null)[] = places.map((p) =>
    p instanceof FsError ? deferred(ports, p) : null
  );
  const releases = await reserve(places, body.size, outcomes);
  try {
    await deliverFirst(ports, places, body, outcomes);
    await noteAdded(places, outcomes, body.size);
  } finally {
    for (const release of releases) release();
  }
  return outcomes.map((o) => o ?? { kind: "deferred", why: "not tried" });
}

/** Sets room aside where there is a quota; those without get their outcome. */
async function reserve(
  places: readonly (Place | FsError)[],
  octets: number,
  outcomes: (DeliveryOutcome | null)[],
): Promise<readonly Release[]> {
  const releases: Release[] = [];
  for (const [i, place] of places.entries()) {
    if (place instanceof FsError || !place.quotaFile.counts) continue;
    const release = await place.quotaFile.reserve(octets, 1);
    if (release) releases.push(release);
    else outcomes[i] = { kind: "over-quota" };
  }
  return releases;
}

async function noteAdded(
  places: readonly (Place | FsError)[],
  outcomes: readonly (DeliveryOutcome | null)[],
  octets: number,
): Promise<void> {
  for (const [i, place] of places.entries()) {
    if (place instanceof FsError || outcomes[i]?.kind !== "delivered") continue;
    if (place.quotaFile.counts) await place.quotaFile.changed(octets, 1);
  }
}

/** Writes the file for the first place that takes it, and gives the others their names of it. */
async function deliverFirst(
  ports: Ports,
  places: readonly (Place | FsError)[],
  body: Body,
  outcomes: (DeliveryOutcome | null)[],
): Promise<void> {
  for (const [i, place] of places.entries()) {
    if (place instanceof FsError || outcomes[i]) continue;
    let file: Written;
    try {
      file = await repairing(ports, place.root, () => write(ports, place.root, body));
    } catch (e) {
      place.folder.seen = -Infinity;
      outcomes[i] = deferred(ports, e); // another account may have another disk, or its tmp/
      continue;
    }
    return await giveNames(ports, places, i, file, outcomes);
  }
}

/** Does it once more with all parts of the folder there if something was not. */
async function repairing<T>(ports: Ports, dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    if (!isFsError(e, "not-found") || !isDir(ports.fs, dir)) throw e;
    await repairFolder(ports.fs, dir);
    return await work();
  }
}

interface Written {
  readonly path: string;
  readonly size: number;
  readonly virtualSize: number;
}

async function write(ports: Ports, root: string, body: Body): Promise<Written> {
  const path = `${root}/tmp/${ports.names.next()}`;
  let bare = 0;
  let previous = 0;
  const count = (chunk: Uint8Array) => {
    if (body.crlf) return;
    bare += bareLines(chunk, previous);
    previous = chunk[chunk.length - 1] ?? previous;
  };
  if (body.memory) {
    await ports.fs.createWith(path, body.memory);
    body.memory.forEach(count);
    return { path, size: body.size, virtualSize: body.size + bare };
  }
  const file = await ports.fs.create(path);
  let size = 0;
  try {
    for await (const chunk of body.stream()) {
      count(chunk);
      size += chunk.length;
      await file.write(chunk);
    }
    await file.sync();
  } catch (e) {
    await ports.fs.remove(path).catch(() => false); // the first fault is what counts
    throw e;
  } finally {
    await file.close();
  }
  return { path, size, virtualSize: size + bare };
}

/** The links first, while the file still has its first name; then that name goes to the place it was written for. */
async function giveNames(
  ports: Ports,
  places: readonly (Place | FsError)[],
  first: number,
  file: Written,
  outcomes: (DeliveryOutcome | null)[],
): Promise<void> {
  const one = async (i: number, how: "rename" | "link") => {
    const place = places[i];
    if (!place || place instanceof FsError) return;
    try {
      outcomes[i] = await repairing(ports, place.folder.state.dir, () => give(ports, place, file, how));
    } catch (e) {
      outcomes[i] = deferred(ports, e);
    }
  };
  const others = places.map((_, i) => i).filter((i) => i !== first && !outcomes[i]);
  if (others.length > 0) await Promise.all(others.map((i) => one(i, "link")));
  await one(first, "rename");
  if (outcomes[first]?.kind !== "delivered") await ports.fs.remove(file.path).catch(() => false); // swept later
}

async function give(
  ports: Ports,
  place: Place,
  file: Written,
  how: "rename" | "link",
): Promise<DeliveryOutcome> {
  const { folder } = place;
  const base = ports.names.sized(file.size, file.virtualSize);
  if (place.flags.system !== 0 || place.flags.keywords.length > 0) {
    const flags = await folder.bits(place.flags);
    await folder.place([{ from: file.path, how, base, flags, internalDate: -1 }]);
    return { kind: "delivered", mailbox: folder.name, file: base };
  }
  const dir = folder.state.newDir.path;
  const to = `${dir}/${base}`;
  const floor = folder.uidNext;
  folder.delivering(base);
  try {
    if (how === "rename") await ports.fs.rename(file.path, to);
    else await linkOrCopy(ports, file.path, to, `${place.root}/tmp/${base}`);
    await ports.dirSync.sync(dir);
  } catch (e) {
    folder.seen = -Infinity;
    // It may be on the medium or not. The sender will come again: better none than two.
    await ports.fs.remove(to).catch(() => false);
    folder.notDelivered(base);
    throw e;
  }
  folder.delivered(base, floor);
  return { kind: "delivered", mailbox: folder.name, file: base };
}

function deferred(ports: Ports, cause: unknown): DeliveryOutcome {
  if (!isFsError(cause)) {
    ports.log.error("delivery failed", {}, cause);
    return { kind: "deferred", why: "internal error" };
  }
  ports.log.warn("delivery deferred", { path: cause.path, why: cause.code });
  return { kind: "deferred", why: `disk: ${cause.code}` };
}
