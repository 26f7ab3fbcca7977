import { ACME_NAMES } from "../base/limits.ts";
import type { ChallengeBoard, TlsProof } from "./acme_types.ts";

/** Answers to challenges (RFC 8555 8.3, RFC 8737) that are open at the moment. */
export class ChallengeTokens implements ChallengeBoard {
  readonly #answers = new Map<string, string>();
  readonly #proofs = new Map<string, TlsProof>();

  publish(token: string, answer: string): void {
    if (this.#answers.size < ACME_NAMES) this.#answers.set(token, answer);
  }

  remove(token: string): void {
    this.#answers.delete(token);
  }

  publishTls(name: string, proof: TlsProof): void {
    if (this.#proofs.size < ACME_NAMES) this.#proofs.set(name, proof);
  }

  removeTls(name: string): void {
    this.#proofs.delete(name);
  }

  /** What to serve at /.well-known/acme-challenge/TOKEN; null for what nobody asked for. */
  find(token: string): string | null {
    return this.#answers.get(token) ?? null;
  }

  /** What to show who asks by TLS for the proof of a name; null where none is wanted. */
  findTls(name: string): TlsProof | null {
    return this.#proofs.get(name) ?? null;
  }
}
