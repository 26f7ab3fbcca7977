/**
 * Many small files read together, beside the event loop: a call of the file system is worth more to who waits for it than to who carries it, so
 * hundreds of them are handed over at once. What cannot be read this way is told, and read by itself as ever.
 */

/** What of each file is wanted: all of it, or the header of a message with its blank line. Either in canonical form (CRLF). */
export type BulkPart = "whole" | "header";

export interface BulkRequest {
  /** An absolute path; `names` are below it. */
  readonly dir: string;
  readonly names: readonly string[];
  /** Octets of each file in canonical form as far as known, else -1: where it is the file's own size, no octet needs a look. */
  readonly sizes: readonly number[];
  readonly part: BulkPart;
}

/** What came of a request. */
export interface BulkRead {
  /** Octets of the files, one after the other. Valid until `done`. */
  readonly bytes: Uint8Array;
  /**
   * Where the octets of each file begin and end in `bytes`, in pairs; (-1, -1) for a file that has to be read by itself: it is gone, is no plain file,
   * is larger than what there is room for, or could not be read.
   */
  readonly spans: Int32Array;
  /** When each file was last changed, milliseconds since 1970; 0 where it was not read. */
  readonly times: Float64Array;
  /** Milliseconds that the reading took. */
  readonly took: number;
  /** Gives the memory back. */
  done(): void;
}

export interface BulkReader {
  /** Whether `read` would be taken up at once. */
  readonly ready: boolean;
  /** Gets ready if it is not; nobody has to wait for it. */
  start(): void;
  /** Reads files of BULK_OCTETS together; resolves to null when that failed. Never rejects. null at once while it is not ready. */
  read(request: BulkRequest): Promise<BulkRead | null> | null;
  /** Ends it; what is under way resolves to null. */
  close(): void;
}
