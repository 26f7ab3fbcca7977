import { CommandFault, readInput, type Terminal } from "../../mod/app/terminal.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";

const terminal: Terminal = {
  out() {},
  err() {},
  isTerminal: false,
  cwd: "/",
  env: () => undefined,
  async *stdin() {
    await Promise.resolve();
    const buffer = new Uint8Array(2); // reused, as streams may
    for (let i = 0; i < 3; i++) {
      buffer.fill(i);
      yield buffer;
    }
  },
};

Deno.test("readInput() joins chunks and keeps its bound", async () => {
  assertEquals(await readInput(terminal, 6), new Uint8Array([0, 0, 1, 1, 2, 2]));
  const fault = await assertRejects(() => readInput(terminal, 5), "more than 5 octets");
  assertEquals((fault as CommandFault).code, 1);
});
