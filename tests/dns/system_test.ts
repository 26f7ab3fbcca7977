import type { RecordTypes } from "../../mod/dns/resolver.ts";
import type { RecordType } from "../../mod/dns/source.ts";
import { SystemSource } from "../../mod/dns/system.ts";
import { assertEquals } from "../support/assert.ts";
import { zone } from "../support/zone.ts";

Deno.test("SystemSource believes a yes of the system, and never its no", async () => {
  const asked: string[] = [];
  const system = {
    records<T extends RecordType>(name: string, type: T): Promise<readonly RecordTypes[T][] | null> {
      asked.push(`${type} ${name}`);
      const answers: readonly string[] | null = name === "yes.example"
        ? ["192.0.2.1"]
        : name === "empty.example"
        ? []
        : null;
      return Promise.resolve(answers as readonly RecordTypes[T][] | null); // only A is asked for here
    },
  };
  const stub = zone({
    "no.example": "nodata",
    "fail.example": "servfail",
    "hidden.example": { A: ["192.0.2.2"] },
    "empty.example": "nodata",
  });
  const source = new SystemSource(system, stub);
  const kinds: string[] = [];
  for (const name of ["yes", "no", "fail", "hidden", "missing", "empty"]) {
    kinds.push((await source.ask(`${name}.example`, "A")).kind);
  }
  assertEquals(kinds, ["records", "nodata", "temp", "records", "nxdomain", "nodata"]);
  assertEquals(stub.calls.includes("A yes.example"), false);
  await source.ask("_25._tcp.yes.example", "TLSA");
  assertEquals(asked.some((a) => a.startsWith("TLSA")), false);
});
