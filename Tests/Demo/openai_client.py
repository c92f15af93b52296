"""Checks a running hera with the official `openai` package: models, a completion, a stream, errors.

Usage: openai_client.py http://127.0.0.1:8484/v1 MODEL...      MODEL: local models, one of them is asked directly
"""

import os
import sys

import openai

QUESTION = [
    {"role": "system", "content": "Answer the question in one sentence."},
    {"role": "user", "content": "What is the capital of Japan?"},
]


def completion(client: openai.OpenAI, allowed: list[str]) -> str:
    answer = client.chat.completions.create(
        model="hera", messages=QUESTION, max_tokens=40, temperature=0,
        extra_body={"hera": {"models": {"allow": allowed}}})
    assert answer.usage and answer.usage.completion_tokens > 0, answer
    assert answer.choices[0].message.content, answer
    return f"completion by {answer.model}: {answer.choices[0].message.content.strip()}"


def stream(client: openai.OpenAI, model: str) -> str:
    chunks = list(client.chat.completions.create(
        model=model, messages=QUESTION, max_tokens=40, temperature=0, stream=True,
        stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    usage = chunks[-1].usage
    assert text and usage and usage.completion_tokens > 0, chunks[-3:]
    return f"stream of {len(chunks)} chunks by {chunks[0].model}: {text.strip()}"


def errors(client: openai.OpenAI) -> str:
    for expected, arguments in [
        (openai.NotFoundError, {"model": "no-such-model", "messages": QUESTION}),
        (openai.BadRequestError, {"model": "hera", "messages": []}),
    ]:
        try:
            answer = client.chat.completions.create(**arguments)
        except expected as error:
            assert error.body and error.body.get("message"), error
        else:
            raise AssertionError(f"expected {expected.__name__}, got {answer}")
    return "errors: NotFoundError for an unknown model, BadRequestError for no messages"


def main() -> None:
    url, *local = sys.argv[1:]
    client = openai.OpenAI(base_url=url, api_key=os.environ.get("HERA_API_KEY", "none"), max_retries=0, timeout=120)
    listed = [model.id for model in client.models.list()]
    assert "hera" in listed and set(local) <= set(listed), listed
    print(f"models: {len(listed)}, among them {', '.join(['hera', *local])}")
    print(completion(client, local))
    print(stream(client, local[0]))
    print(errors(client))
    print("openai client: models, completion, stream ok")


if __name__ == "__main__":
    try:
        main()
    except (openai.OpenAIError, AssertionError) as error:
        sys.exit(f"openai client: {type(error).__name__}: {error}")
