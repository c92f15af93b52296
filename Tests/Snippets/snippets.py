#!/usr/bin/env python3
"""Runs the commands of README.md and docs/guide as they stand, and checks their settings, policies and requests.

Each page has a folder of its own, in which its blocks run in their order:

    sh      by bash; `hera serve` is started, waited for, and runs until the page ends
    python  with the client libraries of `make clients`, where they are installed
    json    a request or a policy: `hera route` must accept it
    yaml    settings: `hera config check` must accept them, and `hera catalog lint` a catalog's file; those of
            Prometheus by promtool, where it is installed
    nginx   by `nginx -t`, where it is installed

A scripted model server stands in for Ollama. Folders of the machine (/var/lib/hera, /etc/hera) stand in the page's
folder; `sudo`, `systemctl` and `systemd-run` are stand-ins that run the rest of their line or say what they would do.
NOT_RUN lists what is not run, and why. `<!-- ends with an error -->` before a block means what it says.
HERA names the binary (default .build/release/hera). Exits with 1 where a block fails.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Demo"))
from service import HERA, free_port  # noqa: E402

VERSIONS = hashlib.sha256((ROOT / "Tests/Clients/requirements.txt").read_bytes()).hexdigest()[:8]
PYTHON = Path(os.environ.get("HERA_CACHE", os.path.expanduser("~/.cache/hera"))) / f"client-libraries-{VERSIONS}/bin/python"
FENCE = re.compile(r"(<!-- ends with an error -->\s*)?^```(\w*)[^\n]*\n(.*?)^```", re.M | re.S)
# A client library alone can take half a minute to load on a busy machine.
SECONDS = 600

NOT_RUN = [
    (r"make (demo|test|build|deb|install)\b|sudo make install", "built and installed by other targets of the Makefile"),
    (r"(sudo )?(apt|podman|docker) ", "needs the rights of root, or a builder of containers"),
    (r"export [A-Z]+_API_KEY=", "needs an account at a provider"),
    (r"[A-Z_]+=\S+ .*\bclaude$", "needs the coding agent itself; `make clients` runs one"),
    (r".*postgres://", "needs a PostgreSQL server; the tests of the ledger start one"),
]

STUBS = {
    "hera": 'exec "$HERA_BINARY" "$@"',
    "sudo": 'while [ "${1:0:1}" = - ]; do [ "$1" = -u ] && shift; shift; done; exec "$@"',
    "systemctl": 'echo "stand-in: systemctl $*"',
    "systemd-run": 'while [ "${1:0:1}" = - ]; do shift; done; exec "$@"',
}

# Stands in for Ollama: lists one model and answers at once.
SERVER = '''
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def send(self, body):
        data = json.dumps(body).encode()
        self.send_response(200); self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data))); self.end_headers(); self.wfile.write(data)
    def do_GET(self): self.send({"object": "list", "data": [{"id": "qwen2.5:3b", "object": "model"}]})
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send({"id": "1", "object": "chat.completion", "created": 1, "model": "qwen2.5:3b", "choices": [{"index": 0,
            "finish_reason": "stop", "message": {"role": "assistant", "content": "17 * 23 = 391"}}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}})
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("listening", flush=True)
server.serve_forever()
'''
LOG = '{"model":"gpt-4.1","messages":[{"role":"user","content":"What is the capital of France?"}]}\n'


class Page:
    """The blocks of one page, its folder and what runs for it."""

    def __init__(self, path, folder, models_port, stubs):
        self.path, self.folder, self.port = path, Path(folder), free_port()
        self.models = f"http://127.0.0.1:{models_port}"
        self.services, self.failures, self.counts, self.left = [], [], {}, set()
        for name in ["var", "etc", "catalog"]:
            (self.folder / name).mkdir()
        settings = f"servers: [{{url: \"{self.models}\"}}]\nusual_servers: false\n"
        if "hera init" not in path.read_text():
            (self.folder / "hera.yaml").write_text(settings)
        (self.folder / "etc/hera.yaml").write_text(settings)
        (self.folder / "log.jsonl").write_text(LOG * 3)
        (self.folder / "catalog/own.yaml").write_text(
            f"provider: own\nbase_url: {self.models}/v1\nwire: openai\nplacement: cloud\nmodels:\n"
            "  - {id: own/model, upstream_name: model, tier: small, context: 8000, max_output: 1000, capabilities: [streaming],"
            " prices: {input: 1, output: 2, source: a script, as_of: 2026-11-01}}\n")
        keys = self.folder / "keys.env"
        keys.write_text("")
        keys.chmod(0o600)
        self.environment = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and not k.startswith("HERA")}
        self.environment |= {
            "PATH": f"{stubs}:{os.environ['PATH']}", "HERA_BINARY": HERA, "HERA_PORT": str(self.port), "NO_COLOR": "1",
            "HOME": str(self.folder)}
        # A service of the machine has its ledger there before anyone copies it.
        if "/var/lib/hera" in path.read_text():
            self.environment["HERA_DATABASE"] = f"sqlite:{self.folder}/var/hera.sqlite"
            self.bash("hera keys create --team first > /dev/null; hera keys revoke $(hera keys list --format json |"
                      " python3 -c 'import json,sys; print(json.load(sys.stdin)[\"data\"][0][\"id\"])') > /dev/null || true")

    def here(self, text):
        """A block with the places of this test in it."""
        text = text.replace("$PWD/.build/release/hera", "hera").replace(".build/release/hera", "hera")
        text = text.replace("/var/lib/hera", str(self.folder / "var")).replace("/etc/hera", str(self.folder / "etc"))
        text = text.replace("8484", str(self.port)).replace("hera init ", f"hera init --server {self.models} ")
        text = re.sub(r"backup-\d{4}-\d\d-\d\d", time.strftime("backup-%Y-%m-%d"), text)
        return text.replace("KEY_ID", "$(hera keys list | grep 'team red' | cut -d ' ' -f 1)")

    def run(self):
        try:
            self.run_blocks()
        finally:
            for service in self.services:
                service.send_signal(signal.SIGTERM)
            for service in self.services:
                try:
                    service.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    service.kill()
                    service.wait()

    def run_blocks(self):
        for mark, kind, text in FENCE.findall(self.path.read_text()):
            check = getattr(self, f"check_{kind}", None)
            if not check:
                continue
            self.counts[kind] = self.counts.get(kind, 0) + 1
            try:
                problem = check(self.here(text))
            except subprocess.TimeoutExpired:
                problem = f"did not end within {SECONDS} s"
            if bool(mark) and not problem:
                problem = "should end with an error, and did not"
            elif mark:
                problem = None
            if problem:
                self.failures.append((text, problem))

    def command(self, arguments, text=None):
        done = subprocess.run(
            arguments, cwd=self.folder, env=self.environment, input=text, text=True, stdin=None if text else subprocess.DEVNULL,
            capture_output=True, timeout=SECONDS)
        return done.returncode, done.stdout + done.stderr

    def bash(self, script):
        return self.command(["bash", "-euo", "pipefail", "-c", script])

    # Kinds of blocks. Each returns what is wrong, or None.

    def check_sh(self, text):
        lines, script = [], ""
        for line in text.split("\n"):
            reason = next((why for pattern, why in NOT_RUN if re.match(pattern, line)), None)
            if reason:
                self.left.add((line.split("  ")[0], reason))
            else:
                lines.append(line)
        for line in lines:
            if not re.match(r"hera serve\b", line):
                script += line + "\n"
                continue
            problem = self.shell(script) or self.serve(line)
            script = ""
            if problem:
                return problem
        return self.shell(script)

    def shell(self, script):
        if not script.strip():
            return None
        code, output = self.bash(script)
        return f"exit {code}: {output[-800:]}" if code else None

    def serve(self, line):
        log = self.folder / f"serve{len(self.services)}.log"
        for service in self.services:
            service.send_signal(signal.SIGTERM)
            service.wait(timeout=30)
        line = line.split("#")[0].strip().rstrip("&")
        with open(log, "w") as output:
            self.services = [subprocess.Popen(
                ["bash", "-c", f"exec {line}"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output)]
        for _ in range(SECONDS * 10):
            # Before the first look at the models, a call finds none.
            if re.search(r"^hera: (live: |no model is live$)", log.read_text(), re.M):
                return None
            if self.services[0].poll() is not None:
                break
            time.sleep(0.1)
        return f"the service did not start: {log.read_text()[-800:]}"

    def check_json(self, text):
        value = json.loads(text)
        request = value if "messages" in value else {
            "hera": value, "messages": [{"role": "user", "content": "What is 17 * 23?"}]}
        code, output = self.command(["hera", "route"], json.dumps(request))
        return f"exit {code}: {output[-500:]}" if code else None

    def check_yaml(self, text):
        if "scrape_configs" in text:
            return self.check_prometheus(text)
        if text.startswith("provider:"):
            self.entry = text
            return self.check_catalog(text)
        if re.match(r" +endpoints:", text):
            return self.check_catalog(f"{self.entry.rstrip()}\n{text}")
        if text.startswith("key_command:"):
            return self.check_catalog(self.entry.replace("models:", f"{text}models:", 1))
        (self.folder / "checked.yaml").write_text(text)
        code, output = self.command(["hera", "config", "check", "--config", "checked.yaml"])
        return f"exit {code}: {output[-500:]}" if code else None

    def check_catalog(self, text):
        """A whole entry, or one with the part that the guide adds to the entry before."""
        folder = self.folder / f"catalog{self.counts['yaml']}"
        folder.mkdir()
        (folder / "entry.yaml").write_text(text)
        code, output = self.command(["hera", "catalog", "lint", folder.name])
        return f"exit {code}: {output[-500:]}" if code else None

    def check_prometheus(self, text):
        if not shutil.which("promtool"):
            self.left.add(("scrape_configs", "promtool is not installed"))
            return None
        text = text.replace("/usr/share/hera", str(ROOT / "Sources/Packaging/prometheus"))
        key = self.folder / "prometheus-key"
        key.write_text("key")
        (self.folder / "prometheus.yaml").write_text(text.replace("/etc/prometheus/hera-key", str(key)))
        code, output = self.command(["promtool", "check", "config", "prometheus.yaml"])
        return f"exit {code}: {output[-500:]}" if code else None

    def check_nginx(self, text):
        if not (shutil.which("nginx") and shutil.which("openssl")):
            self.left.add(("server { ... }", "nginx or openssl is not installed"))
            return None
        code, output = self.bash("openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=hera -keyout key -out certificate")
        if code:
            return output
        text = re.sub(r"/etc/letsencrypt\S+fullchain.pem", str(self.folder / "certificate"), text)
        text = re.sub(r"/etc/letsencrypt\S+privkey.pem", str(self.folder / "key"), text)
        text = text.replace("listen 443", f"listen 127.0.0.1:{free_port()}")
        (self.folder / "nginx.conf").write_text(f"pid {self.folder}/pid; events {{}} http {{ {text} }}")
        code, output = self.command(["nginx", "-t", "-c", str(self.folder / "nginx.conf"), "-e", "stderr"])
        return f"exit {code}: {output[-500:]}" if code else None

    def check_python(self, text):
        if not PYTHON.exists():
            self.left.add((text.split("\n")[0], "`make clients` has not installed the libraries"))
            return None
        code, output = self.command([str(PYTHON), "-c", text])
        return f"exit {code}: {output[-500:]}" if code else None


def main():
    if not os.access(HERA, os.X_OK):
        sys.exit(f"snippets: there is no {HERA}: run make build first")
    failed, left = False, set()
    with tempfile.TemporaryDirectory(prefix="hera-snippets-") as top:
        stubs = Path(top) / "bin"
        stubs.mkdir()
        for name, script in STUBS.items():
            (stubs / name).write_text(f"#!/bin/bash\n{script}\n")
            (stubs / name).chmod(0o755)
        models_port = free_port()
        models = subprocess.Popen([sys.executable, "-c", SERVER, str(models_port)], stdout=subprocess.PIPE)
        try:
            models.stdout.readline()
            for path in [ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("*.md"))]:
                folder = Path(top) / path.stem
                folder.mkdir()
                page = Page(path, folder, models_port, stubs)
                page.run()
                left |= page.left
                counts = ", ".join(f"{n} {kind}" for kind, n in page.counts.items()) or "no block"
                print(f"{'FAILED' if page.failures else 'ok':7} {path.relative_to(ROOT)}: {counts}")
                for text, problem in page.failures:
                    failed = True
                    print(f"---\n{text.strip()}\n--- {problem.strip()}\n")
        finally:
            models.terminate()
            models.wait()
    for line, reason in sorted(left):
        print(f"not run: {line.strip()[:70]} ({reason})")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
