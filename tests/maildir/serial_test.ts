import { Serial } from "../../mod/maildir/serial.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { settle } from "../support/fake_clock.ts";

Deno.test("Serial runs jobs one at a time, in order, past failures", async () => {
  const serial = new Serial();
  const log: string[] = [];
  const job = (name: string, fail = false) => async () => {
    log.push(`${name}+`);
    await settle(1);
    log.push(`${name}-`);
    if (fail) throw new Error(name);
    return name;
  };
  const one = serial.run(job("a"));
  const two = assertRejects(() => serial.run(job("b", true)), "b");
  const three = serial.run(job("c"));
  assertEquals(serial.busy, 3);
  assertEquals([await one, await three], ["a", "c"]);
  await two;
  await settle(1);
  assertEquals([log.join(" "), serial.busy], ["a+ a- b+ b- c+ c-", 0]);
});
