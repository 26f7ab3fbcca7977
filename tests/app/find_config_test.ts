import { assert, assertEquals } from "../support/assert.ts";
import { CONFIG, Machine } from "../support/command.ts";

/** Which of the files is used, told by its host name. */
async function used(
  files: Record<string, string>,
  env: Record<string, string>,
  args: string[],
): Promise<string> {
  const all = Object.fromEntries(
    Object.entries(files).map(([path, name]) => [path, CONFIG.replace("mail.example.test", name)]),
  );
  const m = new Machine(all);
  Object.assign(m.environment, env);
  const r = await m.run(["dns", "--json", ...args]);
  return r.code === 0 ? String(JSON.parse(r.out)[0].value) : r.err;
}

Deno.test("the configuration is --config, $ROOST_CONFIG, ./roost.yaml or /etc/roost/roost.yaml", async () => {
  const files = {
    "/home/roost.yaml": "here.test",
    "/etc/roost/roost.yaml": "etc.test",
    "/home/sub/env.yaml": "env.test",
    "/x/flag.yaml": "flag.test",
  };
  const { "/home/roost.yaml": _, ...away } = files;
  assertEquals(
    await used(files, { ROOST_CONFIG: "sub/env.yaml" }, ["--config", "/x/flag.yaml"]),
    "10 flag.test.",
  );
  assertEquals(await used(files, { ROOST_CONFIG: "sub/env.yaml" }, []), "10 env.test.");
  assertEquals(await used(files, { ROOST_CONFIG: "" }, []), "10 here.test.");
  assertEquals(await used(away, {}, []), "10 etc.test.");
  assert((await used({}, {}, [])).includes("roost quickstart"));
  assert(
    (await used(files, {}, ["--config", "gone.yaml"])).includes("/home/gone.yaml: there is no such file"),
  );
});

Deno.test("a broken configuration is told whole", async () => {
  const m = new Machine({ "/home/roost.yaml": "hostnme: x\nnetwork: shut\n" });
  const r = await m.run(["user", "list"]);
  assertEquals([r.code, r.err.split("\n").length], [1, 3]);
  assert(r.err.includes("/home/roost.yaml:2:10"));
});
