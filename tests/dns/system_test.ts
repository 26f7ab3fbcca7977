import type { RecordTypes } from "../../mod/dns/resolver.ts";
import type { RecordType } from "../../mod/dns/source.ts";
import { SystemSource } from "../../mod/dns/system.ts";
import { assert, assertEquals } from "../support/assert.ts";
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

Deno.test("SystemSource asks a validating server first, and the system only for names of this machine", async () => {
  const asked: string[] = [];
  const system = {
    records<T extends RecordType>(name: string, type: T): Promise<readonly RecordTypes[T][] | null> {
      asked.push(`${type} ${name}`);
      // Only A is answered.
      return Promise.resolve(
        name === "local.example" ? ["192.0.2.9"] as readonly unknown[] as RecordTypes[T][] : null,
      );
    },
  };
  const stub = zone({
    "signed.example": { A: ["192.0.2.1"], MX: ["10 signed.example"], secure: true },
    "fail.example": "servfail",
  });
  const source = new SystemSource(system, stub, () => Promise.resolve(true));
  const signed = await source.ask("signed.example", "A");
  assert(signed.kind === "records" && signed.secure);
  const mx = await source.ask("signed.example", "MX");
  assert(mx.kind === "records" && mx.secure);
  assertEquals((await source.ask("fail.example", "A")).kind, "temp");
  assertEquals((await source.ask("gone.example", "MX")).kind, "nxdomain");
  assertEquals(asked, []);
  const local = await source.ask("local.example", "A");
  assert(local.kind === "records" && !local.secure);
  assertEquals((await source.ask("gone.example", "A")).kind, "nxdomain");
});
