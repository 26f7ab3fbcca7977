import { ACME_NAMES } from "../base/limits.ts";
import type { ChallengeBoard } from "./acme_types.ts";

/** Answers to http-01 challenges (RFC 8555 8.3) that are open at the moment. */
export class ChallengeTokens implements ChallengeBoard {
  readonly #answers = new Map<string, string>();

  publish(token: string, answer: string): void {
    if (this.#answers.size < ACME_NAMES) this.#answers.set(token, answer);
  }

  remove(token: string): void {
    this.#answers.delete(token);
  }

  /** What to serve at /.well-known/acme-challenge/TOKEN; null for what nobody asked for. */
  find(token: string): string | null {
    return this.#answers.get(token) ?? null;
  }
}
