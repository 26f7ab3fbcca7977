import { formatReference } from "../../config/reference.ts";
import type { Verb } from "../verb.ts";

export const verb: Verb = {
  usage: ["help [VERB]", "help config"],
  about: "Tells about all verbs, about one, or about every key of roost.yaml.",
  options: {},
  run({ terminal }) {
    terminal.out(formatReference());
    return Promise.resolve(0);
  },
};
