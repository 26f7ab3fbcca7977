/** Programs that a build runs. */

/** Runs a program to its end and gives what it printed; throws with the end of what it said when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    const said = decoder.decode(stderr).trim() || decoder.decode(stdout).trim();
    throw new Error(`${command.replace(/^.*\//, "")} ${args[0] ?? ""} failed (${code}): ${said}`);
  }
  return decoder.decode(stdout);
}
