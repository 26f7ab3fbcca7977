import { findConfig } from "../find_config.ts";
import { CONFIG_OPTION, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["serve [--config FILE]"],
  about:
    "Runs the server until it gets SIGTERM or SIGINT. SIGHUP makes it read config, accounts and certificates again.",
  options: CONFIG_OPTION,
  async run(call) {
    const config = await findConfig(call);
    const { serve } = await import("../serve.ts");
    return await serve(config, call.terminal);
  },
};
