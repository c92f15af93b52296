#!/usr/bin/env python3
"""Serves one GGUF model with llama.cpp's OpenAI-compatible API on 127.0.0.1.

It ends on SIGTERM or SIGINT, and when its owner ends (by default the process that started it).
"""

import argparse
import os
import select
import signal
import sys

import xllamacpp


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", metavar="MODEL.gguf")
    parser.add_argument("port", type=int)
    parser.add_argument("--alias", help="the model's name in the API (default: the file's name)")
    parser.add_argument("--chat-template", metavar="FILE", help="instead of the one inside the model's file")
    parser.add_argument("--parallel", type=int, default=1, help="requests served at once (default 1)")
    parser.add_argument("--context", type=int, default=4096, help="tokens of context for each request (default 4096)")
    parser.add_argument("--owner", type=int, default=os.getppid(), help="end with this process; 0 for none")
    return parser.parse_args()


def parameters(options: argparse.Namespace) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.alias or os.path.basename(options.model)}
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.n_parallel = options.parallel
    params.n_ctx = options.context * options.parallel  # the server divides it evenly among its slots
    # One thread and no spinning: on two shared cores a second thread makes both slower.
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = 1
        threads.poll = 0
    params.use_jinja = True  # tools need it
    if options.chat_template:
        with open(options.chat_template) as template:
            params.chat_template = template.read()
    params.n_predict = 1024  # a caller that sets no limit would get tokens until the context is full
    params.sampling.temp = 0  # the demo says the same every time; a caller that sets a temperature gets it
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE  # weights are repacked: mapped they count twice
    params.cache_ram_mib = 0  # prompts are cached in their slot; llama.cpp's default keeps up to 8 GiB more
    params.endpoint_metrics = True
    params.ui = False
    return params


def wait_for_end(owner: int) -> None:
    if owner == 0:
        signal.pause()
    else:
        # A pidfd becomes readable when its process ends; unlike a pid it cannot be reused.
        poll = select.poll()
        poll.register(os.pidfd_open(owner), select.POLLIN)
        poll.poll()


def main() -> None:
    options = arguments()
    if not os.path.isfile(options.model):
        sys.exit(f"model_server: no such file: {options.model} (models.sh fetches the models)")
    # The default action ends the process at once, also while native threads are decoding.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    server = xllamacpp.Server(parameters(options))
    print(f"model_server: {server.listening_address}", flush=True)
    wait_for_end(options.owner)
    os._exit(0)  # waiting for a running answer to finish would hold up whoever is stopping us


if __name__ == "__main__":
    main()
