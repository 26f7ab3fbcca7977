/** The reading thread: what `bulk_reader.ts` starts as a Worker. Requests are answered in the order they come. */
import type { BulkRequest } from "../base/bulk_reader.ts";
import { BULK_OCTETS } from "../base/limits.ts";
import { BulkFiles } from "./bulk_files.ts";

// The types of this program are those of its main thread.
const main = self as unknown as {
  onmessage: ((event: MessageEvent<ThreadRequest>) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};

/** A request and an array to use again, if there is one. */
export interface ThreadRequest {
  readonly request: BulkRequest;
  readonly array: ArrayBuffer | null;
}

const files = new BulkFiles();
main.onmessage = ({ data: { request, array } }) => {
  const filled = files.read(request, new Uint8Array(array ?? new ArrayBuffer(BULK_OCTETS)));
  main.postMessage(filled, [filled.bytes.buffer, filled.spans.buffer, filled.times.buffer]);
};
main.postMessage("ready");
