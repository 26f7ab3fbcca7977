/**
 * The DNS port. "Could not ask" (`temp`) is never "no" (`nodata`, `nxdomain`): whoever decides something for good on a 'no' may
 * only do it on those two.
 */
export type DnsAnswer<T> =
  | {
    readonly kind: "records";
    readonly records: readonly T[];
    readonly ttl: number;
    readonly secure: boolean;
  }
  /** The name exists, without records of this type; or it does not exist. `secure`: the AD bit of a trusted resolver. */
  | { readonly kind: "nodata" | "nxdomain"; readonly secure: boolean }
  /** Time-out, SERVFAIL, REFUSED, an unusable answer: ask again later. */
  | { readonly kind: "temp"; readonly why: string };

export interface MxRecord {
  readonly preference: number;
  /** Lower case, no final dot; "" for the null MX (RFC 7505). */
  readonly exchange: string;
}

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  readonly data: Uint8Array;
}

/** Record types and what one record of each is. TXT: its strings joined. Names are lower case without a final dot. */
export interface RecordTypes {
  A: string;
  AAAA: string;
  MX: MxRecord;
  TXT: Uint8Array;
  PTR: string;
  SRV: SrvRecord;
  CNAME: string;
  NS: string;
  TLSA: TlsaRecord;
  CAA: { readonly critical: boolean; readonly tag: string; readonly value: string };
}

export interface Resolver {
  /** Records of one type at `name` (A-labels, any case, with or without a final dot), CNAMEs followed. Never throws. */
  lookup<T extends keyof RecordTypes>(name: string, type: T): Promise<DnsAnswer<RecordTypes[T]>>;
}
