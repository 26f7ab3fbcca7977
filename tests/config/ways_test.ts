import { sourcesOf, waysOf } from "../../mod/config/ways.ts";
import { assertEquals } from "../support/assert.ts";

const FOLDERS = { folder: "/etc/roost", data: "/data" };
const HOST = { protocol: "submission", host: "relay.test", port: 587, user: "me@x", password: null } as const;
const WAY = { password_file: null, source_address: [], helo: null };

Deno.test("waysOf() says where the password of each host is", () => {
  const problems: string[] = [];
  const ways = waysOf(
    "routes",
    {
      "*": { ...WAY, to: [HOST, { ...HOST, host: "second.test" }, { ...HOST, password: "pw" }] },
      "a.test": {
        ...WAY,
        to: [HOST],
        password_file: "pw.txt",
        source_address: ["192.0.2.1", "::1"],
        helo: "a",
      },
      "b.test": { ...WAY, to: [] },
    },
    FOLDERS,
    (_, text) => void problems.push(text),
  );
  assertEquals(ways.get("*")?.to.map((r) => r.passwordFile), [
    "/data/keys/me%40x@relay.test.password",
    "/data/keys/me%40x@second.test.password",
    null,
  ]);
  const a = ways.get("a.test");
  assertEquals([a?.to[0].passwordFile, a?.sources, a?.helo], [
    "/etc/roost/pw.txt",
    ["192.0.2.1", "::1"],
    "a",
  ]);
  assertEquals(problems, [
    "routes.b.test.to: an empty list leads nowhere; name a host, or take the line out",
  ]);
});

Deno.test("sourcesOf() wants one of each family at most", () => {
  for (const [addresses, faults] of [[["192.0.2.1", "::1"], 0], [["::1", "::2"], 1], [[], 0]] as const) {
    const problems: string[] = [];
    sourcesOf(["sending", "source_address"], addresses, (_, text) => void problems.push(text));
    assertEquals(problems.length, faults);
  }
});
