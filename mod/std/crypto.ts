/** `@std/crypto` names over node:crypto; same signatures as the JSR module. To use that one, change its line in deno.json. */
import { timingSafeEqual as nodeTimingSafeEqual } from "node:crypto";

/** Whether two arrays are equal, in a time that does not tell where they differ. */
export function timingSafeEqual(
  a: ArrayBufferView | ArrayBufferLike,
  b: ArrayBufferView | ArrayBufferLike,
): boolean {
  const left = bytesOf(a);
  const right = bytesOf(b);
  return left.length === right.length && nodeTimingSafeEqual(left, right);
}

function bytesOf(data: ArrayBufferView | ArrayBufferLike): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
