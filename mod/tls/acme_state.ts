/** What is remembered of an authority over restarts: DATA/tls/acme.json. */
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import { ACME_NAMES, ACME_STATE, ACME_TEXT } from "../base/limits.ts";
import type { RenewalWindow } from "./renewal.ts";

/** Times in milliseconds since 1970. */
export interface AcmeState {
  /** URL of the directory that all of it is about. */
  readonly directory: string;
  /** URL of our account there. */
  readonly account: string | null;
  /** Whether the certificate at hand is from there. */
  readonly issued: boolean;
  /** The last attempt. */
  readonly tried: number | null;
  /** Attempts in vain since the last certificate. */
  readonly failures: number;
  /** Not to be tried before. */
  readonly next: number | null;
  /** Whether `next` is the authority's word. */
  readonly asked: boolean;
  /** Why the last attempt failed. */
  readonly error: string | null;
  /** How names were proved last. */
  readonly way: string | null;
  /** When it would have the certificate with this fingerprint renewed, if it has said so, and when it is asked again. */
  readonly window: {
    readonly of: string;
    readonly suggested: RenewalWindow | null;
    readonly look: number;
  } | null;
  /** Names it does not issue for, and until when they are left out. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Of an authority nothing is known of. */
export function newAcmeState(directory: string): AcmeState {
  return {
    directory,
    account: null,
    issued: false,
    tried: null,
    failures: 0,
    next: null,
    asked: false,
    error: null,
    way: null,
    window: null,
    refused: {},
  };
}

/** What the file says of `directory`; as new where it is missing, broken, or about another one. Throws FsError. */
export async function readAcmeState(fs: Fs, path: string, directory: string): Promise<AcmeState> {
  const octets = await fs.readFile(path, ACME_STATE);
  const fresh = newAcmeState(directory);
  if (octets === null) return fresh;
  let read: unknown;
  try {
    read = JSON.parse(fromUtf8(octets));
  } catch {
    // Of no use, and of no harm: at worst an account is looked up again.
    return fresh;
  }
  if (typeof read !== "object" || read === null) return fresh;
  const raw: Partial<Record<keyof AcmeState, unknown>> = read;
  if (raw.directory !== directory) return fresh;
  return {
    directory,
    account: typeof raw.account === "string" ? raw.account : null,
    issued: raw.issued === true,
    tried: timeOf(raw.tried),
    failures: timeOf(raw.failures) ?? 0,
    next: timeOf(raw.next),
    asked: raw.asked === true,
    error: typeof raw.error === "string" ? raw.error.slice(0, ACME_TEXT) : null,
    way: typeof raw.way === "string" ? raw.way : null,
    window: windowOf(raw.window),
    refused: refusedOf(raw.refused),
  };
}

/** Durable and atomic. Throws FsError. */
export async function writeAcmeState(fs: Fs, path: string, state: AcmeState): Promise<void> {
  await replaceFile(fs, path, utf8(`${JSON.stringify(state)}\n`));
}

function timeOf(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function windowOf(value: unknown): AcmeState["window"] {
  const { of, suggested, look } = objectOf(value);
  const next = timeOf(look);
  if (typeof of !== "string" || next === null) return null;
  const { start, end } = objectOf(suggested);
  const [from, to] = [timeOf(start), timeOf(end)];
  return {
    of,
    suggested: from !== null && to !== null && from < to ? { start: from, end: to } : null,
    look: next,
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function refusedOf(value: unknown): Readonly<Record<string, number>> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).slice(0, ACME_NAMES);
  return Object.fromEntries(entries.flatMap(([name, at]) => timeOf(at) === null ? [] : [[name, Number(at)]]));
}
