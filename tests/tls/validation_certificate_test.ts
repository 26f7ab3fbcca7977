import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { validationCertificate } from "../../mod/tls/validation_certificate.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("validationCertificate() is what RFC 8737 wants, as others' libraries read it", async () => {
  const now = Date.UTC(2027, 5, 1);
  for (let i = 0; i < 10; i++) {
    const { certificate, key } = await validationCertificate("mail.example.org", `token${i}.print`, now);
    const platform = new X509Certificate(certificate);
    assertEquals(platform.subjectAltName, "DNS:mail.example.org");
    assert(platform.checkPrivateKey(createPrivateKey(key.pem)));
    assert(platform.verify(platform.publicKey) && platform.checkIssued(platform));
    assert(Date.parse(platform.validFrom) < now && Date.parse(platform.validTo) > now);
    const read = new x509.X509Certificate(new Uint8Array(certificate));
    assert(await read.verify({ signatureOnly: true }));
    const proof = read.getExtension("1.3.6.1.5.5.7.1.31");
    const digest = createHash("sha256").update(`token${i}.print`).digest("hex");
    assertEquals([proof?.critical, new Uint8Array(proof?.value ?? []).toHex()], [true, `0420${digest}`]);
  }
});
