/** An executable confined as the systemd unit confines it (unit_sandbox.py), in folders of its own. Needs root. */

const TOP = new URL("../../", import.meta.url).pathname;
/** Nobody's on Debian: not one of its services', so that no other process is the same user's. */
export const USER = 61_234;

/** `await using` removes its folders. */
export class Confinement implements AsyncDisposable {
  /** Not below /tmp, /home or /root, which the unit hides. */
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Copies the executable out, and makes the unit's folders, an empty one of root's, and the command. */
  static async make(executable: string): Promise<Confinement> {
    const confinement = new Confinement(await Deno.makeTempDir({ dir: "/var/lib", prefix: "roost-built-" }));
    const { dir, state } = confinement;
    await Deno.chmod(dir, 0o755);
    await Deno.copyFile(executable, `${dir}/roost`);
    await Deno.chmod(`${dir}/roost`, 0o755);
    for (const path of ["empty", "root", "etc/roost", "var/lib/roost", "var/cache/roost"]) {
      await Deno.mkdir(`${dir}/${path}`, { recursive: true });
      if (path.endsWith("/roost")) await Deno.chown(`${dir}/${path}`, USER, USER);
    }
    await Deno.writeTextFile(
      confinement.command,
      `#!/bin/sh
# Verbs may be run from a folder of the test's; the server starts where nothing is.
directory=${dir}/empty
case $1,$PWD in serve,*) ;; *,${state}/*) directory=$PWD ;; esac
unset XDG_CACHE_HOME DENO_DIR TMPDIR
export HOME=${state}
exec python3 -B ${TOP}tests/support/unit_sandbox.py ${TOP}systemd/roost.service --user ${USER} --root ${dir}/root \\
  --folders ${dir} --directory "$directory" -- ${dir}/roost "$@"
`,
    );
    await Deno.chmod(confinement.command, 0o755);
    return confinement;
  }

  /** Takes Roost's arguments. */
  get command(): string {
    return `${this.dir}/confined`;
  }

  /** StateDirectory=, which is Roost's to write to. */
  get state(): string {
    return `${this.dir}/var/lib/roost`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}
