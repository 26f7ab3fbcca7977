/** Ways of mail in the config: from what is written to what is used. Pure. */
import type { YamlPath } from "../yaml/source.ts";
import type { ConfiguredRoute, ConfiguredWay } from "./config.ts";
import { absolutePath } from "./paths.ts";
import type { WrittenWay } from "./schema.ts";

type Note = (path: YamlPath, message: string) => void;

/** Where the files are that ways name, and those they do not. Absolute. */
export interface WayFolders {
  /** The config's. */
  readonly folder: string;
  readonly data: string;
}

/** The ways of a section of the config. */
export function waysOf(
  section: "routes" | "sender_routes",
  written: Readonly<Record<string, WrittenWay>>,
  folders: WayFolders,
  problem: Note,
): ReadonlyMap<string, ConfiguredWay> {
  const ways = new Map<string, ConfiguredWay>();
  for (const [key, way] of Object.entries(written)) {
    const [first, ...others] = way.to.map((to): ConfiguredRoute => {
      const given = way.password_file === null ? null : absolutePath(folders.folder, way.password_file);
      const usual = to.user === null || to.password !== null
        ? null
        : `${folders.data}/keys/${encodeURIComponent(to.user)}@${encodeURIComponent(to.host)}.password`;
      return { ...to, passwordFile: given ?? usual };
    });
    if (!first) {
      problem(
        [section, key, "to"],
        `${section}.${key}.to: an empty list leads nowhere; name a host, or take the line out`,
      );
      continue;
    }
    const sources = sourcesOf([section, key, "source_address"], way.source_address, problem);
    ways.set(key, { to: [first, ...others], sources, helo: way.helo });
  }
  return ways;
}

/** Addresses to send from, of which there can be one of each family. */
export function sourcesOf(path: YamlPath, addresses: readonly string[], problem: Note): readonly string[] {
  for (const family of ["IPv4", "IPv6"] as const) {
    if (addresses.filter((a) => a.includes(":") === (family === "IPv6")).length > 1) {
      problem(
        path,
        `${path.join(".")}: more than one ${family} address; mail is sent from one of each family at most`,
      );
    }
  }
  return addresses;
}
