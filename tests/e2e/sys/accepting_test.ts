import { Accepting } from "../../../mod/sys/accepting.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("Accepting: our own knocks are let in and shown to nobody", async () => {
  let taken = 0;
  let revived = 0;
  const accepting = await Accepting.open({
    address: "127.0.0.1",
    port: 0,
    accept: (socket) => {
      taken++;
      socket.destroy();
    },
    revived: () => revived++,
    every: 20,
  });
  const until = performance.now() + 300;
  let connections = 0;
  while (performance.now() < until) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: accepting.port });
    await conn.read(new Uint8Array(1)).catch(() => null);
    conn.close();
    connections++;
  }
  await accepting.close();
  assertEquals([taken, revived], [connections, 0]);
});

/** Starved by `ulimit`: takes connections until it has no descriptor left. */
const STARVED = `
import { Accepting } from ${JSON.stringify(new URL("../../../mod/sys/accepting.ts", import.meta.url).href)};
const accepting = await Accepting.open({
  address: "127.0.0.1",
  port: 0,
  accept: (socket) => { socket.on("error", () => {}); socket.on("end", () => socket.end()); socket.resume(); socket.write("x"); },
  revived: (fault) => console.log("revived " + fault),
  every: 500,
});
console.log("port " + accepting.port);
`;

Deno.test("Accepting: a listener that ran out of file descriptors accepts again once there are some", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(script, STARVED);
  const child = new Deno.Command("sh", {
    args: ["-c", `ulimit -n 64; exec "${Deno.execPath()}" run --no-prompt --no-lock --allow-all "${script}"`],
    stdout: "piped",
    stderr: "null",
    env: { NO_COLOR: "1" },
  }).spawn();
  try {
    let out = "";
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const line = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const found = pattern.exec(out)?.[1];
        if (found !== undefined) return found;
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended: ${out}`);
        out += value;
      }
    };
    const port = Number(await line(/port (\d+)/));
    const all = await Promise.all(
      Array.from({ length: 80 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    assert(await greeted(all[0]));
    // The last of them waits in vain: that is the state nobody comes out of alone.
    for (const conn of all) conn.close();
    assertEquals(await line(/revived (.*)/), "null");
    const late = await Deno.connect({ hostname: "127.0.0.1", port });
    assert(await greeted(late));
    late.close();
    await reader.cancel();
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(script);
  }
});

async function greeted(conn: Deno.Conn | undefined): Promise<boolean> {
  return await conn?.read(new Uint8Array(1)) === 1;
}
