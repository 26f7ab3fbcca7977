import { DNS_IN_FLIGHT, DNS_WAITING, DNS_ZONE_IN_FLIGHT, DNS_ZONE_WAITING } from "../../mod/base/limits.ts";
import { QuestionTurns } from "../../mod/dns/question_turns.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";

/** Questions that are answered when the test says so. */
class Asked {
  readonly turns = new QuestionTurns();
  readonly under: { readonly name: string; readonly end: () => void }[] = [];
  refused = 0;

  ask(name: string): void {
    void this.turns.take(name, () =>
      new Promise<boolean>((done) => {
        this.under.push({ name, end: () => done(true) });
      })).then((answer) => {
        if (answer === null) this.refused++;
      });
  }

  count(end: string): number {
    return this.under.filter((u) => u.name.endsWith(end)).length;
  }
}

Deno.test("QuestionTurns leaves places to others than a zone that does not answer", async () => {
  const silent: readonly (readonly [string, (i: number) => string])[] = [
    ["black.hole", (i) => `x${i}.Black.hole`],
    ["9.192.in-addr.arpa", (i) => `${i % 256}.${i >> 8}.9.192.in-addr.arpa`],
    ["8.b.d.0.1.0.0.2.ip6.arpa", (i) => `${i}.8.b.d.0.1.0.0.2.ip6.arpa`],
  ];
  for (const [end, name] of silent) {
    const asked = new Asked();
    const many = DNS_ZONE_IN_FLIGHT + DNS_ZONE_WAITING + 5;
    for (let i = 0; i < many; i++) asked.ask(name(i));
    asked.ask("mail.example");
    asked.ask("1.2.10.192.in-addr.arpa");
    asked.ask("1.9.b.d.0.1.0.0.2.ip6.arpa");
    await settle();
    assertEquals([asked.under.length - 3, asked.refused], [DNS_ZONE_IN_FLIGHT, 5], end);
    // Each that ends lets the next one go, until none is left.
    for (let i = 0; i < asked.under.length; i++) {
      asked.under[i]?.end();
      await settle();
    }
    assertEquals(asked.under.length - 3, many - 5, end);
  }
});

Deno.test("QuestionTurns bounds all zones together, and takes up again", async () => {
  const asked = new Asked();
  const many = DNS_IN_FLIGHT + DNS_WAITING + 7;
  for (let i = 0; i < many; i++) asked.ask(`zone${i}.example${i}`);
  await settle();
  assertEquals([asked.under.length, asked.refused], [DNS_IN_FLIGHT, 7]);
  for (const { end } of asked.under.splice(0)) end();
  await settle();
  assertEquals(asked.under.length, DNS_IN_FLIGHT);
});

Deno.test("QuestionTurns gives a place back after a fault", async () => {
  const turns = new QuestionTurns();
  for (let i = 0; i < DNS_IN_FLIGHT + 1; i++) {
    await assertRejects(() => turns.take("a.example", () => Promise.reject(new Error("broken"))));
  }
  assertEquals(await turns.take("a.example", () => Promise.resolve(1)), 1);
});
