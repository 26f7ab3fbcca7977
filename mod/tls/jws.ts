/** Signed requests of ACME: JWS with ES256 (RFC 7515, RFC 8555 6.2). */
import { utf8 } from "../base/bytes.ts";
import type { ExternalAccount } from "./acme_types.ts";
import { base64url, type EcKey } from "./ec_key.ts";

/** Who signs: an account by its URL, or a key that has none yet. */
export interface JwsHeader {
  readonly url: string;
  readonly nonce: string;
  /** null: the key itself goes along. */
  readonly account: string | null;
}

/** The public key as JSON, in the order of RFC 7638 3.2. */
function jwkOf({ x, y }: EcKey) {
  return { crv: "P-256", kty: "EC", x, y };
}

/** The flattened JSON form. `payload` null is the empty one of POST-as-GET (RFC 8555 6.3). */
export async function signJws(key: EcKey, header: JwsHeader, payload: unknown): Promise<Uint8Array> {
  const { url, nonce, account } = header;
  const signer = account === null ? { jwk: jwkOf(key) } : { kid: account };
  const head = base64url(utf8(JSON.stringify({ alg: "ES256", nonce, url, ...signer })));
  const body = payload === null ? "" : base64url(utf8(JSON.stringify(payload)));
  const signature = base64url(await key.sign(utf8(`${head}.${body}`)));
  return utf8(JSON.stringify({ protected: head, payload: body, signature }));
}

/** What binds a new account at `url` to one elsewhere (RFC 8555 7.3.4): its public key, under the MAC of the other's key (RFC 7518 3.2). */
export async function bindAccount(key: EcKey, url: string, { kid, key: secret }: ExternalAccount) {
  const head = base64url(utf8(JSON.stringify({ alg: "HS256", kid, url })));
  const body = base64url(utf8(JSON.stringify(jwkOf(key))));
  const octets = Uint8Array.fromBase64(secret, { alphabet: "base64url" });
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const mac = await crypto.subtle.importKey("raw", octets, hmac, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", mac, new Uint8Array(utf8(`${head}.${body}`)));
  return { protected: head, payload: body, signature: base64url(new Uint8Array(signature)) };
}

/** What a challenge is answered with: the token and the key's thumbprint (RFC 8555 8.1, RFC 7638). */
export async function keyAuthorization(token: string, key: EcKey): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(utf8(JSON.stringify(jwkOf(key)))));
  return `${token}.${base64url(new Uint8Array(digest))}`;
}
