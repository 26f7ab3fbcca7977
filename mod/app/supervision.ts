/** The server as its service manager (systemd) sees it: ready, reloading, alive, stopping. Loaded only where there is one. */
import { MANAGER_KNOCKS, MANAGER_LEAST, MANAGER_LOOK } from "../base/limits.ts";
import { managerOrders, openManager, type ServiceManager } from "../sys/service_manager.ts";
import type { Platform } from "./platform.ts";
import type { Server } from "./server.ts";

/** The way to the service manager; null where there is none. */
export function serviceManager(
  env: (name: string) => string | undefined,
  platform: Platform,
): ServiceManager | null {
  const orders = managerOrders(env, platform.pid);
  return orders && openManager(orders, platform.random, platform.log);
}

/** Tells the manager all that it wants to know of a server that was started, until that stops. Never rejects. */
export async function supervise(server: Server, manager: ServiceManager): Promise<void> {
  const { clock, log } = server.platform;
  server.onReload = async (done) => {
    manager.reloading();
    const fault = await done.catch(String);
    manager.ready(fault === null ? statusOf(server) : `Goes on with the old configuration: ${fault}`);
  };
  if (!await answering(server)) log.error("a listener does not let our own connections in");
  if (server.stopping.aborted) return;
  let told = statusOf(server);
  manager.ready(told);
  // Three times as often as it wants: one that is left out must not end the server.
  const wanted = manager.watchdog === null ? MANAGER_LOOK : Math.min(MANAGER_LOOK, manager.watchdog / 3);
  const every = Math.max(MANAGER_LEAST, wanted);
  while (!server.stopping.aborted) {
    // That we get here says that the event loop turns.
    const shut = server.doors.find((d) => !d.accepting);
    if (!shut) manager.alive();
    else log.error("not accepting", { address: shut.address, port: shut.port });
    const status = statusOf(server);
    if (status !== told) manager.status(status);
    told = status;
    await clock.sleep(every, server.stopping);
  }
}

/** Whether all that is listened on lets a connection in, within some tries: a firewall may forbid it to us alone. */
async function answering(server: Server): Promise<boolean> {
  for (let tries = 1;; tries++) {
    const answers = await Promise.all(server.doors.map((d) => d.answers()));
    if (answers.every(Boolean) || tries === MANAGER_KNOCKS || server.stopping.aborted) {
      return answers.every(Boolean);
    }
  }
}

/** A line for people. */
function statusOf(server: Server): string {
  const { connections, services, room, memory } = server;
  const parts = [`${connections.sessions} sessions`, `${services.queue.size} messages in the queue`];
  if (room.short) parts.push("the disk is nearly full: takes no mail");
  if (memory.tight) parts.push("memory is short");
  return parts.join(", ");
}
