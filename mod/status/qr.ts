/** QR codes as SVG paths. */
import { encode } from "uqr";

/** Squares of one unit for a text, with the quiet zone around. */
export function qrPath(text: string): { readonly size: number; readonly path: string } {
  const { size, data } = encode(text, { border: 4 });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => dark ? [`M${x} ${y}h1v1h-1z`] : [])).join(
    "",
  );
  return { size, path };
}
