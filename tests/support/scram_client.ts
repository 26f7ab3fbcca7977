/** A SCRAM client (RFC 5802) by other means than the server's: Web Crypto. For tests of every layer. */
import { concat, fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import type { ScramHash } from "../../mod/sasl/scram_keys.ts";

export interface ScramClientOptions {
  readonly user: string;
  readonly password: string;
  readonly hash?: ScramHash;
  readonly nonce?: string;
  /** "n,,", "y,,", "p=tls-server-end-point,,". */
  readonly gs2?: string;
  /** A client that does not give back the nonce it was sent, and signs what it says all the same. */
  readonly twist?: (nonce: string) => string;
  /** Channel binding data, with "p=". */
  readonly binding?: Uint8Array;
}

export class ScramClient {
  readonly #options: ScramClientOptions;
  readonly #hash: ScramHash;
  readonly #bare: string;
  /** client-first-message. */
  readonly first: string;
  #signature = "";

  constructor(options: ScramClientOptions) {
    this.#options = options;
    this.#hash = options.hash ?? "SHA-256";
    const name = options.user.replaceAll("=", "=3D").replaceAll(",", "=2C");
    this.#bare = `n=${name},r=${options.nonce ?? "rOprNGfwEbeRWgbNEkqO"}`;
    this.first = (options.gs2 ?? "n,,") + this.#bare;
  }

  /** client-final-message for a server-first-message. */
  async final(serverFirst: string): Promise<string> {
    const m = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst);
    if (!m) throw new Error(`No server-first-message: ${serverFirst}`);
    const { password, gs2 = "n,,", binding = new Uint8Array(0), twist = (nonce) => nonce } = this.#options;
    const key = await crypto.subtle.importKey(
      "raw",
      copy(utf8(password.normalize("NFKC"))),
      "PBKDF2",
      false,
      [
        "deriveBits",
      ],
    );
    const bits = this.#hash === "SHA-256" ? 256 : 160;
    const salt = copy(Uint8Array.fromBase64(m[2] ?? ""));
    const salted = new Uint8Array(
      await crypto.subtle.deriveBits(
        { name: "PBKDF2", hash: this.#hash, salt, iterations: Number(m[3]) },
        key,
        bits,
      ),
    );
    const clientKey = await this.#hmac(salted, "Client Key");
    const storedKey = new Uint8Array(await crypto.subtle.digest(this.#hash, copy(clientKey)));
    const without = `c=${concat([utf8(gs2), binding]).toBase64()},r=${twist(m[1] ?? "")}`;
    const message = `${this.#bare},${serverFirst},${without}`;
    const signature = await this.#hmac(storedKey, message);
    const serverKey = await this.#hmac(salted, "Server Key");
    this.#signature = (await this.#hmac(serverKey, message)).toBase64();
    return `${without},p=${clientKey.map((b, i) => b ^ (signature[i] ?? 0)).toBase64()}`;
  }

  /** Whether the server has proved that it knows the password too. */
  accepts(serverFinal: string): boolean {
    return serverFinal === `v=${this.#signature}`;
  }

  /** Logs in through a dialog: `say` sends a response (decoded) and gives the next challenge (decoded), or null when there is none. */
  async run(say: (response: string) => Promise<Uint8Array | null>): Promise<boolean> {
    const first = await say(this.first);
    if (!first) return false;
    const last = await say(await this.final(fromUtf8(first)));
    if (!last || !this.accepts(fromUtf8(last))) return false;
    await say("");
    return true;
  }

  async #hmac(key: Uint8Array, data: string): Promise<Uint8Array> {
    const k = await crypto.subtle.importKey("raw", copy(key), { name: "HMAC", hash: this.#hash }, false, [
      "sign",
    ]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", k, copy(utf8(data))));
  }
}

function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
