/** The little of ELF that tells whose executable a file is. */

/** The machine of a 64-bit little-endian ELF file (62 x86-64, 183 AArch64); null when it is none. */
export function elfMachine(bytes: Uint8Array): number | null {
  const magic = [0x7f, 0x45, 0x4c, 0x46, 2, 1];
  if (bytes.length < 20 || magic.some((b, i) => bytes[i] !== b)) return null;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(18, true);
}
