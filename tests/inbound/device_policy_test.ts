import { AccountRates } from "../../mod/inbound/account_rate.ts";
import { deviceAccount, DevicePolicy, type DeviceRules } from "../../mod/inbound/device_policy.ts";
import { InboundPolicy } from "../../mod/inbound/policy.ts";
import { RateLimiter } from "../../mod/inbound/ratelimit.ts";
import { REPLY, type Reply } from "../../mod/smtp/reply.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { addr, directory, transaction } from "./rig.ts";

const ALICE = "alice@example.test";
const RULES: DeviceRules = {
  network: "192.0.2.0/29",
  as: addr(ALICE),
  outside: false,
  rate: { perHour: 3, perDay: 100 },
};

function make(rules: Partial<DeviceRules> | null = {}, account: string | null = ALICE) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const general = new InboundPolicy(directory(), new RateLimiter(clock, { burst: 9, perMinute: 9 }, []));
  const ports = { directory: directory(), rates: new AccountRates(clock), log };
  const policy = new DevicePolicy(general, rules && { ...RULES, ...rules }, ports);
  const about = (sender = ALICE) => transaction({ account, sender, listener: "submission" });
  return {
    log,
    clock,
    connect: async () => await policy.connect(about().client),
    mail: (sender: string) => policy.mail(about(sender)),
    rcpt: (to: string) => policy.rcpt(about(), addr(to)),
    policy,
  };
}

Deno.test("deviceAccount() is the one account an address stands for", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    [ALICE, ALICE],
    ["alice+scans@example.test", ALICE],
    ["sales@example.test", ALICE],
    ["team@example.test", null],
    ["away@example.test", null],
    ["carol@example.test", null],
    ["nobody@example.test", null],
    ["x@far.example", null],
  ];
  for (const [as, account] of cases) assertEquals(deviceAccount(addr(as), directory()), account, as);
});

Deno.test("DevicePolicy greets devices, and nobody else", async () => {
  assertEquals(await make().connect(), null);
  const stranger = make(null, null);
  assertEquals(await stranger.connect(), REPLY.notDevice);
  assertEquals(await stranger.rcpt(ALICE), REPLY.relayDenied);
  assertEquals(await make({}, null).connect(), REPLY.notDevice);
  assertEquals(await make({}, "bob@example.test").connect(), REPLY.notDevice); // not its account any more
  assertEquals(await make({ as: addr("carol@example.test") }, null).connect(), REPLY.notDevice);
  assert(stranger.log.lines.some((l) => l.event === "device refused"));
});

Deno.test("DevicePolicy lets a device be its account and no other", async () => {
  const { mail } = make();
  const cases: readonly (readonly [string, Reply | null])[] = [
    [ALICE, null],
    ["alice+scan@example.test", null],
    ["sales@example.test", null],
    ["bob@example.test", REPLY.senderNotYours],
    ["printer@far.example", REPLY.senderNotYours],
  ];
  for (const [sender, reply] of cases) assertEquals(await mail(sender), reply, sender);
});

Deno.test("DevicePolicy keeps devices at home unless told, whatever the form of the address", async () => {
  const outside = ["x@far.example", "x@[192.0.2.9]", "x@sub.example.test", "x@[127.0.0.1]"];
  const { rcpt, log } = make();
  for (const to of outside) assertEquals(await rcpt(to), REPLY.deviceInside, to);
  assert(log.lines.length >= outside.length);
  for (const to of ["bob@example.test", "any@catch.test", "postmaster"]) {
    assertEquals(await rcpt(to), null, to);
  }
  const far = make({ outside: true });
  for (const to of outside.slice(0, 2)) assertEquals(await far.rcpt(to), null, to);
});

Deno.test("DevicePolicy has a quota of its own, which refusals do not use up", async () => {
  const { rcpt, clock, log } = make();
  for (let i = 0; i < 5; i++) await rcpt("x@far.example");
  for (let i = 0; i < 5; i++) assertEquals(await rcpt("nobody@example.test"), REPLY.unknownUser);
  for (let i = 0; i < 3; i++) assertEquals(await rcpt(ALICE), null);
  assertEquals(await rcpt(ALICE), REPLY.accountRate);
  assert(log.lines.some((l) => `${l.fields?.why}`.includes("quota")));
  await clock.advance(3600_000);
  assertEquals(await rcpt(ALICE), null);
});

Deno.test("DevicePolicy gives no turns, and waits for nothing", () => {
  const { policy } = make();
  assertEquals([policy.silence(), policy.holdBack(), "turns" in policy && policy.turns], [null, 0, false]);
});
