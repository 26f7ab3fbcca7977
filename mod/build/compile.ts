/** `deno task compile`: makes the executable, by `deno compile` or, where its runtime cannot be had, as a portable build. */
import { bundleProgram, readCommit, THREADS } from "./bundle.ts";
import { formatSums, sha256 } from "./checksum.ts";
import { run } from "./command.ts";
import { elfMachine } from "./elf.ts";
import { fetchRuntime } from "./fetch_runtime.ts";
import { runFlags } from "./flags.ts";
import { assemblePortable } from "./layout.ts";
import { type BuildOptions, parseBuildOptions, USAGE } from "./options.ts";
import { runtimeFor } from "./runtimes.ts";

interface Plan extends BuildOptions {
  /** Top of the tree. */
  readonly top: string;
  readonly dist: string;
  readonly version: string;
  readonly commit: string | null;
  readonly flags: readonly string[];
  readonly program: ReadonlyMap<string, Uint8Array>;
}

if (import.meta.main) Deno.exit(await compile(Deno.args));

/** Builds; gives the exit code. */
export async function compile(args: readonly string[]): Promise<number> {
  const options = parseBuildOptions(args, Deno.build.target);
  if (typeof options === "string") {
    console.error(args.includes("--help") ? USAGE : `${options}\n\n${USAGE}`);
    return args.includes("--help") ? 0 : 2;
  }
  const plan = await makePlan(options);
  const out = `${plan.dist}/roost-${plan.version}-${plan.target}`;
  if (!options.portable) {
    const failure = await tryCompile(plan, out);
    if (failure === null) return await finish(plan, out, "deno compile");
    console.error(`deno compile did not make it, so this is the portable build.\n  ${failure}`);
    if (!runtimeFor(plan.target)) {
      console.error(`there is no portable build for ${plan.target}`);
      return 1;
    }
  }
  await makePortable(plan, out);
  return await finish(plan, out, "portable");
}

async function makePlan(options: BuildOptions): Promise<Plan> {
  const top = decodeURIComponent(new URL("../../", import.meta.url).pathname).replace(/\/$/, "");
  const manifest = JSON.parse(await Deno.readTextFile(`${top}/deno.json`)) as {
    version: string;
    tasks: Record<string, string>;
  };
  await run(Deno.execPath(), ["check", "--quiet", "main.ts"], top); // bundling does not
  const commit = await readCommit(top);
  await Deno.mkdir(`${top}/dist`, { recursive: true });
  return {
    ...options,
    top,
    dist: `${top}/dist`,
    version: manifest.version,
    commit,
    flags: runFlags(manifest.tasks["roost"] ?? ""),
    program: await bundleProgram(top, commit),
  };
}

/** Null when it worked, else why not. */
async function tryCompile(plan: Plan, out: string): Promise<string | null> {
  const dir = await Deno.makeTempDir({ prefix: "roost-compile-" });
  try {
    for (const [name, text] of plan.program) await Deno.writeFile(`${dir}/${name}`, text);
    const made = `${dir}/roost`;
    await run(Deno.execPath(), [
      ...["compile", "--quiet", "--no-config", "--no-lock", "--no-check", ...plan.flags],
      ...Object.keys(THREADS).map((name) => `--include=${name}.js`),
      ...[`--target=${plan.target}`, `--output=${made}`, "main.js"],
    ], dir);
    const fault = await compiledFault(plan, made);
    if (fault === null) await place(await Deno.readFile(made), out);
    return fault;
  } catch (e) {
    const lines = String(e instanceof Error ? e.message : e).split("\n").filter((l) => l.trim() !== "");
    return lines.slice(0, 4).map((l) => l.trim()).join(" ");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A wrong DENORT_BIN compiles as well as the right one; what it made shows which it was. */
async function compiledFault(plan: Plan, made: string): Promise<string | null> {
  if (plan.target !== Deno.build.target) {
    const expected = runtimeFor(plan.target)?.machine;
    const head = (await Deno.readFile(made)).subarray(0, 64);
    return expected === undefined || elfMachine(head) === expected ? null : "made for another machine";
  }
  const said = await run(made, ["--version"], plan.top);
  return said.trim() === versionLine(plan, "executable") ? null : "made a file that is not Roost";
}

async function makePortable(plan: Plan, out: string): Promise<void> {
  const runtime = runtimeFor(plan.target);
  if (!runtime) throw new Error(`There is no runtime for ${plan.target}`);
  if (runtime.version !== Deno.version.deno) {
    console.error(
      `note: the runtime in it is Deno ${runtime.version}; this machine builds with ${Deno.version.deno}`,
    );
  }
  const archive = await fetchRuntime(runtime, `${plan.dist}/runtime`);
  const { version, flags, program } = plan;
  await place(assemblePortable({ version, flags, program, runtime, archive }), out);
}

async function place(bytes: Uint8Array, out: string): Promise<void> {
  await Deno.writeFile(`${out}.new`, bytes, { mode: 0o755 });
  await Deno.chmod(`${out}.new`, 0o755);
  await Deno.rename(`${out}.new`, out);
}

async function finish(plan: Plan, out: string, how: string): Promise<number> {
  const sums = new Map<string, string>();
  for await (const { name, isFile } of Deno.readDir(plan.dist)) {
    if (isFile && name.startsWith(`roost-${plan.version}-`) && !name.endsWith(".new")) {
      sums.set(name, sha256(await Deno.readFile(`${plan.dist}/${name}`)));
    }
  }
  await Deno.writeTextFile(`${plan.dist}/SHA256SUMS`, formatSums(sums));
  const { size } = await Deno.stat(out);
  const name = out.slice(out.lastIndexOf("/") + 1);
  console.log(`dist/${name}: ${how}, ${(size / 1e6).toFixed(1)} MB, commit ${plan.commit ?? "unknown"}`);
  console.log(`flags: ${plan.flags.join(" ")}`);
  if (plan.target === Deno.build.target) await printStarts(plan, out);
  return 0;
}

async function printStarts(plan: Plan, out: string): Promise<void> {
  const cache = await Deno.makeTempDir({ prefix: "roost-start-" });
  try {
    const times: number[] = [];
    let said = "";
    for (let i = 0; i < 4; i++) {
      const began = performance.now();
      said = await run(out, ["--version"], plan.top, { XDG_CACHE_HOME: cache, CACHE_DIRECTORY: "" });
      times.push(performance.now() - began);
    }
    console.log(said.trim());
    const [first = 0, ...later] = times;
    console.log(`--version: first start ${first.toFixed(0)} ms, later ${Math.min(...later).toFixed(0)} ms`);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

function versionLine(plan: Plan, kind: string): string {
  return `roost ${plan.version} (commit ${
    plan.commit ?? "unknown"
  }, ${plan.target}, ${kind}, Deno ${Deno.version.deno})`;
}
