/** Sessions of old devices: who a peer is by its address, and what it may. */
import type { Log } from "../base/log.ts";
import type { Config } from "../config/config.ts";
import { deviceAt } from "../config/devices.ts";
import { deviceAccount, DevicePolicy } from "../inbound/device_policy.ts";
import type { Policy, SmtpSettings } from "../smtp/ports.ts";
import type { Services } from "./build.ts";

/** What is particular about the session of a peer; one that is no device is turned away by the policy. */
export function deviceSession(
  address: string,
  config: Config,
  { smtp, directory, deviceRates: rates }: Pick<Services, "smtp" | "directory" | "deviceRates">,
  log: Log,
): { readonly policy: Policy; readonly settings: Partial<SmtpSettings> } {
  const device = deviceAt(config, address);
  const rules = device && { ...device, rate: { perHour: device.perHour, perDay: device.perDay } };
  const policy = new DevicePolicy(smtp.policy, rules, { directory, rates, log });
  const account = device ? deviceAccount(device.as, directory) : null;
  if (!device || account === null) return { policy, settings: {} };
  const messageSize = Math.min(device.messageSize, config.limits.messageSize);
  return { policy, settings: { account, messageSize } };
}
