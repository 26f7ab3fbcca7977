import { md5Crypt, shaCrypt } from "../../mod/account/crypt_sha.ts";
import { assertEquals } from "../support/assert.ts";

const pause = () => Promise.resolve();
const LONG = "a very much longer text to encrypt.  This one even stretches over morethan one line.";
/** Made by `openssl passwd` and glibc's crypt(3). */
const VECTORS: readonly (readonly [string, string])[] = [
  ["Hello world!", "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1"],
  ["Hello world!", "$5$saltstri$AcFF27v62S0zwgTU0yv0eKFexEp411.69eNIGyiG0L5"],
  [
    "Hello world!",
    "$6$saltstri$TuQo8ue714Ctf4Zl7Ctg70/YwYXvMiZP8AgmExw/pTqWoUKmQ9LD2WQO4j78UOYkYf3xOZCXu6asrMlXdzzMM1",
  ],
  ["a", "$1$saltstri$HP4ANLG0Ln2mcWmFUeETo."],
  ["a", "$5$saltstri$qQFX9hYV7dZUKO3YRxJWssvCxjkXZ1yz727yzmvHsTC"],
  ["pässwörd", "$1$saltstri$k6fkWv7SA1Y5Xb2m0E34n/"],
  ["pässwörd", "$5$saltstri$D7OZLeUSsCRIg8aoHxWu1NCfUm5or0.A4dhPaoBJYO6"],
  [LONG, "$1$saltstri$PQDSyPqgfSgkBgKc4zaNh/"],
  [LONG, "$5$saltstri$Mlq8i14S76gFwAeEUXh/K017kHIL8UUQJ3kkeOMKfdA"],
  [
    LONG,
    "$6$saltstri$vyjeGfDw5HrUHUs1t0g/NqTjWCIbIfTae2Yd8A4TkCL1ZADfjvrkmKysPvsDcY8qNk2kc4FadtZLKH3/NhfYk0",
  ],
  ["x", "$5$rounds=1777$roundst$yAQbZDh/vH3fFWB.y9UdE4GwgslM2nR8PPAzWBVVvd2"],
  ["x", "$5$rounds=1000$roundstoolow$Jc4xA6.bl9C.Nqoe./MktmYeUpkKvVSABfG6yGhgjM0"],
  [
    "x",
    "$6$rounds=1400$anotherlong$EOv.rJ4oCv1Vm6zYZKnkif17mKJnAbxzQ6059HxDlMX.OuLptteCTlJLNkln6tFxXIbtqAteHwoV29v8zpWWi/",
  ],
];

Deno.test("shaCrypt() and md5Crypt() give what libc gives", async () => {
  for (const [password, hash] of VECTORS) {
    assertEquals(
      hash.startsWith("$1$") ? md5Crypt(password, hash) : await shaCrypt(password, hash, pause),
      hash,
    );
  }
});

Deno.test("shaCrypt() and md5Crypt() refuse other strings and too much work", async () => {
  for (
    const bad of [
      "",
      "$6$",
      "$7$salt$abc",
      "$6$rounds=x$salt$abc",
      "$6$rounds=2000000$salt$abc",
      "$6$seventeen-octets-x$abc",
    ]
  ) {
    assertEquals(await shaCrypt("x", bad, pause), null, bad);
  }
  assertEquals(await shaCrypt("x".repeat(10_000), "$6$salt$abc", pause), null);
  assertEquals(md5Crypt("x", "$1$saltsalty$YMyguxXMBpd2TEZ.vS/3q1"), null);
});
