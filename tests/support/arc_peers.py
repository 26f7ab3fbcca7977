"""dkimpy's ARC, for the differential test.

Standard input: one JSON object a line. The first holds "keys" (name to TXT record); the others are jobs: {"id", "do": "verify", "message"} or
{"id", "do": "seal", "message", "domain", "selector", "pem"}, messages in base64. A message to be sealed has an Authentication-Results of its
domain. Standard output: a JSON line for each: {"id", "result"} or {"id", "set"}, the latter in base64.
"""

import base64
import json
import sys

import dkim


def main():
    keys = json.loads(sys.stdin.readline())["keys"]

    def ask(name, timeout=5):
        record = keys.get(name.decode().rstrip("."))
        return record.encode() if record else None

    for line in sys.stdin:
        job = json.loads(line)
        message = base64.b64decode(job["message"])
        if job["do"] == "verify":
            result, _, _ = dkim.arc_verify(message, dnsfunc=ask)
            said = {"result": result.decode()}
        else:
            lines = dkim.arc_sign(message, job["selector"].encode(), job["domain"].encode(), job["pem"].encode(),
                                  job["domain"].encode(), linesep=b"\r\n")
            said = {"set": base64.b64encode(b"".join(lines)).decode()}
        print(json.dumps({"id": job["id"], **said}))


main()
