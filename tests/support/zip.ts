/** Writes ZIP archives, also odd ones. */
import { concat, utf8 } from "../../mod/base/bytes.ts";

export interface ZipFile {
  readonly name: string;
  readonly octets: Uint8Array;
  /** Left as it is; deflated otherwise. */
  readonly stored?: boolean;
}

async function deflate(octets: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(octets)]).stream().pipeThrough(
    new CompressionStream("deflate-raw"),
  );
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function record(size: number, fill: (view: DataView) => void): Uint8Array {
  const octets = new Uint8Array(size);
  fill(new DataView(octets.buffer));
  return octets;
}

/** The archive, with a comment at its end. */
export async function zip(files: readonly ZipFile[], comment = ""): Promise<Uint8Array> {
  const locals: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let at = 0;
  for (const { name, octets, stored } of files) {
    const method = stored ? 0 : 8;
    const packed = stored ? octets : await deflate(octets);
    const facts = (view: DataView, from: number) => {
      view.setUint16(from, method, true);
      view.setUint32(from + 10, packed.length, true);
      view.setUint32(from + 14, octets.length, true);
      view.setUint16(from + 18, utf8(name).length, true);
    };
    const local = record(30, (v) => {
      v.setUint32(0, 0x04034b50, true);
      facts(v, 8);
    });
    const start = at;
    entries.push(
      record(46, (v) => {
        v.setUint32(0, 0x02014b50, true);
        facts(v, 10);
        v.setUint32(42, start, true);
      }),
      utf8(name),
    );
    locals.push(local, utf8(name), packed);
    at += local.length + utf8(name).length + packed.length;
  }
  const directory = concat([new Uint8Array(0), ...entries]);
  const end = record(22, (v) => {
    v.setUint32(0, 0x06054b50, true);
    v.setUint16(10, files.length, true);
    v.setUint32(12, directory.length, true);
    v.setUint32(16, at, true);
    v.setUint16(20, utf8(comment).length, true);
  });
  return concat([...locals, directory, end, utf8(comment)]);
}
