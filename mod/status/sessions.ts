/** Who is signed in with a browser: in memory only, bounded, and no longer than the token they signed in with is worth something. */
import { SESSION_AGE, SESSIONS } from "../base/limits.ts";
import type { Random } from "../base/random.ts";

export interface Session {
  /** The token it began with, whose right is asked for at each use. */
  readonly token: string;
  /** What forms must carry: a foreign page cannot know it. */
  readonly formKey: string;
  /** Monotonic milliseconds. */
  readonly until: number;
}

export class Sessions {
  readonly #random: Random;
  /** Oldest first. */
  readonly #open = new Map<string, Session>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Begins a session; gives what the cookie is to hold. `now` monotonic. */
  begin(token: string, now: number): string {
    const id = this.#random.bytes(32).toHex();
    this.#open.set(id, { token, formKey: this.#random.bytes(16).toHex(), until: now + SESSION_AGE });
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= SESSIONS) break;
      this.#open.delete(oldest);
    }
    return id;
  }

  find(id: string, now: number): Session | null {
    const session = this.#open.get(id);
    if (!session) return null;
    if (session.until > now) return session;
    this.#open.delete(id);
    return null;
  }

  end(id: string): void {
    this.#open.delete(id);
  }
}
