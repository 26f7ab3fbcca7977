import { parseNetwork } from "../../mod/base/ip.ts";
import { RATE_ENTRIES } from "../../mod/base/limits.ts";
import { RateLimiter } from "../../mod/inbound/ratelimit.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("RateLimiter lets a burst through, then the rate", async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock, { burst: 3, perMinute: 6 }, []);
  const take = (n: number) =>
    Array.from({ length: n }, () => limiter.take("192.0.2.1")).filter((t) => t).length;
  assertEquals(take(5), 3);
  await clock.advance(9_999);
  assertEquals(take(1), 0);
  await clock.advance(1);
  assertEquals(take(2), 1);
  await clock.advance(3_600_000);
  assertEquals(take(9), 3);
});

Deno.test("RateLimiter counts an IPv6 /64 as one, mapped IPv4 as IPv4, and lets trusted and own addresses be", () => {
  const network = parseNetwork("198.51.100.0/24");
  assert(network);
  const limiter = new RateLimiter(new FakeClock(), { burst: 1, perMinute: 1 }, [network]);
  const table: [string, boolean][] = [
    ["2001:db8::1", true],
    ["2001:db8::2", false],
    ["2001:db8:0:0:ffff::", false],
    ["2001:db8:0:1::1", true],
    ["192.0.2.1", true],
    ["::ffff:192.0.2.1", false],
    ["192.0.2.2", true],
    ["127.0.0.1", true],
    ["127.0.0.1", true],
    ["::1", true],
    ["::1", true],
    ["198.51.100.7", true],
    ["198.51.100.7", true],
    ["no address", true],
    ["no address", true],
  ];
  for (const [address, taken] of table) assertEquals(limiter.take(address), taken, address);
});

Deno.test("RateLimiter forgets who has rested longest when there are too many", () => {
  const limiter = new RateLimiter(new FakeClock(), { burst: 1, perMinute: 1 }, []);
  for (let i = 0; i < RATE_ENTRIES + 50; i++) limiter.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  assertEquals(limiter.size, RATE_ENTRIES);
  assertEquals(limiter.take("10.0.0.0"), true);
});
