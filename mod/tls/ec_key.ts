/** Keys of accounts and certificates: ECDSA P-256 with SHA-256, which every authority and every mail program takes. */
import { concat } from "../base/bytes.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** SubjectPublicKeyInfo of P-256 (RFC 5480 2) up to the point's two coordinates. */
const SPKI_HEAD = Uint8Array.fromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

/** Octets in base64url without padding (RFC 7515 2). */
export function base64url(octets: Uint8Array): string {
  return octets.toBase64({ alphabet: "base64url", omitPadding: true });
}

export class EcKey {
  /** PKCS #8. */
  readonly pem: string;
  /** The public point, base64url each. */
  readonly x: string;
  readonly y: string;
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey, pem: string, x: string, y: string) {
    this.#key = key;
    this.pem = pem;
    this.x = x;
    this.y = y;
  }

  static async generate(): Promise<EcKey> {
    const { privateKey } = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    return await EcKey.#of(privateKey);
  }

  /** null for what is no such key. */
  static async fromPem(pem: string): Promise<EcKey | null> {
    const text = /^-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END PRIVATE KEY-----/m.exec(pem)
      ?.[1];
    if (text === undefined) return null;
    try {
      const octets = Uint8Array.fromBase64(text);
      return await EcKey.#of(await crypto.subtle.importKey("pkcs8", octets, ALGORITHM, true, ["sign"]));
    } catch {
      // Of another kind, or broken: as good as none.
      return null;
    }
  }

  /** The public key as certificates have it (SubjectPublicKeyInfo, DER). */
  get spki(): Uint8Array {
    const coordinate = (text: string) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return concat([SPKI_HEAD, coordinate(this.x), coordinate(this.y)]);
  }

  /** The signature as JWS has it (RFC 7518 3.4): r and s, 32 octets each. */
  async sign(octets: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.sign(ALGORITHM, this.#key, new Uint8Array(octets)));
  }

  static async #of(key: CryptoKey): Promise<EcKey> {
    const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", key);
    const text = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key)).toBase64().replace(
      /.{64}(?=.)/g,
      "$&\n",
    );
    return new EcKey(key, `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`, x, y);
  }
}
