/** Hosts and destinations that a running server leaves alone, for people. */
import type { Config } from "../config/config.ts";
import { control } from "./control.ts";
import type { Tools } from "./terminal.ts";

/** A line of it: "mx.test 192.0.2.1:25" or a domain, and why. Times as the server tells them. */
export interface AwayPlace {
  readonly kind: "host" | "destination";
  readonly name: string;
  readonly until: string;
  readonly failures: number;
  readonly why: string;
}

/** What the server tells; null when none answers. */
export async function awayPlaces(
  tools: Tools,
  config: Config,
): Promise<{ readonly raw: unknown; readonly places: readonly AwayPlace[] } | null> {
  const reply = await control(tools, config, "GET", "/api/queue/away");
  if (reply.kind !== "ok") return null;
  const part = (name: "hosts" | "destinations"): readonly unknown[] => {
    const { body } = reply;
    const value = typeof body === "object" && body !== null ? Reflect.get(body, name) : null;
    return Array.isArray(value) ? value : [];
  };
  const text = (of: unknown, name: string) =>
    typeof of === "object" && of !== null ? String(Reflect.get(of, name) ?? "") : "";
  const places = [
    ...part("hosts").map((h): AwayPlace => ({
      kind: "host",
      name: `${text(h, "host")} (${text(h, "address")} port ${text(h, "port")})`,
      until: text(h, "until"),
      failures: Number(text(h, "failures")),
      why: text(h, "why"),
    })),
    ...part("destinations").map((d): AwayPlace => ({
      kind: "destination",
      name: text(d, "destination"),
      until: text(d, "until"),
      failures: Number(text(d, "failures")),
      why: "",
    })),
  ];
  return { raw: reply.body, places };
}
