import fc from "fast-check";
import { fromUtf8, utf8 } from "../../mod/base/bytes.ts";
import { unzip } from "../../mod/report/zip.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { zip } from "../support/zip.ts";

const REPORT = { name: "a!b!1!2.XML", octets: utf8("<feedback>".repeat(1000)) };

async function read(octets: Uint8Array, most = 100_000): Promise<string> {
  const file = await unzip(octets, ".xml", most);
  return file.ok ? fromUtf8(file.value) : `! ${file.error}`;
}

Deno.test("unzip() gives the first file of that name, packed or not", async () => {
  const text = fromUtf8(REPORT.octets);
  assertEquals(await read(await zip([REPORT])), text);
  assertEquals(await read(await zip([{ ...REPORT, stored: true }], "a comment")), text);
  const many = [{ name: "readme.txt", octets: utf8("x") }, REPORT, { name: "z.xml", octets: utf8("z") }];
  assertEquals(await read(await zip(many)), text);
});

Deno.test("unzip() refuses bombs and what is no archive", async () => {
  const bomb = await zip([{ name: "a.xml", octets: new Uint8Array(32 * 1024 * 1024) }]);
  assertEquals(await read(bomb), "! too large");
  assertEquals(await read(await zip([{ ...REPORT, stored: true }]), 50), "! too large");
  assertEquals(await read(await zip([{ name: "a.txt", octets: utf8("x") }])), "! no such file");
  assertEquals(await read(await zip([])), "! no such file");
  assertEquals(await read(utf8("PK")), "! no directory");
  const odd = await zip([REPORT]);
  new DataView(odd.buffer).setUint16(odd.length - 22 - REPORT.name.length - 46 + 10, 99, true);
  assertEquals(await read(odd), "! an unknown packing");
  const many = Array.from({ length: 1000 }, (_, i) => ({ name: `${i}.txt`, octets: utf8("") }));
  assertEquals(await read(await zip([...many, REPORT])), "! no such file");
});

Deno.test("unzip() does not break on archives that are broken anywhere", async () => {
  const good = await zip([REPORT]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 5 }),
      async (changes) => {
        const bad = good.slice();
        for (const [at, octet] of changes) bad[at] = octet;
        await read(bad);
        return true;
      },
    ),
    { numRuns: 200 },
  );
  for (let n = 0; n < good.length; n++) assert((await read(good.subarray(0, n))).startsWith("!"));
});
