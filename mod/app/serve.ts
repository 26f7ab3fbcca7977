/** `roost serve`: the process around a server. */
import { CountingLog } from "../status/metrics.ts";
import { systemClock } from "../sys/clock.ts";
import { KEPT_DIRS } from "../base/limits.ts";
import { DenoFs } from "../sys/fs.ts";
import { withTurns } from "../sys/loop_turns.ts";
import type { ServiceManager } from "../sys/service_manager.ts";
import { setUpLog } from "../sys/log.ts";
import { systemRandom } from "../sys/random.ts";
import type { Log } from "../base/log.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { Observed } from "./observed.ts";
import type { Platform } from "./platform.ts";
import { Server } from "./server.ts";
import { onSignals } from "./signals.ts";
import { TracedLog } from "../trace/traced_log.ts";
import { BufferPool } from "../wire/buffer_pool.ts";
import { traceRecorder } from "./trace.ts";
import type { ExitCode, Terminal } from "./terminal.ts";
import { readBuild } from "./version.ts";

export interface ServeOptions {
  /** Called once everything listens. */
  onReady?(server: Server): void;
  /** Ends the server when it aborts, as SIGTERM does. */
  readonly stop?: AbortSignal;
  /** Least important log lines shown, instead of the config's. */
  readonly logLevel?: Config["log"]["level"];
}

/** Runs the server until a signal ends it. Faults at the start go to the terminal, one line each. */
export async function serve(
  configPath: string,
  terminal: Terminal,
  options: ServeOptions = {},
): Promise<ExitCode> {
  const quiet = setUpLog({
    level: options.logLevel ?? "info",
    format: terminal.isTerminal ? "text" : "json",
    colours: terminal.isTerminal,
  });
  const fs = new DenoFs(quiet);
  const loaded = await loadConfig(fs, configPath);
  if (!loaded.ok) return fail(terminal, loaded.error);
  const { log: wanted } = loaded.value.config;
  const observed = new Observed(systemClock, loaded.value.config.hostname);
  const asText = wanted.format === "text" || wanted.format === "auto" && terminal.isTerminal;
  const log = new CountingLog(
    setUpLog({
      level: options.logLevel ?? wanted.level,
      format: asText ? "text" : "json",
      colours: asText && terminal.isTerminal,
    }),
    observed.counts,
    observed.watch,
  );
  const build = readBuild();
  const fsKept = new DenoFs(log, { keptDirs: KEPT_DIRS });
  const trace = traceRecorder(loaded.value.config, { fs: fsKept, clock: systemClock, log });
  const platform: Platform = {
    fs: fsKept,
    clock: withTurns(systemClock),
    random: systemRandom,
    log: new TracedLog(log, trace),
    trace,
    pid: Deno.pid,
    machine: Deno.hostname(),
    timings: observed.timings,
    buffers: new BufferPool(),
    version: build.version,
    commit: build.commit,
  };
  keepRunning(log);
  const started = await Server.start(platform, observed, configPath);
  if (!started.ok) return fail(terminal, started.error);
  const server = started.value;
  const done = Promise.withResolvers<void>();
  const forget = onSignals({ reload: () => void server.reload(), stop: done.resolve });
  options.stop?.addEventListener("abort", () => done.resolve(), { once: true });
  for (const l of server.listeners.list()) {
    log.info("listening", { service: l.kind, address: l.address, port: l.port });
  }
  for (const h of server.http) log.info("listening", { service: h.kind, address: h.address, port: h.port });
  log.info("ready", { version: build.version, hostname: server.config.hostname });
  const manager = await managerOf(terminal, platform);
  if (manager) {
    const { supervise } = await import("./supervision.ts");
    void supervise(server, manager);
  }
  options.onReady?.(server);
  await done.promise;
  manager?.stopping();
  await server.stop();
  await trace.close();
  await manager?.close();
  forget();
  return 0;
}

/** The service manager that waits for us, as systemd does by Type=notify; null for none. */
async function managerOf(terminal: Terminal, platform: Platform): Promise<ServiceManager | null> {
  if (!terminal.env("NOTIFY_SOCKET")) return null;
  const { serviceManager } = await import("./supervision.ts");
  return serviceManager(terminal.env, platform);
}

/** What no one caught ends in the log, not the process: one bug must not take everybody's mail down. */
function keepRunning(log: Log): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled rejection", {}, event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("uncaught exception", {}, event.error);
  });
}

function fail(terminal: Terminal, lines: readonly string[]): ExitCode {
  for (const line of lines) terminal.err(line);
  return 1;
}
