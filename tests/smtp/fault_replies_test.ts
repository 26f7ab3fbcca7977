import { COMMAND_FAULTS, DATA_FAULTS } from "../../mod/smtp/fault_replies.ts";
import { assert } from "../support/assert.ts";

Deno.test("every fault is answered with a refusal and an enhanced code of its class", () => {
  for (const answer of [...Object.values(COMMAND_FAULTS), ...Object.values(DATA_FAULTS)]) {
    assert(answer.code >= 400 && answer.enhanced?.startsWith(`${Math.floor(answer.code / 100)}.`));
  }
});
