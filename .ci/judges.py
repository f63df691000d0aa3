#!/usr/bin/env python3
"""Puts the release binary before the independent judges that lie beside the checkout.

replay.py plays what identity providers send; jwt_vectors.py tries good and forged tokens. Neither shares code with this
project. Each part prints one line; a part that fails prints what its judge said before it. Exit code 1 if one failed.
"""
import argparse
import contextlib
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ROOT.parent / "shared" / "cases"
REPLAY = CASES / "transcripts" / "replay.py"
VECTORS = CASES / "jwt" / "jwt_vectors.py"
BASE_PATH = "/Thingworx/SCIMProvider/SCIM/v2"
CLIENT_ID = "3f0c8d1e-9b52-4c7a-8e61-5a2d7b90c4f3"  # ours: no token of the vectors names it
CLIENT_NAME = "entra"  # of the token endpoint
CLIENT_SECRET = "ABC123_xyz"
JUDGE_SECONDS = 300
START_SECONDS = 60
STOP_SECONDS = 20

# The identity provider whose transcripts must all pass; those of the others are reported.
REQUIRED_IDP = "entra"
TENANT_URL_FLAGS = ("", "?aadOptscim062020")

# How often the server under test may fetch keys for an unknown one; the judge waits a little longer.
REFRESH_SECONDS = 3

# The application and the service principal that the vectors' tokens are of.
AUDIENCE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
CALLER = "00000014-0000-0000-c000-000000000000"
OBJECT_ID = "d2dfabf8-0000-4b2e-b186-9b244e1e6d99"
# What the judge may take for granted. `v2` and `not-v2` exclude each other, so there are two runs.
ALWAYS_SET = "max-lifetime,iat,oid,limit-8k,strict-v1"


class Failure(Exception):
    """Why a part failed; the text is what its judge said."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target" / "release" / "provost")
    binary = parser.parse_args().binary
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    parts = [
        part("transcripts are well-formed", lint),
        part("transcripts over HTTP", replay_all, binary),
        part("token vectors, one issuer", token_vectors, binary, False),
        part("token vectors, issuers of both versions", token_vectors, binary, True),
    ]
    return 0 if all(parts) else 1


def part(name, judge, *arguments):
    """Runs one part, prints its line, and says whether it passed."""
    started = time.monotonic()
    try:
        summary, verdict = judge(*arguments), "ok"
    except Failure as failure:
        print(failure)
        summary, verdict = "see above", "FAILED"
    print("judges: %s: %s (%s, %.0f s)" % (name, verdict, summary, time.monotonic() - started), flush=True)
    return verdict == "ok"


# ---------------------------------------------------------------- the parts
def lint():
    return passed(python(REPLAY, "--lint"))


def replay_all(binary):
    with workplace() as place, key_server(place) as (issuer, port):
        federated = {
            "clientId": CLIENT_NAME, "issuer": issuers_of(place, port)[1], "subject": OBJECT_ID,
            "audiences": [AUDIENCE], "jwtPublicKeyUrl": key_url(port),
        }
        with provost(binary, place, issuer, port, {"federatedClients": [federated]}) as base:
            token = vector(place, "ok-v1")
            client = {
                "token_path": "/oauth2/token", "client_id": CLIENT_NAME,
                "client_secret": client_secret(binary, place), "client_assertion": vector(place, "ok-v2"),
            }
            results = [replay(base + flag, token, REQUIRED_IDP, client) for flag in TENANT_URL_FLAGS]
            for idp in sorted(identity_providers() - {REQUIRED_IDP}):
                print("judges: for information, %s: %s" % (idp, gist(replay(base, token, idp))), flush=True)
    if any(result.returncode != 0 for result in results):
        raise Failure("\n".join(map(said, results)))
    return "%s: %s" % (REQUIRED_IDP, "; then ".join(map(passed, results)))


def token_vectors(binary, both_versions):
    # The key server comes up after the server under test, as in an outage that ends.
    port = free_port()
    with workplace() as place:
        first, second = issuers_of(place, port)
        jwt = {"unknownKeyRefreshSeconds": REFRESH_SECONDS, "objectIds": [OBJECT_ID]}
        if both_versions:
            jwt["issuers"] = [{
                "issuer": second, "audiences": [AUDIENCE], "callers": [CALLER], "objectIds": [OBJECT_ID],
                "openIdMetadataUrl": "http://127.0.0.1:%d/v2.0/.well-known/openid-configuration" % port,
            }]
        with provost(binary, place, first, port, {"jwt": jwt}) as base:
            version = "v2" if both_versions else "not-v2"
            return passed(python(VECTORS, "run", "--base", base, "--dir", keys(place), "--port", port,
                                 "--with", "%s,%s" % (ALWAYS_SET, version),
                                 "--refresh-wait", REFRESH_SECONDS + 1))


# --------------------------------------------------------------- the judges
def replay(base, token, idp, variables=None):
    given = [argument for pair in (variables or {}).items() for argument in ("--var", "%s=%s" % pair)]
    return python(REPLAY, "--base", base, "--token", token, "--idp", idp, *given)


def vector(place, name):
    """The token of a vector: `ok-v1` is the one that a blank Secret Token field yields."""
    vectors = map(json.loads, checked(python(VECTORS, "dump", "--dir", keys(place))).stdout.splitlines())
    return next(vector["token"] for vector in vectors if vector["id"] == name)


def client_secret(binary, place):
    """The secret of a client of the token endpoint: a token that was made for it."""
    command = [binary, "token", "create", "--name", CLIENT_NAME, "--data", place / "data"]
    return checked(subprocess.run(list(map(str, command)), capture_output=True, text=True)).stdout.strip()


def issuers_of(place, port):
    """The issuers of version 1 and of version 2."""
    text = checked(python(VECTORS, "list", "--dir", keys(place), "--port", port)).stdout
    return first_issuer(text), re.search(r"^issuer \(v2\)\s+(\S+)", text, re.MULTILINE).group(1)


def key_url(port):
    return "http://127.0.0.1:%d/common/discovery/keys" % port


def identity_providers():
    return {json.loads(path.read_text(encoding="utf-8"))["idp"] for path in REPLAY.parent.glob("*.json")}


@contextlib.contextmanager
def key_server(place):
    """The stand-in for the identity provider's key host; gives the issuer and the port."""
    port = free_port()
    command = [sys.executable, VECTORS, "serve", "--dir", keys(place), "--port", str(port)]
    log = place / "keys.log"
    with process(command, log) as child:
        answers("http://127.0.0.1:%d/stats" % port, child, log)
        yield first_issuer(log.read_text(encoding="utf-8")), port


# ---------------------------------------------------- the server under test
@contextlib.contextmanager
def provost(binary, place, issuer, key_port, settings):
    """The server on an empty data folder, with settings in the shape of the oldest release; gives its SCIM base URL."""
    platform, sso, log = place / "platform-settings.json", place / "sso-settings.json", place / "provost.log"
    # The most that a log can say: also that holds no credential.
    settings = {**settings, "log": {"level": "trace"}}
    platform.write_text(json.dumps({"PlatformSettingsConfig": {
        "BasicSettings": {"EnableSSO": True},
        "SCIMSettings": {"enableSCIM": "true", "autoStart": "true"},
        "ProvostSettings": settings,
    }}), encoding="utf-8")
    sso.write_text(json.dumps({"SCIMAccessTokenServicesSettings": {
        "scimAdminName": "Administrator",
        "authScimOAuthClientId": CLIENT_ID,
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "issuer": issuer,
        "jwtPublicKeyUrl": key_url(key_port),
    }}), encoding="utf-8")
    root = "127.0.0.1:%d" % free_port()
    command = [binary, "serve", "--platform-settings", platform, "--sso-settings", sso,
               "--data", place / "data", "--listen", root]
    with process(command, log) as child:
        answers("http://%s/ready" % root, child, log)
        yield "http://" + root + BASE_PATH
    leaked = leaks(log.read_text(encoding="utf-8", errors="replace"))
    if leaked:
        raise Failure("the log holds credentials: %s" % ", ".join(leaked))
    if child.returncode != 0:
        raise Failure("%s\nprovost did not stop by itself: exit code %s" % (tail(log), child.returncode))


# What credentials look like: those that are sent, and those that are made here.
CREDENTIALS = {
    "a JWT": r"eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}",
    "a token of ours": r"pv[ta]_[A-Za-z0-9_-]{40,}",
    "a basic credential": r"(?i)basic [A-Za-z0-9+/]{16,}",
    "a password": r"(Pw|N3w)-[0-9a-f]{8}-",
    "the client secret of the settings": re.escape(CLIENT_SECRET),
}


def leaks(log):
    """The kinds of credentials that a log holds."""
    return [kind for kind, form in CREDENTIALS.items() if re.search(form, log)]


# ------------------------------------------------------------------- tools
@contextlib.contextmanager
def workplace():
    with tempfile.TemporaryDirectory(prefix="provost-judges-") as folder:
        yield pathlib.Path(folder)


@contextlib.contextmanager
def process(command, log):
    """Starts a process, and ends it by its own id whatever happens."""
    try:
        with log.open("wb") as output:
            child = subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Failure("cannot start %s: %s" % (command[0], error)) from error
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def answers(url, child, log):
    """Waits until a server answers 200."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.1)
    raise Failure("%s\n%s never answered 200 (exit code: %s)" % (tail(log), url, child.poll()))


def python(script, *arguments):
    command = [sys.executable, script, *arguments]
    try:
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=JUDGE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failure("%s took more than %d s" % (script.name, JUDGE_SECONDS)) from error


def passed(result):
    """The last line of a judge that found nothing, and looked at something."""
    if last_line(checked(result)).startswith("0 "):
        raise Failure(said(result))
    return last_line(result)


def checked(result):
    if result.returncode != 0:
        raise Failure(said(result))
    return result


def gist(result):
    """The closing lines of a judge."""
    return "; ".join(line for line in result.stdout.splitlines() if not line.startswith("FAIL "))


def said(result):
    return (result.stdout + result.stderr).strip()


def last_line(result):
    return (said(result).splitlines() or [""])[-1]


def first_issuer(text):
    return re.search(r"^issuer\s+(\S+)", text, re.MULTILINE).group(1)


def tail(log):
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])


def keys(place):
    return place / "keys"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
