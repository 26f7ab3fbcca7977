/** An SPF record as its parser gives it (RFC 7208 4.6, 5, 6, 7). */
import { SPF_LOOKUPS, SPF_MX_NAMES, SPF_PTR_NAMES, SPF_TIME, SPF_VOID } from "../../base/limits.ts";

/** RFC 7208 7.2; c, r and t are for explanations only. */
export type MacroLetter = "s" | "l" | "o" | "d" | "i" | "p" | "h" | "v" | "c" | "r" | "t";

/** "%{...}" (RFC 7208 7.1). */
export interface Macro {
  readonly letter: MacroLetter;
  /** Written as a capital: URL-escaped. */
  readonly escaped: boolean;
  /** How many parts on the right are kept; Infinity for all. */
  readonly keep: number;
  readonly reversed: boolean;
  /** Characters that end a part. */
  readonly delimiters: string;
}

/** Text with macros in it; "%%", "%_" and "%-" are text already. */
export type MacroString = readonly (string | Macro)[];

export type Mechanism =
  | { readonly kind: "all" }
  | { readonly kind: "include"; readonly target: MacroString }
  | { readonly kind: "exists"; readonly target: MacroString }
  /** Without a target the domain itself is meant. Prefix lengths in bits. */
  | {
    readonly kind: "a" | "mx";
    readonly target: MacroString | null;
    readonly bits4: number;
    readonly bits6: number;
  }
  | { readonly kind: "ptr"; readonly target: MacroString | null }
  /** `address` has 4 or 16 octets. */
  | { readonly kind: "ip4" | "ip6"; readonly address: Uint8Array; readonly bits: number };

/** A mechanism and what it means when it matches. */
export interface Directive {
  readonly result: "pass" | "fail" | "softfail" | "neutral";
  readonly mechanism: Mechanism;
  /** As it is written. */
  readonly text: string;
}

export interface SpfRecord {
  readonly directives: readonly Directive[];
  readonly redirect: MacroString | null;
  readonly explanation: MacroString | null;
}

/** RFC 7208 4.6.4. */
export interface SpfLimits {
  /** Terms that ask DNS: include, a, mx, ptr, exists, redirect, and the first %{p}. Past it: permerror. */
  readonly lookups: number;
  /** Of these whose question has no answer. Past it: permerror. */
  readonly void: number;
  /** Hosts of one mx. Past it: permerror. */
  readonly mxNames: number;
  /** Names of the client's address; further ones are ignored. */
  readonly ptrNames: number;
  /** Milliseconds for the whole check. Past it: temperror. */
  readonly time: number;
}

export const SPF_LIMITS: SpfLimits = {
  lookups: SPF_LOOKUPS,
  void: SPF_VOID,
  mxNames: SPF_MX_NAMES,
  ptrNames: SPF_PTR_NAMES,
  time: SPF_TIME,
};
