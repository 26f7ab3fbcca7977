/** Mail on its way from one store to another: folders and messages as every source tells of them. */
import type { UidHeader } from "../maildir/uid_list.ts";
import type { NamedFlags, SpecialUse, Uid } from "../store/store.ts";

/** Octets of a message; or why there are none: it was removed meanwhile, or cannot be read (in words). */
export type Octets =
  | { readonly kind: "octets"; readonly chunks: AsyncIterable<Uint8Array>; readonly time: number | null }
  | { readonly kind: "gone" }
  | { readonly kind: "lost"; readonly why: string };

export interface SourceMessage {
  /** How a person finds it in the source. */
  readonly label: string;
  /** Its file name up to the flags; null where it has none, and is known by its contents. */
  readonly base: string | null;
  readonly uid: Uid | null;
  /** What a UID list says of it for POP3. */
  readonly pop3?: string;
  readonly flags: NamedFlags;
  /** Path of its file, where it has one of its own. */
  readonly file?: string;
  /** Chunks are valid until the next one is asked for. `time` is INTERNALDATE in milliseconds since 1970. */
  read(): Promise<Octets>;
}

export interface SourceFolder {
  /** Canonical, with the separator of the store it is to go to. */
  readonly name: string;
  /** What its UIDs count from; null where it has none to keep. */
  readonly uids: UidHeader | null;
  /** Messages as far as they are counted at once. */
  readonly count: number;
  /** Leaves out messages that are there already, known by `base` alone, so that they need not be fetched; gives how many. Before `messages`. */
  without?(isThere: (base: string) => boolean): number;
  /** Ascending by UID, those without one last. */
  messages(): AsyncIterable<SourceMessage>;
}

/** A whole store to take mail from. */
export interface Source {
  /** Folders one after the other, each to be used before the next. */
  folders(): AsyncIterable<SourceFolder>;
  /** Names subscribed to; null where it does not tell. */
  readonly subscriptions: readonly string[] | null;
  readonly specialUses: ReadonlyMap<string, SpecialUse>;
}
