import fc from "fast-check";
import { looksLikeSrs, Srs } from "../../mod/auth/srs.ts";
import { type Address, formatAddress, parseAddress } from "../../mod/mail/address.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const DAY = 24 * 60 * 60 * 1000;
const srs = new Srs(["tajny"]);

function address(text: string): Address {
  const parsed = parseAddress(text);
  assert(parsed.ok, text);
  return parsed.value;
}

function forward(text: string, by = srs, now = NOW): string | null {
  const to = by.forward(address(text), "ours.test", now);
  return to && formatAddress(to);
}

function reverse(text: string, by = srs, now = NOW): string {
  const back = by.reverse(address(text), now);
  return back.ok ? formatAddress(back.value) : back.error;
}

Deno.test("Srs.forward() writes what Mail::SRS 0.31 does", () => {
  // The right side was printed by Debian's srs with the secret "tajny" on 22 November 2026.
  const table = [
    ["User@far.example", "SRS0=9X96=JL=far.example=User@ours.test"],
    ["a=b+c@far.example", "SRS0=eq2T=JL=far.example=a=b+c@ours.test"],
    ["SRS0=9X96=JL=far.example=User@first.test", "SRS1=QlMU=first.test==9X96=JL=far.example=User@ours.test"],
    ["SRS0+9X96=JL=far.example=User@first.test", "SRS1=VHx8=first.test=+9X96=JL=far.example=User@ours.test"],
    ["srs0-9X96=JL=far.example=User@first.test", "SRS1=mrFj=first.test=-9X96=JL=far.example=User@ours.test"],
    [
      "SRS1=AAAA=first.test==9X96=JL=far.example=User@second.test",
      "SRS1=QlMU=first.test==9X96=JL=far.example=User@ours.test",
    ],
    [
      "SRS1-AAAA=first.test=+9X96=JL=far.example=User@second.test",
      "SRS1=VHx8=first.test=+9X96=JL=far.example=User@ours.test",
    ],
  ] as const;
  for (const [from, to] of table) assertEquals(forward(from), to, from);
});

Deno.test("Srs.reverse() takes every sign after the tag, and any case", () => {
  const table = [
    ["SRS0=9X96=JL=far.example=User@ours.test", "User@far.example"],
    ["SRS0+9X96=JL=far.example=User@ours.test", "User@far.example"],
    ["SRS0-9X96=JL=far.example=User@ours.test", "User@far.example"],
    ["srs0=9x96=jl=FAR.example=user@ours.test", "user@far.example"],
    ["SRS1=QlMU=first.test==9X96=JL=far.example=User@ours.test", "SRS0=9X96=JL=far.example=User@first.test"],
    ["srs1+qlmu=first.test==9x96=jl=far.example=user@ours.test", "SRS0=9x96=jl=far.example=user@first.test"],
    ["SRS1-VHx8=first.test=+9X96=JL=far.example=User@ours.test", "SRS0+9X96=JL=far.example=User@first.test"],
  ] as const;
  for (const [from, to] of table) assertEquals(reverse(from), to, from);
});

Deno.test("Srs.reverse() refuses what was not made here", () => {
  const table = [
    ["user@ours.test", "not-srs"],
    ["SRS0@ours.test", "not-srs"],
    ["SRS0=@ours.test", "not-srs"],
    ["SRS2=9X96=JL=far.example=User@ours.test", "not-srs"],
    ["SRS0=9X96=JL=far.example@ours.test", "not-srs"],
    ["SRS0=9X96=JL=far.example=@ours.test", "not-srs"],
    ["SRS0==JL=far.example=User@ours.test", "not-srs"],
    ['"SRS0=9X96=JL=far..example=User"@ours.test', "not-srs"],
    ['"SRS0=9X96=JL=far example=User"@ours.test', "not-srs"],
    ["SRS0=9X97=JL=far.example=User@ours.test", "forged"],
    ["SRS0=9X9=JL=far.example=User@ours.test", "forged"],
    ["SRS0=9X96AAAA=JL=far.example=User@ours.test", "forged"],
    ["SRS0=9X96=JK=far.example=User@ours.test", "forged"],
    ["SRS0=9X96=JL=fur.example=User@ours.test", "forged"],
    ["SRS0=9X96=JL=far.example=Userr@ours.test", "forged"],
    ["SRS1=QlMU=first.test@ours.test", "not-srs"],
    ["SRS1=QlMU=first.test=9X96=JL=far.example=User@ours.test", "not-srs"],
    ["SRS1=QlMV=first.test==9X96=JL=far.example=User@ours.test", "forged"],
    ["SRS1=QlMU=second.test==9X96=JL=far.example=User@ours.test", "forged"],
    // Nested: what the inner one is, its own host finds out; ours is only what we signed.
    ["SRS1=QlMU=a.test==SRS1=QlMU=b.test==9X96=JL=x.test=u@ours.test", "forged"],
  ] as const;
  for (const [from, why] of table) assertEquals(reverse(from), why, from);
});

Deno.test("Srs.reverse() takes a hash longer than ours where all of it is right", () => {
  // Printed by srs --hashlength=8.
  assertEquals(reverse("SRS0=9X96kcfv=JL=far.example=User@ours.test"), "User@far.example");
  assertEquals(reverse("SRS0=9X96kcfw=JL=far.example=User@ours.test"), "forged");
});

Deno.test("Srs: 21 days, then expired; days count round after 1,024", () => {
  for (const start of [NOW, 0, 1023 * DAY, 1024 * DAY - 1, 20 * 1024 * DAY - 5 * DAY]) {
    const made = forward("u@far.example", srs, start) ?? "";
    for (
      const [days, result] of [
        [0, "u@far.example"],
        [1, "u@far.example"],
        [21, "u@far.example"],
        [22, "expired"],
        [500, "expired"],
        [1023, "expired"],
      ] as const
    ) assertEquals(reverse(made, srs, start + days * DAY), result, `${made} after ${days} days`);
    if (start >= DAY) assertEquals(reverse(made, srs, start - DAY), "expired", "from tomorrow");
  }
});

Deno.test("Srs: the first secret signs, all are believed", () => {
  const rotated = new Srs(["new", "tajny"]);
  const old = forward("User@far.example") ?? "";
  const fresh = forward("User@far.example", rotated) ?? "";
  assert(old !== fresh);
  assertEquals(reverse(old, rotated), "User@far.example");
  assertEquals(reverse(fresh, rotated), "User@far.example");
  assertEquals(reverse(fresh), "forged");
  assertThrows(() => new Srs([]), "without a secret");
});

Deno.test("Srs: a chain of any length keeps the first and the last forwarder, and leads back", () => {
  const hosts = ["one.test", "two.test", "three.test", "four.test"];
  const all = hosts.map((h) => new Srs([h]));
  const chain = [address("User@far.example")];
  hosts.forEach((h, i) => chain.push(all[i]?.forward(chain[i] ?? address(""), h, NOW) ?? address("")));
  const last = chain.at(-1);
  assertEquals(last?.domain, "four.test");
  assert(/^SRS1=....=one\.test==/.test(last?.local ?? ""), last?.local);
  const first = all[3]?.reverse(last ?? address(""), NOW);
  assert(first?.ok);
  assertEquals(first.value.domain, "one.test");
  const origin = all[0]?.reverse(first.value, NOW);
  assert(origin?.ok);
  assertEquals(formatAddress(origin.value), "User@far.example");
});

Deno.test("Srs: what would be longer than 255 octets keeps its sender", () => {
  assert(forward(`${"a".repeat(200)}@far.example`));
  assertEquals(forward(`${"a".repeat(240)}@far.example`), null);
  assertEquals(forward(`${"é".repeat(116)}@far.example`), null, "octets, not characters");
});

Deno.test("Srs: there and back for every address there can be", () => {
  const local = fc.oneof(
    fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 60 }),
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.constantFrom(
      "a=b",
      "=",
      "+x",
      "a@b",
      "a b",
      '"',
      "\\",
      "SRS",
      "SRS0",
      "SRS1=x",
      "srs0=x=y",
      "é",
      "a%b!c",
    ),
  );
  const domain = fc.constantFrom(
    "far.example",
    "xn--bcher-kva.example",
    "[192.0.2.1]",
    "[IPv6:2001:db8::1]",
    "a-b.c_d.test",
  );
  fc.assert(
    fc.property(local, domain, fc.nat(), (l, d, day) => {
      const sender = parseAddress(formatAddress({ local: l, domain: d }));
      if (!sender.ok) return;
      const to = srs.forward(sender.value, "ours.test", day * DAY);
      if (!to) return;
      assert(looksLikeSrs(to.local));
      const wire = parseAddress(formatAddress(to));
      assert(wire.ok, formatAddress(to));
      const back = srs.reverse(wire.value, day * DAY);
      assert(back.ok, formatAddress(to));
      // SRS0 of another host comes back as it came, whatever its case of the tag was.
      assertEquals(
        formatAddress(back.value).toLowerCase(),
        formatAddress(sender.value).toLowerCase(),
      );
    }),
    { seed: 4, numRuns: 500 },
  );
});

Deno.test("Srs.reverse() never throws, and never believes a stranger", () => {
  const part = fc.oneof(
    fc.constantFrom("SRS0", "SRS1", "=", "+", "-", "JL", "far.example", "", "9X96", "==", "@", "ÿ"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const back = srs.reverse({ local: parts.join(""), domain: "ours.test" }, NOW);
      assert(!back.ok);
    }),
    { seed: 5, numRuns: 1000 },
  );
});
