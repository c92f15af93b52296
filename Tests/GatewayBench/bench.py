#!/usr/bin/env python3
"""hera beside other gateways on this machine, over one fixed model server: `bench.py [--write]`.

Runs those that are installed under $PEERS_HOME (default ~/.cache/hera-peers) and says which are not:

    python3 -m venv $PEERS_HOME/litellm     && $PEERS_HOME/litellm/bin/pip install 'litellm[proxy]'
    python3 -m venv $PEERS_HOME/tensorzero  && $PEERS_HOME/tensorzero/bin/pip install tensorzero openai
    python3 -m venv $PEERS_HOME/ferro       && $PEERS_HOME/ferro/bin/pip install ferrogw

Needs nginx (the model server) and wrk (the client). A gateway has the first core, client and model server the second.
hera routes among four models and books in SQLite; the others have neither predictions nor books. CPU time a request
holds on a busy machine, rates and latencies only beside each other in one run. ROUNDS (default 2) and SECONDS (default
6) of each measurement; of the rounds the least CPU time and latency and the greatest rate count.
--write puts the table into docs/results/gateway.md.
"""

import datetime
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HOME = os.environ.get("PEERS_HOME", os.path.expanduser("~/.cache/hera-peers"))
HERA = os.environ.get("HERA", os.path.join(ROOT, ".build/release/hera"))
ROUNDS = int(os.environ.get("ROUNDS", "2"))
SECONDS = int(os.environ.get("SECONDS", "6"))
CONNECTIONS = (1, 64)
MODELS_PORT = 9100
PAGE = os.path.join(ROOT, "docs/results/gateway.md")

ANSWER = (
    '{"id":"chatcmpl-mock","object":"chat.completion","created":1700000000,"model":"mock-gpt","choices":[{"index":0,'
    '"message":{"role":"assistant","content":"Hello! This is a fixed reply from the mock upstream, used for gateway '
    'overhead measurement only."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,'
    '"completion_tokens":18,"total_tokens":42},"system_fingerprint":"fp_mock"}'
)
CHUNK = (
    'data: {"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1700000000,"model":"mock-gpt","choices":[%s]'
    "%s}\n\n"
)
NGINX = """
user %(user)s; worker_processes 1; daemon off; pid %(folder)s/pid; error_log %(folder)s/error.log crit;
events { worker_connections 4096; }
http {
 access_log off; keepalive_requests 100000000; keepalive_timeout 300s; tcp_nodelay on; client_body_buffer_size 256k;
 client_max_body_size 16m; client_body_temp_path %(folder)s/b; proxy_temp_path %(folder)s/p;
 fastcgi_temp_path %(folder)s/f; uwsgi_temp_path %(folder)s/u; scgi_temp_path %(folder)s/s;
 server { listen 127.0.0.1:%(port)d; root %(folder)s;
  location = /v1/chat/completions { default_type application/json; return 200 '%(answer)s'; }
  location = /stream/v1/chat/completions { error_page 405 =200 /sse.txt; try_files /sse.txt =404; }
  location = /sse.txt { types {} default_type "text/event-stream; charset=utf-8"; error_page 405 =200 $uri; }
  location = /v1/models { default_type application/json; return 200 '{"object":"list","data":[]}'; }
  location = /stream/v1/models { default_type application/json; return 200 '{"object":"list","data":[]}'; }
 }
}
"""


def base(streams):
    return f"http://127.0.0.1:{MODELS_PORT}{'/stream' if streams else ''}"


class Hera:
    name, model, port = "hera", "hera", 4031

    def installed(self):
        return os.path.exists(HERA)

    def command(self, folder, streams):
        os.makedirs(f"{folder}/Catalog", exist_ok=True)
        catalog = open(os.path.join(HERE, "catalog.yaml")).read().replace("BASE_URL", base(streams) + "/v1")
        open(f"{folder}/Catalog/mock.yaml", "w").write(catalog)
        open(f"{folder}/settings.yaml", "w").write("usual_servers: false\n")
        return [
            HERA, "serve", "--port", str(self.port), "--catalog", f"{folder}/Catalog", "--profiles",
            os.path.join(ROOT, "Profiles"), "--config", f"{folder}/settings.yaml", "--database",
            f"sqlite:{folder}/ledger.sqlite"], {}

    def url(self, log):
        return f"http://127.0.0.1:{self.port}/v1/chat/completions"


class Ferro(Hera):
    name, model, port = "Ferro", "gpt-4o-mini", 4010
    program = os.path.join(HOME, "ferro/bin/ferrogw")

    def installed(self):
        return os.path.exists(self.program)

    def command(self, folder, streams):
        open(f"{folder}/ferro.yaml", "w").write("strategy:\n  mode: single\ntargets:\n  - virtual_key: openai\n")
        return [self.program, "serve"], {
            "GATEWAY_CONFIG": f"{folder}/ferro.yaml", "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": base(streams),
            "ALLOW_UNAUTHENTICATED_PROXY": "true", "MASTER_KEY": "fgw_" + "0123456789abcdef" * 2,
            "PORT": str(self.port), "HOST": "127.0.0.1", "LOG_LEVEL": "error", "RATE_LIMIT_RPS": "100000000",
            "RATE_LIMIT_BURST": "100000000"}


class TensorZero(Hera):
    name, model = "TensorZero", "tensorzero::model_name::mock"
    program = os.path.join(HOME, "tensorzero/bin/python")

    def installed(self):
        return os.path.exists(self.program)

    def command(self, folder, streams):
        open(f"{folder}/tensorzero.toml", "w").write(
            '[gateway]\nobservability.enabled = false\n[models.mock]\nrouting = ["p"]\n[models.mock.providers.p]\n'
            f'type = "openai"\nmodel_name = "mock-gpt"\napi_base = "{base(streams)}/v1/"\napi_key_location = "none"\n')
        # The gateway is inside the wheel; it listens on a port of its own.
        start = (
            "import sys, time\nfrom openai import OpenAI\nfrom tensorzero import patch_openai_client\n"
            "c = patch_openai_client(OpenAI(api_key='x'), config_file=sys.argv[1], async_setup=False)\n"
            "print('BASE', c.base_url, flush=True)\nwhile True: time.sleep(60)\n")
        return [self.program, "-c", start, f"{folder}/tensorzero.toml"], {}

    def url(self, log):
        found = re.search(r"BASE (http\S+)", log)
        return found and found.group(1) + "chat/completions"


class LiteLLM(Hera):
    name, model, port = "LiteLLM", "mock-gpt", 4000
    program = os.path.join(HOME, "litellm/bin/litellm")

    def installed(self):
        return os.path.exists(self.program)

    def command(self, folder, streams):
        open(f"{folder}/litellm.yaml", "w").write(
            "model_list:\n  - model_name: mock-gpt\n    litellm_params: {model: openai/mock-gpt, "
            f'api_base: "{base(streams)}/v1", api_key: x, input_cost_per_token: 0.00000015, '
            "output_cost_per_token: 0.0000006}\n"
            "litellm_settings: {callbacks: [], num_retries: 0, request_timeout: 30, telemetry: false}\n"
            "general_settings: {dangerously_permit_weak_or_unset_master_key: true}\n")
        return [self.program, "--config", f"{folder}/litellm.yaml", "--host", "127.0.0.1", "--port", str(self.port)], {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False",
            "LITELLM_MODE": "PRODUCTION"}


GATEWAYS = [Hera(), Ferro(), TensorZero(), LiteLLM()]


def tree(pid):
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    return [pid] + [p for child in children for p in tree(int(child))]


def cpu_seconds(pid):
    ticks = 0
    for process in tree(pid):
        fields = open(f"/proc/{process}/stat").read().rsplit(") ", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    total = 0
    for process in tree(pid):
        found = re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{process}/status").read())
        total += int(found.group(1)) if found else 0
    return total / 1024


def pinned(core, command):
    return (["taskset", "-c", str(core)] if os.cpu_count() > 1 else []) + command


def ask(url, model, streams):
    host, path = re.match(r"http://([^/]+)(/.*)", url).groups()
    connection = http.client.HTTPConnection(host, timeout=10)
    text = '{"model":"%s"%s,"messages":[{"role":"user","content":"hi"}]}' % (model, ',"stream":true' if streams else "")
    connection.request("POST", path, text, {"content-type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def wrk(url, model, streams, connections, seconds):
    run = subprocess.run(
        pinned(1, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency", "-s",
                   os.path.join(HERE, "chat.lua"), url]),
        env={**os.environ, "MODEL": model, "STREAM": "1" if streams else "0", "KEY": "none"}, text=True,
        capture_output=True, check=True)
    fields = dict(pair.split("=") for pair in re.search(r"RESULT (.*)", run.stdout).group(1).split())
    return {name: float(value) for name, value in fields.items()}


def measure(gateway, streams, folder):
    """By number of connections: requests/s, p50 and p99 in ms, CPU ms a request; and the memory in MB."""
    os.makedirs(folder, exist_ok=True)
    command, environment = gateway.command(folder, streams)
    log = f"{folder}/log"
    process = subprocess.Popen(
        pinned(0, command), env={**os.environ, "NO_PROXY": "127.0.0.1", **environment}, cwd=folder,
        stdout=open(log, "w"), stderr=subprocess.STDOUT, start_new_session=True)
    try:
        url = None
        refusals = []
        for _ in range(1200):
            url = gateway.url(open(log).read())
            try:
                if url:
                    status, text = ask(url, gateway.model, streams)
                    if status == 200:
                        break
                    refusals.append(f"{status} {text[:200]}")
            except OSError:
                pass
            if process.poll() is not None or len(refusals) > 50:
                raise RuntimeError("it does not answer: " + (refusals or [open(log).read()[-500:]])[-1])
            time.sleep(0.1)
        else:
            raise RuntimeError("it did not answer within two minutes")
        wrk(url, gateway.model, streams, 4, 2)
        found = {}
        for connections in CONNECTIONS:
            before = cpu_seconds(process.pid)
            result = wrk(url, gateway.model, streams, connections, SECONDS)
            cpu = cpu_seconds(process.pid) - before
            if result["non2xx"] or not result["requests"]:
                raise RuntimeError(f"{result['non2xx']:.0f} of {result['requests']:.0f} requests failed")
            found[connections] = {
                "rps": result["rps"], "p50": result["p50_ms"], "p99": result["p99_ms"],
                "cpu": cpu * 1000 / result["requests"]}
        found["memory"] = resident_mb(process.pid)
        return found
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def best(rounds):
    merged = {"memory": max(r["memory"] for r in rounds)}
    for connections in CONNECTIONS:
        several = [r[connections] for r in rounds]
        merged[connections] = {
            "rps": max(r["rps"] for r in several), **{key: min(r[key] for r in several) for key in ("p50", "p99", "cpu")}}
    return merged


def table(results):
    lines = [
        "| gateway | answers | p50 ms, CPU ms at 1 connection | requests/s, p99 ms, CPU ms at 64 | MB "
        "| CPU of hera over its, at 1 and 64 |",
        "|---|---|---|---|---|---|"]
    for (name, kind), found in results.items():
        one, many = found[1], found[64]
        own = results.get(("hera", kind))
        ratio = "" if name == "hera" or not own else (
            f"{own[1]['cpu'] / one['cpu']:.2f}, {own[64]['cpu'] / many['cpu']:.2f}")
        lines.append(
            f"| {name} | {kind} | {one['p50']:.2f}, {one['cpu']:.2f} | {many['rps']:.0f}, {many['p99']:.0f}, "
            f"{many['cpu']:.2f} | {found['memory']:.0f} | {ratio} |")
    return "\n".join(lines)


def models_server(folder):
    os.makedirs(folder, exist_ok=True)
    delta = '{"index":0,"delta":{"role":"assistant","content":"tok%d "},"finish_reason":null}'
    events = "".join(CHUNK % (delta % i, "") for i in range(1, 13))
    events += CHUNK % ('{"index":0,"delta":{},"finish_reason":"stop"}', "")
    events += CHUNK % ("", ',"usage":{"prompt_tokens":24,"completion_tokens":12,"total_tokens":36}')
    open(f"{folder}/sse.txt", "w").write(events + "data: [DONE]\n\n")
    user = subprocess.run(["id", "-un"], text=True, capture_output=True, check=True).stdout.strip()
    open(f"{folder}/nginx.conf", "w").write(
        NGINX % {"folder": folder, "port": MODELS_PORT, "answer": ANSWER, "user": user})
    os.chmod(folder, 0o755)
    return subprocess.Popen(pinned(1, ["nginx", "-c", f"{folder}/nginx.conf"]), stderr=subprocess.DEVNULL)


def machine():
    found = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    return f"{os.cpu_count()} cores of {found.group(1) if found else 'an unknown processor'}"


def write(text, load):
    page = open(PAGE).read()
    head, _, rest = page.partition("<!-- measured -->\n")
    tail = rest.partition("<!-- end -->\n")[2]
    today = datetime.date.today().isoformat()
    open(PAGE, "w").write(
        f"{head}<!-- measured -->\n{today}, {machine()}, load average {load[0]:.1f} before and {load[1]:.1f} after, "
        f"{'one round' if ROUNDS == 1 else f'best of {ROUNDS} rounds'} of {SECONDS} s.\n\n{text}\n<!-- end -->\n{tail}")


def main():
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            return print(f"bench-gateway: skipped: {tool} is not installed (apt-get install nginx-light wrk)")
    if not os.path.exists(HERA):
        sys.exit(f"bench-gateway: there is no {HERA}: run make build first")
    present = [g for g in GATEWAYS if g.installed()]
    for gateway in GATEWAYS:
        if gateway not in present:
            print(f"bench-gateway: {gateway.name} is not installed under {HOME}, and is left out")
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        server = models_server(f"{folder}/models")
        rounds = {}
        try:
            for number in range(ROUNDS):
                for kind, streams in (("JSON", False), ("SSE", True)):
                    for gateway in present:
                        place = f"{folder}/{gateway.name}-{kind}-{number}"
                        try:
                            found = measure(gateway, streams, place)
                        except RuntimeError as error:
                            print(f"bench-gateway: {gateway.name}, {kind}: {error}")
                            continue
                        rounds.setdefault((gateway.name, kind), []).append(found)
                        print(f"round {number + 1}: {gateway.name}, {kind}: " + ", ".join(
                            f"{c}: {found[c]['cpu']:.3f} ms CPU, {found[c]['rps']:.0f}/s" for c in CONNECTIONS), flush=True)
        finally:
            server.terminate()
            server.wait()
    order = {g.name: i for i, g in enumerate(GATEWAYS)}
    results = {key: best(found) for key, found in sorted(rounds.items(), key=lambda r: (r[0][1], order[r[0][0]]))}
    text = table(results)
    print("\n" + text)
    if "--write" in sys.argv[1:]:
        write(text, (before, os.getloadavg()[0]))
        print(f"\nwritten to {os.path.relpath(PAGE, ROOT)}")


if __name__ == "__main__":
    main()
