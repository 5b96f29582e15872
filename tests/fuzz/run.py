"""Lets schemathesis loose on the local stack, as two people, with each seed given (or 1).

Starts the program named first, on a port of its own and without keeping anything. The first
person tries everything but ending single sessions, which would end their own; the second tries
that too, and is signed out at some point.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLES = "40"


def start(program):
    stack = subprocess.Popen(
        [program, "--memory", "--http-port", "0", "--ws-port", "0", "--s3-port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    url = None
    for line in stack.stdout:
        if line.startswith("HTTP API"):
            url = line.split()[-1]
        if line.strip() == "ready":
            return stack, url
    sys.exit("the local stack did not start")


def register(url, username):
    body = {"username": username, "email": f"{username}@example.com", "password": "copper-Tuba-1967-drizzle"}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/v1/users", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["session"]["token"]


def fuzz(url, token, seed, *more):
    command = [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run"]
    command += [f"{url}/openapi.json", "--url", url, "--header", f"Authorization: Bearer {token}"]
    command += ["--checks", "all", "--max-examples", EXAMPLES, "--seed", seed, "--no-color", *more]
    return subprocess.run(command).returncode


def main():
    program, *seeds = sys.argv[1:]
    stack, url = start(program)
    try:
        failed = False
        for seed in seeds or ["1"]:
            alice, bob = register(url, f"alice{seed}"), register(url, f"bob{seed}")
            failed |= bool(fuzz(url, alice, seed, "--exclude-path", "/v1/sessions/{sessionId}"))
            failed |= bool(fuzz(url, bob, seed, "--phases", "examples,coverage,fuzzing"))
    finally:
        stack.terminate()
        stack.wait()
    return failed


if __name__ == "__main__":
    sys.exit(main())
