import type { RecordTypes } from "./resolver.ts";

export type RecordType = keyof RecordTypes;

/** What a source of answers tells: as `DnsAnswer`, and for how long a "no" may be believed. Times to live in seconds. */
export type Asked<T> =
  | {
    readonly kind: "records";
    readonly records: readonly T[];
    readonly ttl: number;
    readonly secure: boolean;
  }
  | { readonly kind: "nodata" | "nxdomain"; readonly ttl: number; readonly secure: boolean }
  | { readonly kind: "temp"; readonly why: string };

/** Where the cache gets its answers: the stub, the system's resolver, the hosts of the config, or one before the other. */
export interface Source {
  /** `name` is as `parseQuestionName` gives it. Never throws. */
  ask<T extends RecordType>(name: string, type: T): Promise<Asked<RecordTypes[T]>>;
}

/** A name server. */
export interface Server {
  readonly address: string;
  readonly port: number;
  /** Its AD bit is believed: it validates, and nobody sits between it and us (loopback, or the config says so). */
  readonly trusted: boolean;
}
