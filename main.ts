import { runCommandLine } from "./mod/app/command_line.ts";
import { machineTerminal, machineTools } from "./mod/app/machine.ts";

Deno.exit(await runCommandLine(Deno.args, machineTerminal, machineTools));
