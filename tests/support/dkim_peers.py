"""dkimpy and OpenDKIM's library in one process, for the differential test of DKIM.

Standard input: one JSON object a line. The first holds "keys" (name to TXT record) and "folder"; the others are jobs:
{"id", "do": "verify", "message"} or {"id", "do": "sign", "by": "dkimpy" | "opendkim", "message", "pem", "domain", "selector", "type",
"canon": [header, body], "names"}, messages in base64. Standard output: a JSON line for each, with what each peer says.
"""

import base64
import ctypes
import json
import re
import sys

import dkim

OK = 0
FORMS = {"simple": 0, "relaxed": 1}
RSA_SHA256, ED25519_SHA256 = 1, 2
SETOPT = 1
OPTS_QUERYMETHOD, OPTS_QUERYINFO = 6, 7
QUERY_FILE = 1


class OpenDkim:
    """As much of libopendkim as verifying and signing whole messages takes."""

    def __init__(self, keyfile):
        lib = ctypes.CDLL("libopendkim.so.11")
        pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        size = ctypes.c_size_t
        for name, result, arguments in [
            ("dkim_init", pointer, [pointer, pointer]),
            ("dkim_options", number, [pointer, number, number, pointer, size]),
            ("dkim_verify", pointer, [pointer, text, pointer, ctypes.POINTER(number)]),
            ("dkim_sign", pointer, [pointer, text, pointer, text, text, text, number, number, number,
                                    ctypes.c_ssize_t, ctypes.POINTER(number)]),
            ("dkim_chunk", number, [pointer, text, size]),
            ("dkim_eom", number, [pointer, pointer]),
            ("dkim_getsighdr_d", number, [pointer, size, ctypes.POINTER(pointer), ctypes.POINTER(size)]),
            ("dkim_geterror", text, [pointer]),
            ("dkim_free", number, [pointer]),
        ]:
            function = getattr(lib, name)
            function.restype, function.argtypes = result, arguments
        self.lib = lib
        self.state = lib.dkim_init(None, None)
        method = number(QUERY_FILE)
        self.option(OPTS_QUERYMETHOD, ctypes.byref(method), ctypes.sizeof(method))
        self.info = ctypes.create_string_buffer(keyfile.encode())
        self.option(OPTS_QUERYINFO, self.info, len(keyfile))

    def option(self, name, data, length):
        if self.lib.dkim_options(self.state, SETOPT, name, data, length) != OK:
            raise RuntimeError("dkim_options")

    def feed(self, handle, message):
        for chunk in (message, None):
            status = self.lib.dkim_chunk(handle, chunk, len(chunk) if chunk else 0)
            if status != OK:
                return status
        return self.lib.dkim_eom(handle, None)

    def verify(self, message):
        status = ctypes.c_int()
        handle = self.lib.dkim_verify(self.state, b"id", None, ctypes.byref(status))
        try:
            return self.feed(handle, message) == OK
        finally:
            self.lib.dkim_free(handle)

    def sign(self, job, message):
        status = ctypes.c_int()
        algorithm = RSA_SHA256 if job["type"] == "rsa" else ED25519_SHA256
        header, body = (FORMS[form] for form in job["canon"])
        handle = self.lib.dkim_sign(self.state, b"id", None, job["pem"].encode(), job["selector"].encode(),
                                    job["domain"].encode(), header, body, algorithm, -1, ctypes.byref(status))
        if not handle:
            raise RuntimeError("dkim_sign: %d" % status.value)
        try:
            if self.feed(handle, message) != OK:
                raise RuntimeError("not signed: %r" % self.lib.dkim_geterror(handle))
            text, length = ctypes.c_void_p(), ctypes.c_size_t()
            self.lib.dkim_getsighdr_d(handle, 16, ctypes.byref(text), ctypes.byref(length))
            value = ctypes.string_at(text, length.value)
            # The library leaves line ends as milters want them.
            value = re.sub(rb"\r?\n", b"\r\n", value)
            return b"DKIM-Signature: " + value + b"\r\n"
        finally:
            self.lib.dkim_free(handle)


def by_dkimpy(message, keys):
    try:
        return dkim.DKIM(message).verify(dnsfunc=lambda name, timeout=5: keys.get(name.decode().rstrip("."), "").encode())
    except dkim.DKIMException:
        return False


def sign_dkimpy(job, message):
    canon = tuple(form.encode() for form in job["canon"])
    algorithm = b"rsa-sha256" if job["type"] == "rsa" else b"ed25519-sha256"
    names = [name.encode() for name in job["names"]]
    return dkim.sign(message, job["selector"].encode(), job["domain"].encode(), job["pem"].encode(), canonicalize=canon,
                     include_headers=names, signature_algorithm=algorithm)


def main():
    setup = json.loads(sys.stdin.readline())
    keyfile = setup["folder"] + "/keys.txt"
    with open(keyfile, "w") as out:
        for name, record in setup["keys"].items():
            out.write("%s %s\n" % (name, record))
    opendkim = OpenDkim(keyfile)
    for line in sys.stdin:
        job = json.loads(line)
        message = base64.b64decode(job["message"])
        if job["do"] == "verify":
            said = {"dkimpy": by_dkimpy(message, setup["keys"]), "opendkim": opendkim.verify(message)}
        else:
            signed = sign_dkimpy(job, message) if job["by"] == "dkimpy" else opendkim.sign(job, message)
            said = {"signature": base64.b64encode(signed).decode()}
        print(json.dumps({"id": job["id"], **said}))


main()
