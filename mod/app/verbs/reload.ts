import { control } from "../control.ts";
import { readConfig } from "../find_config.ts";
import { CommandFault } from "../terminal.ts";
import { CONFIG_OPTION, type Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["reload [--config FILE]"],
  about:
    `Makes the running server read config, accounts and certificates again, without dropping a connection. When something in
them is wrong, it says what, and the server goes on with what it had.`,
  options: CONFIG_OPTION,
  async run(call) {
    const config = await readConfig(call);
    const reply = await control(call.tools, config, "POST", "/api/reload");
    if (reply.kind === "ok") {
      call.terminal.out("reloaded");
      return 0;
    }
    if (reply.kind === "refused") {
      throw new CommandFault([...reply.why.split("\n"), "nothing changed in the running server"]);
    }
    throw new CommandFault(`nothing to reload: ${reply.why}`);
  },
};
