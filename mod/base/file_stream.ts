import { EMPTY } from "./bytes.ts";
import { type Fs, FsError, type ReadableFile } from "./fs.ts";

/** Octets of the first chunk: often all that is asked for (a header). */
const FIRST = 64 * 1024;
/** Octets of those that follow. */
const CHUNK = 256 * 1024;

/**
 * The octets of a file from `start` on, `size` of them. A chunk is valid until the next one is asked for; from the second on the next is read while
 * the one before is used. Throws FsError, "io" when the file ends too early.
 */
export async function* readFileStream(
  fs: Pick<Fs, "open">,
  path: string,
  start: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  const file = await fs.open(path);
  /** What is being read while a chunk is used. */
  let ahead: Promise<unknown> = Promise.resolve();
  try {
    const first = new Uint8Array(Math.min(FIRST, size));
    let at = await fill(file, path, first, start);
    if (at > 0) yield first;
    let [now, next] = [EMPTY, EMPTY];
    const readNext = () => {
      [now, next] = [next, now];
      const wanted = Math.min(CHUNK, size - at);
      if (now.length < wanted) now = new Uint8Array(wanted);
      const reading = fill(file, path, now.subarray(0, wanted), start + at);
      // Its fault is for whoever asks for the chunk; nobody may.
      ahead = reading.catch(() => {});
      return reading;
    };
    let reading = at < size ? readNext() : null;
    while (reading) {
      const n = await reading;
      const chunk = now.subarray(0, n);
      at += n;
      reading = at < size ? readNext() : null;
      yield chunk;
    }
  } finally {
    await ahead; // the file is not closed under a read
    file.close();
  }
}

/** Fills all of `into`; gives its length. */
async function fill(file: ReadableFile, path: string, into: Uint8Array, from: number): Promise<number> {
  for (let at = 0; at < into.length;) {
    const n = await file.readAt(at === 0 ? into : into.subarray(at), from + at);
    if (n === 0) throw new FsError("io", "read all of", path);
    at += n;
  }
  return into.length;
}
