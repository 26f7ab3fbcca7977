/**
 * Tokens by which people and programs read and change things over HTTP. Only their SHA-256 is kept, in DATA/tokens.jsonl (0600): a token has 256
 * random bits, so that no slow hash is needed. The file is read at each check, so that a token that was removed is worth nothing from then on.
 */
import { timingSafeEqual } from "@std/crypto";
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { replaceFile } from "../base/durable.ts";
import type { Fs } from "../base/fs.ts";
import { TOKEN_FILE, TOKEN_NAME, TOKENS } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { err, ok, type Result } from "../base/result.ts";

/** What a token lets one do: look, or look and change. */
export type Right = "read" | "change";

export interface Token {
  readonly name: string;
  readonly right: Right;
  /** SHA-256 of the token, lower-case hex. */
  readonly hash: string;
  /** RFC 3339, UTC. */
  readonly created: string;
}

/** A new token in clear text: shown once, never kept. */
export function makeToken(random: Random): string {
  return `roost_${random.bytes(32).toHex()}`;
}

/** SHA-256 in lower-case hex. */
export async function hashToken(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(utf8(token)))).toHex();
}

/** The tokens of a file; lines that are none are left out. Throws FsError. */
export async function readTokens(fs: Fs, file: string): Promise<readonly Token[]> {
  const octets = await fs.readFile(file, TOKEN_FILE);
  return octets ? fromUtf8(octets).split("\n").flatMap(tokenIn).slice(0, TOKENS) : [];
}

/** Writes them all, durably. Throws FsError. */
export async function writeTokens(fs: Fs, file: string, tokens: readonly Token[]): Promise<void> {
  await replaceFile(fs, file, utf8(tokens.map((t) => JSON.stringify(t) + "\n").join("")));
}

/** What a token lets one do; null for one that nobody made. Takes the same time for all that are wrong. Throws FsError. */
export async function rightOf(fs: Fs, file: string, given: string): Promise<Right | null> {
  const hash = utf8(await hashToken(given));
  let right: Right | null = null;
  for (const token of await readTokens(fs, file)) {
    if (timingSafeEqual(hash, utf8(token.hash))) right = token.right;
  }
  return right;
}

/** The tokens with one more, or why not. */
export function withToken(tokens: readonly Token[], token: Token): Result<readonly Token[], string> {
  if (!isTokenName(token.name)) {
    return err(`a name is 1 to ${TOKEN_NAME} letters, digits, dots, hyphens or underscores`);
  }
  if (tokens.some((t) => t.name === token.name)) {
    return err(`there is a token "${token.name}"; remove it first, or take another name`);
  }
  return tokens.length >= TOKENS ? err(`there are ${TOKENS} tokens already`) : ok([...tokens, token]);
}

function isTokenName(name: string): boolean {
  return name.length <= TOKEN_NAME && /^[A-Za-z0-9._-]+$/.test(name);
}

function tokenIn(line: string): Token[] {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return [];
    const { name, right, hash, created } = value as Partial<Record<string, unknown>>; // each is checked next
    if (typeof name !== "string" || !isTokenName(name) || typeof created !== "string") return [];
    if ((right !== "read" && right !== "change") || typeof hash !== "string") return [];
    return /^[0-9a-f]{64}$/.test(hash) ? [{ name, right, hash, created }] : [];
  } catch {
    return []; // a line somebody broke by hand opens nothing
  }
}
