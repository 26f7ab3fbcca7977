import fc from "fast-check";
import * as v from "valibot";
import {
  formatHostPort,
  hostName,
  parseDuration,
  parseHostPort,
  parseRoute,
  parseSize,
  uidlFormat,
} from "../../mod/config/values.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("parseSize() reads octets in powers of 1024", () => {
  const cases: [unknown, number | undefined][] = [
    [0, 0],
    [1000, 1000],
    ["1000", 1000],
    ["50MB", 50 * 1024 ** 2],
    ["50 mb", 50 * 1024 ** 2],
    ["50M", 50 * 1024 ** 2],
    ["512KiB", 512 * 1024],
    ["1.5G", 1.5 * 1024 ** 3],
    ["2TB", 2 * 1024 ** 4],
    [-1, undefined],
    [1.5, undefined],
    ["", undefined],
    ["MB", undefined],
    ["50 megs", undefined],
    ["99999999TB", undefined],
    [null, undefined],
    [true, undefined],
  ];
  for (const [value, octets] of cases) assertEquals(parseSize(value), octets, String(value));
});

Deno.test("uidlFormat wants what tells messages apart, and nothing UIDL may not hold", () => {
  for (const good of ["%08Xu%08Xv", "%v.%u", "UID%u-%v", "%u", "%5u", "%Xv%Xu", "%f", "%g", "%v-%f"]) {
    assertEquals(v.safeParse(uidlFormat, good).success, true, good);
  }
  for (
    const bad of [
      "",
      "%v",
      "u",
      "%m",
      "%08f",
      "%Xg",
      "%u %v",
      "%u%",
      "%m%u",
      "%u\u00e4",
      "%99u",
      "%u".repeat(5),
      5,
      null,
    ]
  ) {
    assertEquals(v.safeParse(uidlFormat, bad).success, false, String(bad));
  }
});

Deno.test("parseDuration() reads spans", () => {
  const cases: [unknown, number | undefined][] = [
    ["30s", 30_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["5d", 432_000_000],
    ["250ms", 250],
    ["2 h", 7_200_000],
    ["0.5s", 500],
    [30, undefined],
    ["", undefined],
    ["30", undefined],
    ["5 days", undefined],
    ["s", undefined],
  ];
  for (const [value, ms] of cases) assertEquals(parseDuration(value), ms, String(value));
});

Deno.test("parseHostPort() reads addresses with ports, and names where they are allowed", () => {
  const cases: [unknown, boolean, string | undefined][] = [
    ["127.0.0.1:25", false, "127.0.0.1:25"],
    ["[::]:25", false, "[::]:25"],
    ["127.0.0.1:0", false, "127.0.0.1:0"],
    ["Host.Test:25", true, "host.test:25"],
    ["host.test:25", false, undefined],
    ["[127.0.0.1]:25", true, undefined],
    ["::1:25", false, undefined],
    ["127.0.0.1", false, undefined],
    ["127.0.0.1:65536", false, undefined],
    [":25", false, undefined],
    ["ho st:25", true, undefined],
    [25, false, undefined],
  ];
  for (const [value, names, text] of cases) {
    const at = parseHostPort(value, names);
    assertEquals(at && formatHostPort(at), text, String(value));
  }
});

Deno.test("parseRoute() reads every protocol and refuses what would not work", () => {
  const plain = { user: null, password: null };
  assertEquals(parseRoute("smtp://a.test"), { protocol: "smtp", host: "a.test", port: 25, ...plain });
  assertEquals(parseRoute("smtp://a.test:2025/"), { protocol: "smtp", host: "a.test", port: 2025, ...plain });
  assertEquals(parseRoute("lmtp://[::1]:24"), { protocol: "lmtp", host: "::1", port: 24, ...plain });
  assertEquals(parseRoute("submission://u%40x:p%2Fw@a.test"), {
    protocol: "submission",
    host: "a.test",
    port: 587,
    user: "u@x",
    password: "p/w",
  });
  assertEquals(parseRoute("submissions://u@a.test")?.port, 465);
  const bad = [
    "",
    "a.test",
    "smtp://",
    "smtp:a.test",
    "http://a",
    "smtp://u@a.test",
    "smtp://a.test:0",
    "smtp://a b",
    "submission://u:%zz@a.test",
    "smtp://a.test/x",
    5,
    null,
  ];
  for (const value of bad) assertEquals(parseRoute(value), undefined, String(value));
});

Deno.test("readers of values never throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.anything()), (value) => {
    for (const read of [parseSize, parseDuration, parseHostPort, parseRoute, hostName]) read(value);
  }));
});
