/** Other people's SPF checks: Debian's pyspf (python3-spf) and Mail::SPF (libmail-spf-perl), asked through a name server of ours. */
import type { SpfQuestion } from "../../mod/auth/spf/check.ts";
import { run } from "../support/programs.ts";

export interface PeerAnswer {
  readonly result: string;
  /** What the domain explains; null where it is the program's own words. */
  readonly explanation: string | null;
  /** What the program says about errors. */
  readonly why: string;
}

const PYSPF = `
import json, sys
import DNS, spf
port = int(sys.argv[1])
spf.MAX_VOID_LOOKUPS = int(sys.argv[2])
def lookup(name, qtype, strict=True, timeout=20):
    try:
        reply = DNS.DnsRequest(name, qtype=qtype, server=["127.0.0.1"], port=port, timeout=5).req()
    except Exception as e:
        raise spf.TempError("DNS " + str(e))
    if reply.header["rcode"] not in (0, 3):
        raise spf.TempError("DNS rcode %d" % reply.header["rcode"])
    return [((a["name"], a["typename"]), a["data"]) for a in reply.answers]
spf.DNSLookup = lookup
for line in sys.stdin:
    ask = json.loads(line)
    q = spf.query(i=ask["ip"], s=ask["mailFrom"], h=ask["helo"], receiver="unknown", strict=True)
    result, code, said = q.check()
    own = result != "fail" or said == "SPF fail - not authorized"
    print(json.dumps({"result": result, "explanation": None if own else said, "why": said}))
`;

const MAIL_SPF = `
use strict; use warnings; use JSON::PP; use Mail::SPF; use Net::DNS;
my $dns = Net::DNS::Resolver->new(nameservers => ["127.0.0.1"], port => $ARGV[0], recurse => 1, udp_timeout => 5, retry => 1);
my $server = Mail::SPF::Server->new(dns_resolver => $dns, hostname => "unknown", default_authority_explanation => "OWN",
  max_void_dns_lookups => $ARGV[1], query_rr_types => Mail::SPF::Server->query_rr_type_txt);
my $json = JSON::PP->new->canonical;
while (my $line = <STDIN>) {
  my $ask = $json->decode($line);
  my $helo = $ask->{mailFrom} eq "";
  my $request = Mail::SPF::Request->new(versions => [1], scope => $helo ? "helo" : "mfrom",
    identity => $helo ? $ask->{helo} : $ask->{mailFrom}, ip_address => $ask->{ip}, helo_identity => $ask->{helo});
  my $result = eval { $server->process($request) };
  if (!$result) { print $json->encode({ result => "crash", explanation => undef, why => "$@" }), "\\n"; next; }
  my $said = $result->isa("Mail::SPF::Result::Fail") ? $result->authority_explanation : "OWN";
  print $json->encode({ result => $result->code, explanation => $said eq "OWN" ? undef : $said, why => "" . $result->text }), "\\n";
}
`;

/** Who is asked, and how many void look-ups it takes in a check. */
export interface PeerOptions {
  readonly port: number;
  readonly voids: number;
}

/** What pyspf, in its strict mode, answers. */
export function askPyspf(
  { port, voids }: PeerOptions,
  questions: readonly SpfQuestion[],
): Promise<PeerAnswer[]> {
  return ask("/usr/bin/python3", ["-c", PYSPF, `${port}`, `${voids}`], questions);
}

/** What Mail::SPF answers. */
export function askMailSpf(
  { port, voids }: PeerOptions,
  questions: readonly SpfQuestion[],
): Promise<PeerAnswer[]> {
  return ask("/usr/bin/perl", ["-e", MAIL_SPF, `${port}`, `${voids}`], questions);
}

async function ask(
  program: string,
  args: readonly string[],
  questions: readonly SpfQuestion[],
): Promise<PeerAnswer[]> {
  const stdin = questions.map((q) => `${JSON.stringify(q)}\n`).join("");
  const ran = await run(program, args, { stdin, seconds: 100 });
  if (ran.code !== 0) throw new Error(`${program} ended with ${ran.code}: ${ran.err}`);
  return ran.out.trim().split("\n").map((line) => JSON.parse(line));
}
