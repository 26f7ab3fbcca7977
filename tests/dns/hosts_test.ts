import { ClosedSource, HostsSource } from "../../mod/dns/hosts.ts";
import { assertEquals } from "../support/assert.ts";
import { zone } from "../support/zone.ts";

const HOSTS = {
  "Mail.Lab.": "10.0.0.5",
  "two.lab": ["10.0.0.6", "fd00::6"],
  "bad..name": "10.0.0.7",
  "bad.lab": "10.0.0",
};

Deno.test("HostsSource answers for its names and asks on for the rest", async () => {
  const next = zone({ "mail.lab": { TXT: ["x"] }, "other.lab": { A: ["10.0.0.9"] }, "down.lab": "servfail" });
  const hosts = new HostsSource(HOSTS, next);
  const ask = async (name: string, type: "A" | "AAAA" | "MX" | "TXT" | "PTR") => {
    const answer = await hosts.ask(name, type);
    return answer.kind === "records"
      ? answer.records.map((r) => typeof r === "string" ? r : "other")
      : answer.kind;
  };
  assertEquals(await ask("mail.lab", "A"), ["10.0.0.5"]);
  assertEquals(await ask("mail.lab", "AAAA"), "nodata");
  assertEquals(await ask("two.lab", "AAAA"), ["fd00::6"]);
  assertEquals(await ask("5.0.0.10.in-addr.arpa", "PTR"), ["mail.lab"]);
  assertEquals(next.calls, []);
  assertEquals(await ask("mail.lab", "TXT"), ["other"]);
  assertEquals(await ask("two.lab", "MX"), "nodata", "the name exists, whatever the DNS says");
  assertEquals(await ask("other.lab", "A"), ["10.0.0.9"]);
  assertEquals(await ask("down.lab", "A"), "temp");
  assertEquals(await ask("bad.lab", "A"), "nxdomain");
});

Deno.test("ClosedSource knows nothing", async () => {
  const hosts = new HostsSource(HOSTS, new ClosedSource());
  assertEquals((await hosts.ask("example.org", "MX")).kind, "nxdomain");
  assertEquals((await hosts.ask("mail.lab", "MX")).kind, "nodata");
});
