/** As much of the tar format (POSIX ustar) as a build needs: write small files, find one. */

const BLOCK = 512;

/** Where an entry's octets lie in the archive. */
export interface TarEntry {
  readonly at: number;
  readonly size: number;
}

/** An archive of plain files in the order of their names, with nothing in it that changes from build to build. */
export function formatTar(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const name of [...files.keys()].sort()) {
    const content = files.get(name) ?? new Uint8Array(0);
    parts.push(header(name, content.length), content, new Uint8Array(padding(content.length)));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The plain file of this name; null when the archive has none or is cut short. */
export function findInTar(tar: Uint8Array, name: string): TarEntry | null {
  for (let at = 0; at + BLOCK <= tar.length;) {
    const entry = text(tar.subarray(at, at + 100));
    if (entry === "") return null;
    const size = parseInt(text(tar.subarray(at + 124, at + 136)), 8);
    if (Number.isNaN(size) || at + BLOCK + size > tar.length) return null;
    const kind = tar[at + 156];
    if (entry === name && (kind === 0x30 || kind === 0)) return { at: at + BLOCK, size };
    at += BLOCK + size + padding(size);
  }
  return null;
}

function header(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, value: string) => block.set(new TextEncoder().encode(value), at);
  if (new TextEncoder().encode(name).length > 99) throw new RangeError(`Name too long for tar: "${name}"`);
  put(0, name);
  put(100, "0000600\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0"); // no time: two builds of one commit are the same octets
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = block.reduce((n, b) => n + b, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

function padding(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "").trim();
}
