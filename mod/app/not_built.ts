import type { Config } from "../config/config.ts";

/** What a config asks for and this version does not do, in words: a key that is read and ignored in silence would be a trap. */
export function notBuilt(config: Config): string[] {
  const told: string[] = [];
  if (config.listen.managesieve.length > 0) {
    told.push("listen.managesieve: this version has no filter scripts, so nothing listens there");
  }
  return told;
}
