import { utf8 } from "../base/bytes.ts";
import { der, derInteger, derOid, derSigned, TAG } from "./der.ts";
import type { EcKey } from "./ec_key.ts";

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14"; // RFC 2985 5.4.2
const SUBJECT_ALT_NAME = "2.5.29.17"; // RFC 5280 4.2.1.6

/**
 * A certificate signing request (PKCS #10, RFC 2986) in DER for DNS names. Its subject is empty: authorities take the names from the extension, and a
 * common name may have 64 characters only.
 */
export async function signingRequest(names: readonly string[], key: EcKey): Promise<Uint8Array> {
  const altNames = der(TAG.sequence, ...names.map((name) => der(TAG.dnsName, utf8(name))));
  const extension = der(TAG.sequence, derOid(SUBJECT_ALT_NAME), der(TAG.octetString, altNames));
  const attribute = der(
    TAG.sequence,
    derOid(EXTENSION_REQUEST),
    der(TAG.set, der(TAG.sequence, extension)),
  );
  const info = der(
    TAG.sequence,
    derInteger(new Uint8Array([0])),
    der(TAG.sequence),
    key.spki,
    der(TAG.context0, attribute),
  );
  return derSigned(info, await key.sign(info));
}
