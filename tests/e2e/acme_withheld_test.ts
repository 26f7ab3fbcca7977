/** An authority that issues nothing: mail goes on, and people are told. */
import { assert, assertEquals } from "../support/assert.ts";
import { freePorts } from "../support/free_ports.ts";
import { RoostProcess } from "../support/roost_process.ts";

Deno.test("an ACME authority that is down costs no mail, and is told where people look", async () => {
  const [nobody = 0] = freePorts(1, "127.0.0.1");
  const directory = `https://127.0.0.1:${nobody}/dir`;
  await using roost = await RoostProcess.start({
    network: "open",
    tls: `{ acme: { email: you@example.test, directory: "${directory}" } }`,
    // Nobody is asked for names either.
    config: `dns: { hosts: { ${
      ["mail", "imap", "smtp", "pop"].map((l) => `${l}.example.test: 127.0.0.1`).join(", ")
    } } }`,
  });
  await roost.logged('"event":"certificate not renewed"');
  const health = async () => {
    const answer = await fetch(`http://127.0.0.1:${roost.ports.http}/api/health`);
    const found: { about: string; what: string }[] = await answer.json();
    return found.filter((f) => f.about.startsWith("certificate")).map((f) => f.what);
  };
  assertEquals(await health(), []);
  await roost.stop();
  const file = `${roost.dir}/data/tls/acme.json`;
  const state = JSON.parse(await Deno.readTextFile(file));
  assertEquals([state.failures, state.directory], [1, directory]);
  await Deno.writeTextFile(file, JSON.stringify({ ...state, failures: 4 }));
  await roost.launch();
  const [told = "", ...more] = await health();
  assert(
    told.startsWith(`${directory} did not issue (4 times): cannot reach 127.0.0.1`) && more.length === 0,
    told,
  );
});
