"""Lets schemathesis loose on the local stack, as two people.

Starts the program named first, on ports of its own and without keeping anything, and gives it some
people who are friends, write, comment and talk. Two of them then try everything, with each seed: the
first follows what it made from call to call, and tries everything but ending single sessions, which
would end its own; the second tries that too, and is signed out at some point.

The document that schemathesis reads is the program's own, but that an id in it may also be one of
something that is there: made-up ones name nothing. The first person knows of no cursors, of which a
made-up one is always refused, and so sees lists more often.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
PASSWORD = "copper-Tuba-1967-drizzle"
FRIENDS = 8


def start(program, log):
    command = [program, "--memory", "--http-port", "0", "--ws-port", "0", "--s3-port", "0"]
    stack = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    url = None
    for line in stack.stdout:
        if line.startswith("HTTP API"):
            url = line.split()[-1]
        if line.strip() == "ready":
            return stack, url
    sys.exit("the local stack did not start")


class Person:
    def __init__(self, url, username):
        self.url, self.token = url, None
        body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
        answer = self.call("POST", "/v1/users", body)
        self.id, self.token = answer["user"]["id"], answer["session"]["token"]

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")


def populate(url, seed):
    """Two people, and the ids of what they and their friends have, by the names of their schemas."""
    two = [Person(url, f"{name}{seed}") for name in ("alice", "bob")]
    friends = [Person(url, f"friend{seed}x{number}") for number in range(FRIENDS)]
    there = {"UserId": [], "PostId": [], "CommentId": [], "ConversationId": [], "FriendRequestId": [], "Seq": [1, 2]}

    def ask(one, other):
        there["FriendRequestId"].append(one.call("POST", "/v1/friend-requests", {"to": other.id})["id"])
        return f"/v1/friend-requests/{there['FriendRequestId'][-1]}"

    def befriend(one, other):
        other.call("PATCH", ask(one, other), {"status": "accepted"})
        text = {"clientId": "1", "text": "hello"}
        for speaker, listener in ((one, other), (other, one)):
            message = speaker.call("POST", "/v1/messages", {"to": listener.id, **text})
        there["ConversationId"].append(message["conversationId"])

    befriend(*two)
    for friend in friends:
        for one in two:
            befriend(one, friend)
    for person in two + friends:
        there["UserId"].append(person.id)
        post = person.call("POST", "/v1/posts", {"text": "hello", "visibility": "public"})["id"]
        there["PostId"].append(post)
        comment = two[0].call("POST", f"/v1/posts/{post}/comments", {"text": "hello"})
        there["CommentId"].append(comment["id"])
    for number in range(2):
        for one in two:
            ask(Person(url, f"asks{one.id[-4:].lower()}{seed}x{number}"), one)
    return two, there


def document(url, there, cursors):
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        document = json.load(answer)
    schemas = document["components"]["schemas"]
    for name, ids in there.items():
        schemas[name] = {"anyOf": [{"enum": ids}, schemas[name]]}
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for operation in operations if not cursors else []:
        parameters = operation.get("parameters", [])
        operation["parameters"] = [parameter for parameter in parameters if parameter["name"] != "cursor"]
    return document


def fuzz(url, description, person, arguments, seed, *more):
    command = [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run"]
    command += [description, "--url", url, "--header", f"Authorization: Bearer {person.token}"]
    command += ["--checks", "all", "--max-examples", str(arguments.examples), "--seed", str(seed), "--no-color"]
    run = subprocess.Popen(command + list(more), stdout=subprocess.PIPE, text=True)
    cases = 0
    for line in run.stdout:
        print(line, end="", flush=True)
        generated = re.match(r"\s*(\d+) generated", line)
        cases += int(generated[1]) if generated else 0
    return run.wait() != 0, cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the local stack's program")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--examples", type=int, default=40, help="for each operation")
    arguments = parser.parse_args()
    failed, total = False, 0
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as written:
            stack, url = start(arguments.program, written)
        try:
            for seed in arguments.seeds:
                (alice, bob), there = populate(url, seed)
                no_session = ("--exclude-path", "/v1/sessions/{sessionId}")
                no_links = ("--phases", "examples,coverage,fuzzing")
                for person, more in ((alice, no_session), (bob, no_links)):
                    description = Path(folder) / "openapi.json"
                    description.write_text(json.dumps(document(url, there, cursors=person is bob)))
                    bad, cases = fuzz(url, description, person, arguments, seed, *more)
                    failed, total = failed or bad, total + cases
        finally:
            stack.terminate()
            stack.wait()
        wrong = [line for line in log.read_text().splitlines() if "panicked" in line or " ERROR " in line]
    for line in wrong:
        print(line)
    print(f"{total} cases with {len(arguments.seeds)} seeds, {'some failed' if failed or wrong else 'none failed'}")
    return failed or bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
