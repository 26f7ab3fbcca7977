import { parseNetwork } from "../../mod/base/ip.ts";
import type { ConfiguredDevice } from "../../mod/config/config.ts";
import { checkDevices, deviceAt, parseDeviceNetwork } from "../../mod/config/devices.ts";
import { parseConfig } from "../../mod/config/load.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("parseDeviceNetwork() takes small networks, and nothing that strangers may be in", () => {
  const taken = [
    "192.168.1.20",
    "192.168.0.0/16",
    "10.1.0.0/16",
    "127.0.0.1",
    "203.0.113.8",
    "203.0.113.8/29",
  ]
    .concat(["fd00:1:2::/48", "fe80::1", "::1", "2001:db8::/64", "2001:db8::1"]);
  const refused = [
    "0.0.0.0/0",
    "::/0",
    "0.0.0.0",
    "0.0.0.0/1",
    "10.0.0.0/8",
    "192.168.0.0/15",
    "203.0.113.0/24",
  ]
    .concat([
      "128.0.0.0/1",
      "2001:db8::/32",
      "2000::/3",
      "fd00::/8",
      "::ffff:0:0/96",
      "::",
      "lan",
      "",
      "10.1/16",
    ]);
  for (const text of taken) assertEquals(parseDeviceNetwork(text), text);
  for (const text of refused) {
    // One address that no host can have is harmless: nobody comes from it.
    if (text === "0.0.0.0" || text === "::") continue;
    assertEquals(parseDeviceNetwork(text), undefined, text);
  }
  for (const odd of [null, 7, ["10.0.0.1"]]) assertEquals(parseDeviceNetwork(odd), undefined);
});

function device(network: string, local: string): ConfiguredDevice {
  const range = parseNetwork(network);
  assert(range);
  const as = { local, domain: "example.org" };
  return { network, range, as, outside: false, perHour: 1, perDay: 1, messageSize: 1 };
}

Deno.test("deviceAt() goes by the smallest network", () => {
  const devices = [
    device("192.168.1.0/24", "net"),
    device("192.168.1.20", "one"),
    device("fd00:1:2::/48", "six"),
  ];
  const at = (address: string) => deviceAt({ devices }, address)?.as.local ?? null;
  assertEquals(
    ["192.168.1.20", "192.168.1.21", "192.168.2.20", "fd00:1:2::9", "fd00:1:3::9", "x", ""].map(at),
    [
      "one",
      "net",
      null,
      "six",
      null,
      null,
      null,
    ],
  );
});

Deno.test("checkDevices() wants accounts of ours, and a listener", () => {
  const text = (listen: string, devices: string) =>
    `hostname: m.example.org\nlisten: { smtp: "127.0.0.1:25"${listen} }\ndomains: { example.org: }\n${devices}`;
  const told = (listen: string, devices: string) => {
    const parsed = parseConfig("/r.yaml", text(listen, devices));
    return parsed.ok ? parsed.value.warnings : parsed.error;
  };
  const ours = 'devices: { "192.168.1.20": scanner@example.org }';
  const open = ', devices: "127.0.0.1:2525"';
  assertEquals(told(open, ours), []);
  assertEquals(told("", ours).length, 1);
  assert(told(open, "")[0]?.includes("nobody is let in"));
  assert(told(open, ours.replace("example.org", "else.test"))[0]?.includes("is not in one of our domains"));
  assert(told(open, ours.replace("192.168.1.20", "0.0.0.0/0"))[0]?.includes("no larger than"));
  const whole = parseConfig(
    "/r.yaml",
    text(
      open,
      'devices: { "10.0.0.0/24": { as: nas@example.org, outside: true, per_hour: 7, message_size: 1MB } }',
    ),
  );
  assert(whole.ok);
  const { range: _, ...rest } = whole.value.config.devices[0] ?? device("10.0.0.1", "none");
  assertEquals(rest, {
    network: "10.0.0.0/24",
    as: { local: "nas", domain: "example.org" },
    outside: true,
    perHour: 7,
    perDay: 500,
    messageSize: 1024 * 1024,
  });
  assertEquals(typeof checkDevices, "function");
});
