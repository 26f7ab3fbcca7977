import { assertEquals, assertMatch } from "../support/assert.ts";
import { REPLY } from "../../mod/smtp/reply.ts";
import { adviceForOurs, adviceForTheirs } from "../../mod/trace/advice.ts";

Deno.test("adviceForOurs() has something to do for each refusal that an operator can change", () => {
  const cases: readonly (readonly [{ readonly lines: readonly string[] }, RegExp])[] = [
    [REPLY.relayDenied, /login/],
    [REPLY.unknownUser, /roost user add/],
    [REPLY.disabledUser, /roost user enable/],
    [REPLY.senderNotYours, /roost alias add/],
    [REPLY.fromNotYours, /roost alias add/],
    [REPLY.greylisted, /come again/],
    [REPLY.tooManyMessages, /messages_per_minute/],
    [REPLY.tooManyConnections, /trusted/],
    [REPLY.accountRate, /recipients_per_hour/],
    [REPLY.overQuota, /quota/],
    [REPLY.tooBig, /message_size/],
    [REPLY.heloRefused, /refuse_helo/],
    [REPLY.earlyTalker, /refuse_early_talkers/],
    [REPLY.noSpace, /disk/],
    [REPLY.authFailed, /roost user passwd/],
    [REPLY.notDevice, /devices/],
    [REPLY.deviceInside, /devices/],
  ];
  for (const [reply, advice] of cases) assertMatch(adviceForOurs(reply.lines.join(" ")), advice);
  assertEquals(adviceForOurs("OK"), "");
});

Deno.test("adviceForTheirs() reads what others answer", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["5.4.4 no way to x.example: this server's network is closed", /routes/],
    ["5.1.2 the domain x.example does not exist", /misspelt/],
    ["554 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org", /roost check/],
    ["451 4.7.1 Greylisted, please try again later", /by itself/],
    ["550 5.1.1 User unknown", /address is wrong/],
    ["552 5.2.2 mailbox full", /make room/],
    ["4.7.5 certificate is not valid", /TLS/],
    ["4.4.1 connection timed out", /port 25/],
    ["552 5.3.4 too big", /smaller/],
    ["4.4.3 cannot look up MX of x.example", /DNS/],
  ];
  for (const [text, advice] of cases) assertMatch(adviceForTheirs(text), advice, text);
  assertEquals(adviceForTheirs("250 2.0.0 OK"), "");
});
