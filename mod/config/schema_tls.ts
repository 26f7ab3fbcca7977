import { entry, falseOr, list, listOrOne, required, section } from "../yaml/schema.ts";
import * as kind from "./values.ts";

/** The part of the schema that says where certificates come from. */
export const TLS = entry(
  section({
    acme: entry(
      falseOr(section({
        email: required(kind.emailValue, "where the authority writes to"),
        directory: entry(
          kind.textValue,
          "letsencrypt",
          "letsencrypt, letsencrypt-staging (to try out), or a directory's URL",
        ),
        names: entry(
          listOrOne(kind.domainValue),
          [],
          "further names the certificate is to be for; hostname always is, and mail., imap., smtp., pop., with mta_sts mta-sts., and with listen.https autoconfig. and autodiscover. of our domains are where DNS leads them here",
        ),
        external: entry(
          falseOr(section({
            kid: required(kind.textValue, "its name, as the authority gave it"),
            key: required(kind.textValue, "the HMAC key that came with it, base64url"),
          })),
          false,
          "the account that one of ours is bound to (EAB), with authorities that want it (ZeroSSL, Google)",
        ),
        ca: entry(
          falseOr(kind.fileValue),
          false,
          "PEM file of the authority that certifies the directory's own server, where it is no public one (step-ca)",
        ),
      })),
      false,
      "a certificate from an authority by ACME, whose terms you agree to; it must reach listen.https by port 443, or listen.http by port 80, at each name",
    ),
    certificates: entry(
      list(section({
        cert: required(kind.fileValue, "certificate with its chain, PEM"),
        key: required(kind.fileValue, "its private key, PEM"),
      })),
      [],
      "files, chosen by the name the client asks for, read again when they change",
    ),
    own_ca: entry(
      kind.yesValue,
      false,
      "a certificate signed by an authority of our own, kept in DATA/tls",
    ),
  }),
  {},
  "one of the three; own_ca when none is given",
);
