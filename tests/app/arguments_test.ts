import { type Options, parseArguments } from "../../mod/app/arguments.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

const KNOWN: Options = {
  json: { doc: "" },
  config: { value: "FILE", short: "c", doc: "" },
  ignore: { short: "i", doc: "" },
};

Deno.test("parseArguments() sorts options from operands", () => {
  const cases: [string[], Record<string, string>, string[]][] = [
    [[], {}, []],
    [["a", "--json", "b"], { json: "" }, ["a", "b"]],
    [["--config", "x", "a"], { config: "x" }, ["a"]],
    [["--config=x=y"], { config: "x=y" }, []],
    [["--config="], { config: "" }, []],
    [["-c", "x"], { config: "x" }, []],
    [["-cx", "-i"], { config: "x", ignore: "" }, []],
    [["--", "--json", "-c"], {}, ["--json", "-c"]],
    [["-"], {}, ["-"]],
    [["--config", "--js"], { config: "--js" }, []],
    [["--config=--json"], { config: "--json" }, []],
    [["--config", "a", "--config", "b"], { config: "b" }, []],
  ];
  for (const [args, options, operands] of cases) {
    const parsed = parseArguments(args, KNOWN);
    assertEquals(Object.fromEntries(parsed.options), options, args.join(" "));
    assertEquals(parsed.operands, operands, args.join(" "));
  }
});

Deno.test("parseArguments() refuses what it does not know", () => {
  const cases: [string[], string][] = [
    [["--jso"], "did you mean --json?"],
    [["--zzzzzz"], "there is no option --zzzzzz"],
    [["--toString"], "there is no option"],
    [["-z"], "there is no option -z"],
    [["--json=1"], "takes no value"],
    [["-ix"], "takes no value"],
    [["-c"], "--config needs a value: FILE"],
    [["--config", "--json"], "--config needs a value: FILE"],
    [["-c", "--json"], "--config needs a value: FILE"],
    [["--config", "--config=x"], "--config needs a value: FILE"],
  ];
  for (const [args, text] of cases) assertThrows(() => parseArguments(args, KNOWN), text);
});
