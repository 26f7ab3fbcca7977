import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { EcKey } from "../../mod/tls/ec_key.ts";
import { signingRequest } from "../../mod/tls/signing_request.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("signingRequest() is read and found good by another's library, with one name and with a hundred", async () => {
  for (const count of [1, 2, 100]) {
    const names = Array.from({ length: count }, (_, i) => `name-${i}.example.org`);
    const key = await EcKey.generate();
    // Signatures whose halves begin with 0 or a high bit are written in other lengths.
    for (let i = 0; i < (count === 1 ? 20 : 1); i++) {
      const request = new x509.Pkcs10CertificateRequest(new Uint8Array(await signingRequest(names, key)));
      assert(await request.verify());
      const extension = request.getExtension("2.5.29.17");
      const found = extension && new x509.SubjectAlternativeNameExtension(extension.rawData);
      assertEquals(found?.names.items.map((n) => `${n.type} ${n.value}`), names.map((n) => `dns ${n}`));
      assertEquals(new Uint8Array(request.publicKey.rawData), key.spki);
    }
  }
});
