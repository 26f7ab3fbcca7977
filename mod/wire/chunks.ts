import type { DataFault } from "./dots.ts";
import { LineWatch } from "./line_watch.ts";

/**
 * A message that comes in counted chunks (RFC 3030 2): nothing is escaped and nothing marks its end but the count, so all octets are its
 * own. In text a bare CR or LF, or a NUL, is a fault as it is in DATA; `binary` (BODY=BINARYMIME) permits them.
 */
export class ChunkDecoder {
  readonly binary: boolean;
  readonly #watch: LineWatch | null;
  #done = false;

  constructor(binary: boolean) {
    this.binary = binary;
    this.#watch = binary ? null : new LineWatch();
  }

  /** Whether the last chunk is in. */
  get done(): boolean {
    return this.#done;
  }

  /** The first fault seen, or null. */
  get fault(): DataFault | null {
    return this.#watch?.fault ?? null;
  }

  /** As DotDecoder.write; uses all octets. */
  write(chunk: Uint8Array, sink: (view: Uint8Array) => void): number {
    this.#watch?.write(chunk);
    sink(chunk);
    return chunk.length;
  }

  /** The last chunk is in. */
  end(): void {
    this.#watch?.end();
    this.#done = true;
  }
}
