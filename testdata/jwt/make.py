#!/usr/bin/env python3
"""Freezes the token vectors of jwt_vectors.py: vectors.jsonl, jwks.json, settings.json beside this file.

  make.py JWT_VECTORS_PY KEY_DIRECTORY      (needs openssl; KEY_DIRECTORY must be writable)
"""
import importlib.util
import json
import pathlib
import sys
import time

OUT = pathlib.Path(__file__).resolve().parent
OWN_APPLICATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"  # in no vector: what is accepted is accepted by the pair
BIG = 12_000  # what is longer than this is one letter over and over


def headers(vector):
    """What the request carries, as name and value; a value of one letter as letter and count."""
    given = vector.headers
    if given is None:
        given = {"Authorization": "Bearer " + vector.token}
    for name, value in given.items() if isinstance(given, dict) else given:
        if len(value) > BIG:
            assert value[8:] == value[8] * (len(value) - 8), vector.id
            yield {"name": name, "value": value[:8], "then": value[8], "times": len(value) - 8}
        else:
            yield {"name": name, "value": value}


def main():
    spec = importlib.util.spec_from_file_location("jwt_vectors", sys.argv[1])
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)
    at = int(time.time())
    source.time.time = lambda: at  # every token is minted at this second
    keys = source.Keys(sys.argv[2])
    with open(OUT / "vectors.jsonl", "w") as out:
        for v in source.vectors(keys):
            row = {"id": v.id, "expect": "accept" if v.expect == source.OK else "reject", "keys": v.mode,
                   "setting": v.config, "note": v.note, "headers": list(headers(v))}
            out.write(json.dumps({k: x for k, x in row.items() if x not in (None, "")}) + "\n")
    sets = {mode: keys.jwks(mode) for mode in ("normal", "rotated", "revoked")}
    (OUT / "jwks.json").write_text(json.dumps(sets, indent=1) + "\n")
    settings = {"made_at": at, "issuer": source.ISS1, "client_id": OWN_APPLICATION,
                "pair": {"caller_claim": "appid", "caller": source.APPID, "audience": source.AUD}}
    (OUT / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")


main()
