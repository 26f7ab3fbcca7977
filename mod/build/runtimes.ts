/** The Deno runtimes that go into portable builds: pinned by version and checksum, so that a build takes these bytes or none. */

export interface Runtime {
  /** As Deno names it. */
  readonly target: string;
  /** Package on npm that holds the executable as `package/deno`. */
  readonly package: string;
  readonly version: string;
  /** Of the package's archive, as npm writes it. */
  readonly integrity: string;
  /** The machine of the ELF header. */
  readonly machine: number;
}

/** For 64-bit ARM 2.9.6 was never published on npm; 2.9.5 is the nearest. */
export const RUNTIMES: readonly Runtime[] = [
  {
    target: "x86_64-unknown-linux-gnu",
    package: "@deno/linux-x64-glibc",
    version: "2.9.6",
    integrity:
      "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
    machine: 62,
  },
  {
    target: "aarch64-unknown-linux-gnu",
    package: "@deno/linux-arm64-glibc",
    version: "2.9.5",
    integrity:
      "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
    machine: 183,
  },
];

/** The runtime for a target; null where there is none to pack. */
export function runtimeFor(target: string): Runtime | null {
  return RUNTIMES.find((r) => r.target === target) ?? null;
}
