/**
 * The built files: the same octets from any folder; started as the unit starts them, on the ports of mail; and the one for a Raspberry Pi
 * on an emulated processor. Needs root. `deno task built` runs the end-to-end tests against such a file.
 */
import { Alone, NO_ATTEMPTS, started } from "../support/alone.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { Confinement, USER } from "../support/confinement.ts";
import { freePort } from "../support/free_ports.ts";
import { buildFile } from "../support/portable.ts";
import { must } from "../support/programs.ts";
import { runRoost } from "../support/roost_process.ts";

const TOP = new URL("../../", import.meta.url).pathname;
const MESSAGE =
  "From: <a@example.org>\r\nTo: <you@home.test>\r\nSubject: it fits\r\n\r\nThrough one file.\r\n";

/** The sources in another folder, with the archives of runtimes that were fetched already, so that nothing is fetched twice. */
async function copySources(to: string): Promise<void> {
  await Deno.mkdir(`${to}dist`, { recursive: true });
  const all = [...Deno.readDirSync(TOP)].map((e) => e.name);
  const taken = ["main.ts", "deno.json", "deno.lock", "mod", "systemd", ".git"].filter((name) =>
    all.includes(name)
  );
  await must("cp", ["-a", ...taken, to], { cwd: TOP });
  await Deno.symlink(`${TOP}dist/runtime`, `${to}dist/runtime`);
}

Deno.test("built: two folders give the same octets, and SHA256SUMS tells of them", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-twice-" });
  try {
    const here = await buildFile(TOP, "--portable");
    const sums: string[] = [];
    // Elsewhere, deeper, with other rights.
    const there = `${dir}/another folder/ü/`;
    await copySources(there);
    await must("chmod", ["-R", "go-rwx", `${there}mod`]);
    const second = await buildFile(there, "--portable");
    for (const { path } of [here, second]) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      assertMatch(await must("sha256sum", ["--check", "SHA256SUMS"], { cwd: folder }), /-x86_64-.*: OK$/m);
      sums.push((await must("sha256sum", [path])).split(" ")[0] ?? "");
    }
    assertEquals(sums[0], sums[1]);
    console.log(second.said.trim());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("built: installed as the unit's comments tell, it serves the ports of mail with the unit's rights, on a network without routes", async () => {
  await using alone = await Alone.make();
  await using confinement = await Confinement.make((await buildFile(TOP)).path);
  const { dir, state } = confinement;
  const config = `${dir}/etc/roost/roost.yaml`;
  // As "runuser -u roost" does it: the user alone, without the unit.
  const user = ["env", "-i", `HOME=${state}`, `XDG_CACHE_HOME=${dir}/var/cache`, "PATH=/usr/bin:/bin"];
  const made = await alone.must(
    "setpriv",
    ...[
      `--reuid=${USER}`,
      `--regid=${USER}`,
      "--clear-groups",
      ...user,
      `${dir}/roost`,
      "quickstart",
      "you@home.test",
    ],
    ...["--closed", "--hostname", "mail.home.test", "--dir", `${dir}/etc/roost`, "--data", state],
  );
  const password = /password\D*?(\S{4}-\S+)/i.exec(made)?.[1] ?? "";
  await using server = await alone.launch(
    /"event":"ready"/,
    confinement.command,
    "serve",
    "--config",
    config,
  );

  const status = await Deno.readTextFile(`/proc/${server.pid}/status`);
  assertMatch(status, new RegExp(`^Uid:\t${USER}\t${USER}\t${USER}\t${USER}$`, "m"));
  // CAP_NET_BIND_SERVICE, and nothing that could be had beside it.
  for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) {
    assertMatch(status, new RegExp(`^Cap${set}:\t0{13}400$`, "m"));
  }
  assertMatch(status, /^NoNewPrivs:\t1$[^]*^Seccomp:\t2$/m);
  assertEquals(await Deno.readLink(`/proc/${server.pid}/cwd`).then((p) => p.endsWith("/empty")), true);

  await Deno.writeTextFile(`${dir}/message`, MESSAGE);
  await alone.must(
    "curl",
    ...["-sS", "smtp://127.0.0.1:25/x", "--mail-from", "a@example.org", "--mail-rcpt", "you@home.test"],
    ...["-T", `${dir}/message`],
  );
  const got = await alone.must(
    "curl",
    ...["-sS", "--cacert", `${state}/tls/ca.pem`, "--connect-to", "mail.home.test::127.0.0.1:"],
    ...["-u", `you@home.test:${password}`, "imaps://mail.home.test:993/INBOX;MAILINDEX=1"],
  );
  assertMatch(got, /Through one file/);
  assertEquals(await server.stop(), 0, server.said);
  assertEquals(await alone.attempts(), NO_ATTEMPTS);
  assertEquals([...Deno.readDirSync(`${dir}/empty`)], []);
});

Deno.test("built: what the unit forbids is forbidden in the sandbox that stands for it", async () => {
  await using confinement = await Confinement.make("/bin/sh");
  const { dir, state } = confinement;
  const tries: readonly (readonly [string, RegExp])[] = [
    [
      `echo x >${state}/x && echo x >${dir}/var/cache/roost/x && stat -c %a ${state}/x && rm ${state}/x`,
      /^600$/,
    ],
    [`echo x >${dir}/etc/roost/x || echo x >/usr/x || echo x >/var/lib/x || echo x >/x || echo no`, /^no$/],
    ["ls /root || ls /home || echo no", /^no$/],
    ["ls -A /tmp /var/tmp | wc -l", /^3$/],
    ["ls /dev | tr '\\n' ' '", /^fd full null random shm stderr stdin stdout (?:tty )?urandom zero$/],
    ["ls -d /proc/1 /proc/sys || echo no", /^no$/],
    ["chmod u+s /tmp || mount -t tmpfs x /tmp || unshare -U true || hostname x || echo no", /^no$/],
    ["python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)' || echo no", /^no$/],
    ["chown 0 /tmp || kill -0 1 || echo no", /no$/],
  ];
  for (const [script, answer] of tries) {
    const said = await must(confinement.command, ["-c", `{ ${script}; } 2>/dev/null`]);
    assertMatch(said.trim(), answer, `${script}: ${said}`);
  }
  // A line that the sandbox does not know: it would run with something else than the unit has.
  const unit = await Deno.readTextFile(`${TOP}systemd/roost.service`);
  const other = `${dir}/other.service`;
  await Deno.writeTextFile(other, unit.replace("[Service]", "[Service]\nPrivateUsers=yes"));
  const command = await Deno.readTextFile(confinement.command);
  await Deno.writeTextFile(confinement.command, command.replace(`${TOP}systemd/roost.service`, other));
  const refused = await must(confinement.command, ["-c", "true"]).catch((e: Error) => e.message);
  assertMatch(refused, /asks for PrivateUsers, which this does not know/);
});

/** An emulated processor is ten times slower, and more where others work, too. */
const PATIENT = { seconds: 300 };

/** The file as it is, but with the runtime started by an emulator: what starts and unpacks it runs on this machine. */
async function emulated(file: string, to: string): Promise<void> {
  const emulator = "qemu-aarch64-static -L /usr/aarch64-linux-gnu";
  const text = new TextDecoder("latin1").decode((await Deno.readFile(file)).subarray(0, 32_768));
  const script = text.slice(0, text.indexOf("\n", text.indexOf('exec "$runtime" run')) + 1);
  const changed = script.replace("self=$0", `self='${file}'`)
    .replace('"$new/roost" --version', (found) => `${emulator} ${found}`)
    .replace('exec "$runtime"', `exec ${emulator} "$runtime"`);
  assertEquals(changed.split(emulator).length, 3);
  await Deno.writeTextFile(to, changed, { mode: 0o755 });
}

Deno.test("built: the file for a Raspberry Pi takes mail on an emulated one, and says on this machine whose it is", async () => {
  const dir = await Deno.makeTempDir({ prefix: "roost-arm-" });
  try {
    const { path } = await buildFile(TOP, "--portable", "--target", "aarch64-unknown-linux-gnu");
    const env = { XDG_CACHE_HOME: `${dir}/cache`, HOME: dir };
    const wrong = await must(path, ["--version"], { env }).catch((e: Error) => e.message);
    assertMatch(wrong, /this file is for 64-bit systems of the kind aarch64; this is x86_64/);

    await emulated(path, `${dir}/roost`);
    assertMatch(
      await must(`${dir}/roost`, ["--version"], { env, ...PATIENT }),
      /^roost \S+ \(commit \S+, aarch64-unknown-linux-gnu, portable\b/,
    );
    const smtp = freePort();
    const config = `${dir}/roost.yaml`;
    await Deno.writeTextFile(
      config,
      `hostname: mail.home.test\ndata: data\nnetwork: closed\nlisten: { smtp: ["127.0.0.1:${smtp}"] }\ntls: { own_ca: true }\ndomains: { home.test: {} }\n`,
    );
    const added = await runRoost(["user", "add", "you@home.test", "--password-stdin", "--config", config], {
      stdin: "secret-word\n",
    });
    assertEquals(added.code, 0, added.err);
    await using server = await started(/"event":"ready"/, `${dir}/roost`, ["serve", "--config", config], env);
    await Deno.writeTextFile(`${dir}/message`, MESSAGE);
    await must("curl", [
      ...[
        "-sS",
        `smtp://127.0.0.1:${smtp}/x`,
        "--mail-from",
        "a@example.org",
        "--mail-rcpt",
        "you@home.test",
      ],
      ...["-T", `${dir}/message`],
    ], PATIENT);
    const inbox = `${dir}/data/mail/home.test/you/new`;
    const [name = ""] = [...Deno.readDirSync(inbox)].map((e) => e.name);
    assertMatch(await Deno.readTextFile(`${inbox}/${name}`), /Through one file/);
    assertEquals(await server.stop("SIGTERM"), 0, server.said);
    assert((await Deno.stat(`${dir}/cache/roost`)).isDirectory);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
