/** SPF records made at random, with the names they lead to, and questions about them; for comparing with other people's checks. */
import type { SpfQuestion } from "../../mod/auth/spf/check.ts";
import { SeededRandom } from "../support/seeded_random.ts";
import type { ZoneData } from "../support/zone.ts";

export interface Generated {
  readonly zone: ZoneData;
  readonly questions: readonly SpfQuestion[];
}

const CLIENTS = ["192.0.2.1", "192.0.2.77", "198.51.100.1", "203.0.113.9", "2001:db8::1", "2001:db8:1::77"];

/** Names that records lead to: hosts with either kind of address, with MX, with nothing, and broken ones. */
const HOSTS: ZoneData = {
  "h4.test": { A: ["192.0.2.1"] },
  "h6.test": { AAAA: ["2001:db8::1"] },
  "both.test": { A: ["198.51.100.1", "203.0.113.9"], AAAA: ["2001:db8:1::77"] },
  "mx.test": { MX: ["10 h4.test", "20 both.test"], A: ["192.0.2.200"] },
  "null.test": { MX: ["0 ."], A: ["192.0.2.1"] },
  "deadmx.test": { MX: ["10 gone.test"] },
  "manymx.test": { MX: Array.from({ length: 11 }, (_, i) => `${i} h4.test`) },
  "empty.test": { TXT: ["nothing for SPF"] },
  "broken.test": "servfail",
  "e.test": { TXT: ["%{i} may not: %{s} at %{d2}, %{c}, %{v}, %{h}, %{L}%%%_%-"] },
  "badexp.test": { TXT: ["100% wrong"] },
  "twoexp.test": { TXT: ["one", "two"] },
  "pass.test": { TXT: ["v=spf1 +all"] },
  "fail.test": { TXT: ["v=spf1 -all exp=e.test"] },
  "list.test": { TXT: ["v=spf1 ip4:192.0.2.0/26 ip6:2001:db8::/48 ~all"] },
  "two.test": { TXT: ["v=spf1 +all", "v=spf1 -all"] },
  "loop.test": { TXT: ["v=spf1 include:loop.test -all"] },
  "syntax.test": { TXT: ["v=spf1 ip4:192.0.2 -all"] },
  "1.2.0.192.in-addr.arpa": { PTR: ["h4.test", "elsewhere.test"] },
  "1.100.51.198.in-addr.arpa": { PTR: ["both.test"] },
  "9.113.0.203.in-addr.arpa": { PTR: ["both.test"] },
  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": { PTR: ["h6.test"] },
  "elsewhere.test": { A: ["192.0.2.99"] },
  "192.0.2.1.list.test": { A: ["127.0.0.2"] },
  "you.list.test": { A: ["127.0.0.2"] },
  "tag.you.list.test": { A: ["127.0.0.3"] },
};

const NAMES = [
  ...["h4", "h6", "both", "mx", "null", "deadmx", "manymx", "empty", "broken", "gone"].map((n) =>
    `${n}.test`
  ),
  ...["%{d}", "%{o}", "h4.%{d1}", "%{d2}.", "%{h}", "%{p}"],
];
const RECORDS = ["pass", "fail", "list", "two", "loop", "syntax", "gone", "empty", "broken"].map((n) =>
  `${n}.test`
);
const EXISTS = [
  "%{i}.list.test",
  "%{l}.list.test",
  "%{lr+}.list.test",
  "%{l1r+-}.list.test",
  "%{ir}.%{v}.arpa",
  "gone.test",
  "h4.test",
];
const BITS = ["", "", "/24", "/0", "//64", "/24//48", "/33", "//129", "/08"];
const MISTAKES = [
  "a:",
  "mx/",
  "ip4:1.2.3",
  "ip6:1",
  "foo:bar",
  "all:x",
  "include",
  "exists:",
  "a:%{x}.test",
  "redirect=",
  "a:b..test",
  "x=%",
  "ptr/8",
];

class Maker {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T {
    return from[this.#random.int(from.length)] as T;
  }

  chance(percent: number): boolean {
    return this.#random.int(100) < percent;
  }

  record(): string {
    const terms: string[] = [];
    for (let n = this.#random.int(this.chance(10) ? 14 : 6); n > 0; n--) terms.push(this.term());
    if (this.chance(60)) terms.push(`${this.pick(["-", "-", "~", "?", "+"])}all`);
    if (this.chance(25)) terms.push(`redirect=${this.pick(RECORDS)}`);
    if (this.chance(50)) {
      terms.splice(
        this.#random.int(terms.length + 1),
        0,
        `exp=${this.pick(["e", "e", "badexp", "twoexp", "gone", "broken"])}.test`,
      );
    }
    if (this.chance(10)) terms.push("x-unknown=%{d}");
    const text = ["v=spf1", ...terms].join(this.chance(10) ? "  " : " ");
    return this.chance(20) ? text.toUpperCase().replace(/%\{[^}]*\}/g, (m) => m.toLowerCase()) : text;
  }

  term(): string {
    if (this.chance(4)) return this.pick(MISTAKES);
    const sign = this.pick(["", "", "", "+", "-", "~", "?"]);
    switch (this.#random.int(10)) {
      case 0:
      case 1:
        return `${sign}ip4:${
          this.pick(["192.0.2.1", "192.0.2.0/25", "198.51.100.0/24", "0.0.0.0/0", "203.0.113.8/30"])
        }`;
      case 2:
        return `${sign}ip6:${
          this.pick(["2001:db8::1", "2001:db8::/32", "::/0", "2001:db8:1::/48", "::ffff:192.0.2.1"])
        }`;
      case 3:
        return `${sign}ptr${this.chance(60) ? `:${this.pick(NAMES)}` : ""}`;
      case 4:
        return `${sign}exists:${this.pick(EXISTS)}`;
      case 5:
      case 6:
        return `${sign}include:${this.pick(RECORDS)}`;
      default: {
        // A prefix that is wrong spoils all of a record: not too often.
        const bits = this.pick(this.chance(10) ? BITS : BITS.slice(0, 6));
        return `${sign}${this.pick(["a", "mx"])}${this.chance(75) ? `:${this.pick(NAMES)}` : ""}${bits}`;
      }
    }
  }
}

/** `records` records at "gN.test", and `each` questions about each. */
export function generate(seed: number, records: number, each: number): Generated {
  const make = new Maker(seed);
  const zone: Record<string, ZoneData[string]> = { ...HOSTS };
  const questions: SpfQuestion[] = [];
  for (let n = 0; n < records; n++) {
    const name = `g${n}.test`;
    const own = make.chance(50) ? { A: ["192.0.2.77"], AAAA: ["2001:db8::1"] } : {};
    const mx = make.chance(40) ? { MX: ["10 h4.test", "10 both.test"] } : {};
    zone[name] = { TXT: [make.record()], ...own, ...mx };
    for (let i = 0; i < each; i++) {
      const sender = make.chance(85) ? `${make.pick(["you", "you+tag", "a-b.c", "x&y=z"])}@${name}` : "";
      questions.push({
        ip: make.pick(CLIENTS),
        helo: sender === "" ? name : make.pick(["h4.test", "both.test", "gone.test"]),
        mailFrom: sender,
      });
    }
  }
  return { zone, questions };
}
