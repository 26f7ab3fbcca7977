/** One file out of a ZIP archive (PKWARE APPNOTE 4.3): enough for reports that come in one. Bounded. */
import { asciiLower, fromAscii } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { unpack } from "./gzip.ts";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** Octets at the end in which the directory's end is looked for: its own, and the longest comment. */
const TAIL = 22 + 65_535;
/** Files of an archive that are looked at: a report comes alone. */
const ENTRIES = 20;

/** The first file whose name ends like that (lower case), of at most `most` octets; else why not. */
export async function unzip(
  octets: Uint8Array,
  ending: string,
  most: number,
): Promise<Result<Uint8Array, string>> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const at32 = (at: number) => at + 4 <= octets.length ? view.getUint32(at, true) : -1;
  const at16 = (at: number) => at + 2 <= octets.length ? view.getUint16(at, true) : -1;
  let end = octets.length - 22;
  const stop = Math.max(0, octets.length - TAIL);
  while (end >= stop && at32(end) !== END) end--;
  if (end < stop) return err("no directory");
  let entry = at32(end + 16);
  for (let n = 0; n < ENTRIES && at32(entry) === ENTRY; n++) {
    const name = asciiLower(fromAscii(octets.subarray(entry + 46, entry + 46 + at16(entry + 28))));
    if (name.endsWith(ending)) {
      const local = at32(entry + 42);
      if (at32(local) !== LOCAL) return err("no such file");
      const start = local + 30 + at16(local + 26) + at16(local + 28);
      const packed = octets.subarray(start, start + at32(entry + 20));
      const method = at16(entry + 10);
      if (method === 0) return packed.length > most ? err("too large") : ok(packed.slice());
      return method === 8 ? await unpack(packed, "deflate-raw", most) : err("an unknown packing");
    }
    entry += 46 + at16(entry + 28) + at16(entry + 30) + at16(entry + 32);
  }
  return err("no such file");
}
