/** What the process does on signals. */
export interface SignalActions {
  reload(): void;
  stop(): void;
}

/** SIGHUP reloads; SIGTERM and SIGINT stop, and a second one ends the process at once. The result forgets the handlers. */
export function onSignals(actions: SignalActions): () => void {
  let stopping = false;
  const stop = () => {
    if (stopping) Deno.exit(130);
    stopping = true;
    actions.stop();
  };
  const handlers: [Deno.Signal, () => void][] = [["SIGINT", stop]];
  // Windows knows neither.
  if (Deno.build.os !== "windows") handlers.push(["SIGTERM", stop], ["SIGHUP", () => actions.reload()]);
  for (const [signal, handler] of handlers) Deno.addSignalListener(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) Deno.removeSignalListener(signal, handler);
  };
}
