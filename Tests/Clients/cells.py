"""The checks of the table of clients: for each client a function for each feature it has."""

import asyncio
import base64
import json
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

os.environ |= {"NO_PROXY": "*", "no_proxy": "*", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "DO_NOT_TRACK": "1",
               "OPENAI_AGENTS_DISABLE_TRACING": "1", "LITELLM_LOG": "ERROR"}

import anthropic  # noqa: E402
import instructor  # noqa: E402
import litellm  # noqa: E402
import openai  # noqa: E402
import pydantic  # noqa: E402
from agents import (  # noqa: E402
    Agent, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool,
    set_tracing_disabled)
from langchain_anthropic import ChatAnthropic  # noqa: E402
from langchain_core.messages import HumanMessage, ToolMessage  # noqa: E402
from langchain_openai import ChatOpenAI, OpenAIEmbeddings  # noqa: E402
from pydantic_ai import Agent as PydanticAgent  # noqa: E402
from pydantic_ai import BinaryContent, NativeOutput, PromptedOutput  # noqa: E402
from pydantic_ai.models.anthropic import AnthropicModel  # noqa: E402
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel as PydanticResponses  # noqa: E402
from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: E402
from pydantic_ai.providers.openai import OpenAIProvider  # noqa: E402
from smolagents import OpenAIServerModel, ToolCallingAgent, tool  # noqa: E402

set_tracing_disabled(True)
# Seconds. By their own defaults some libraries give a connection five, which a busy machine may need.
PATIENCE = 300

FEATURES = {
    "plain": "a whole answer with its counts of tokens",
    "stream": "the same words and counts in pieces",
    "tools": "a call of a tool, its result, and the answer after it",
    "parallel": "two calls in one answer",
    "structured": "an answer by a schema",
    "JSON": "JSON without a schema, as the client asks for it",
    "image": "an image in the prompt",
    "PDF": "a PDF in the prompt",
    "reasoning": "the model's reasoning reaches the client",
    "n": "two answers to one request",
    "logprobs": "log-probabilities, or a clear error where a model has none",
    "models": "the list of models, and one of them",
    "errors": "the client's own type of error for an unknown model, and for a server that fails",
    "cancel": "the client leaves a stream",
    "stored": "a conversation that goes on by the id of the response before",
    "count": "the tokens of a prompt",
    "completions": "OpenAI's older text completions",
    "embeddings": "vectors",
}


@dataclass
class Target:
    port: int
    model: str
    wire: str

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def v1(self) -> str:
        return self.root + "/v1"

    @property
    def openai(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.v1, api_key="none", max_retries=0, timeout=PATIENCE)

    @property
    def anthropic(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=self.root, api_key="none", max_retries=0, timeout=PATIENCE)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


PNG, PDF = png(), b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF"
PNG64, PDF64 = base64.b64encode(PNG).decode(), base64.b64encode(PDF).decode()
QUESTION = "What is two and two?"
ANSWER = "Four, I think."
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


class Person(pydantic.BaseModel):
    name: str
    age: int


PERSON = Person(name="Ada", age=36)
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
          "required": ["name", "age"], "additionalProperties": False}


def equal(seen: Any, expected: Any) -> None:
    if isinstance(seen, pydantic.BaseModel) and isinstance(expected, pydantic.BaseModel):
        # Some libraries return a subclass of the model.
        seen, expected = seen.model_dump(), expected.model_dump()
    assert seen == expected, f"expected {expected!r}, saw {seen!r}"


def holds(condition: Any, seen: Any = None) -> None:
    assert condition, f"saw {seen!r}"


def raises(kind: type[BaseException], call: Callable[[], Any]) -> BaseException:
    try:
        seen = call()
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, saw {seen!r}")


def user(content: Any = QUESTION) -> list[Any]:
    return [{"role": "user", "content": content}]


# --- openai, chat completions

CHAT_TOOLS = [{"type": "function", "function": {"name": "weather", "description": "d", "parameters": WEATHER}}]


def chat_plain(at: Target) -> None:
    answer = at.openai.chat.completions.create(
        model=at.model, messages=user(), seed=7, stop=["END"], temperature=0.5, max_completion_tokens=50)
    equal(answer.choices[0].message.content, ANSWER)
    equal((answer.usage.prompt_tokens, answer.usage.completion_tokens), (100, 10))


def chat_stream(at: Target) -> None:
    text, usage = "", None
    for chunk in at.openai.chat.completions.create(
            model=at.model, messages=user(), stream=True, stream_options={"include_usage": True}):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usage = chunk.usage or usage
    equal(text.strip(), ANSWER)
    equal((usage.prompt_tokens, usage.completion_tokens), (100, 10))


def chat_tools(at: Target, cities: int = 1) -> None:
    for stream in (False, True):
        messages = user("The weather in both?" if cities == 2 else "The weather?")
        if stream:
            with at.openai.chat.completions.stream(model=at.model, messages=messages, tools=CHAT_TOOLS) as events:
                for _ in events:
                    pass
                message = events.get_final_completion().choices[0].message
        else:
            message = at.openai.chat.completions.create(
                model=at.model, messages=messages, tools=CHAT_TOOLS).choices[0].message
        equal([json.loads(call.function.arguments)["city"] for call in message.tool_calls], ["Rome", "Oslo"][:cities])
        messages.append(message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}))
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "21"} for call in message.tool_calls]
        for item in messages:
            for call in item.get("tool_calls", []):
                call.get("function", {}).pop("parsed_arguments", None)
                call.pop("index", None)
        answer = at.openai.chat.completions.create(model=at.model, messages=messages, tools=CHAT_TOOLS)
        equal(answer.choices[0].message.content, "It is 21 degrees.")


def chat_parallel(at: Target) -> None:
    chat_tools(at, cities=2)


def chat_structured(at: Target) -> None:
    answer = at.openai.chat.completions.parse(model=at.model, messages=user("Who?"), response_format=Person)
    equal(answer.choices[0].message.parsed, PERSON)


def chat_json(at: Target) -> None:
    answer = at.openai.chat.completions.create(
        model=at.model, messages=user("JSON, please."), response_format={"type": "json_object"})
    equal(json.loads(answer.choices[0].message.content)["name"], "Ada")


def chat_image(at: Target) -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG64}"}}
    answer = at.openai.chat.completions.create(model=at.model, messages=user([part]))
    equal(answer.choices[0].message.content, "I see the image.")


def chat_pdf(at: Target) -> None:
    part = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF64}"}}
    answer = at.openai.chat.completions.create(model=at.model, messages=user([part]))
    equal(answer.choices[0].message.content, "I read the file.")


def chat_reasoning(at: Target) -> None:
    message = at.openai.chat.completions.create(model=at.model, messages=user("Do think.")).choices[0].message
    extra = message.model_extra or {}
    text = extra.get("reasoning_content") or extra["thinking_blocks"][0]["thinking"]
    equal(text, "Two and two.")


def chat_n(at: Target) -> None:
    answer = at.openai.chat.completions.create(model=at.model, messages=user(), n=2)
    equal([choice.message.content for choice in answer.choices], [ANSWER] * 2)
    equal(answer.usage.completion_tokens, 20)
    texts = {0: "", 1: ""}
    for chunk in at.openai.chat.completions.create(model=at.model, messages=user(), n=2, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    equal([text.strip() for text in texts.values()], [ANSWER] * 2)


def chat_logprobs(at: Target) -> None:
    def ask() -> Any:
        return at.openai.chat.completions.create(model=at.model, messages=user(), logprobs=True, top_logprobs=1)
    if at.wire == "anthropic":
        raises(openai.UnprocessableEntityError, ask)
    else:
        equal(ask().choices[0].logprobs.content[0].token, "Four")


def chat_models(at: Target) -> None:
    holds(at.model in [model.id for model in at.openai.models.list()])
    equal(at.openai.models.retrieve(at.model).id, at.model)


def chat_errors(at: Target) -> None:
    raises(openai.NotFoundError, lambda: at.openai.chat.completions.create(model="no-such", messages=user()))
    raises(openai.BadRequestError, lambda: at.openai.chat.completions.create(model=at.model, messages=[]))
    raises(openai.InternalServerError,
           lambda: at.openai.chat.completions.create(model="scripted/broken", messages=user()))


def chat_cancel(at: Target) -> None:
    stream = at.openai.chat.completions.create(model=at.model, messages=user("slowly"), stream=True)
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            break
    stream.close()


def chat_completions(at: Target) -> None:
    answer = at.openai.completions.create(model=at.model, prompt=QUESTION, max_tokens=20, echo=False, n=1, logprobs=None)
    equal(answer.choices[0].text, ANSWER)
    text = "".join(chunk.choices[0].text for chunk in at.openai.completions.create(
        model=at.model, prompt=QUESTION, stream=True) if chunk.choices)
    equal(text.strip(), ANSWER)


def chat_embeddings(at: Target) -> None:
    answer = at.openai.embeddings.create(model="scripted/vectors", input=["a", "b"], encoding_format="float")
    equal([row.embedding for row in answer.data], [[0.5, 0.25]] * 2)


# --- openai, responses

RESPONSE_TOOLS = [{"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}]


def responses_plain(at: Target) -> None:
    answer = at.openai.responses.create(model=at.model, input=QUESTION, instructions="Be brief.")
    equal((answer.output_text, answer.status), (ANSWER, "completed"))
    equal((answer.usage.input_tokens, answer.usage.output_tokens), (100, 10))


def responses_stream(at: Target) -> None:
    with at.openai.responses.stream(model=at.model, input=QUESTION) as events:
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        final = events.get_final_response()
    equal((text.strip(), final.output_text.strip()), (ANSWER, ANSWER))
    equal(final.usage.output_tokens, 10)


def responses_tools(at: Target, cities: int = 1) -> None:
    items: list[Any] = user("The weather in both?" if cities == 2 else "The weather?")
    answer = at.openai.responses.create(model=at.model, input=items, tools=RESPONSE_TOOLS, store=False)
    calls = [item for item in answer.output if item.type == "function_call"]
    equal([json.loads(call.arguments)["city"] for call in calls], ["Rome", "Oslo"][:cities])
    items += answer.output
    items += [{"type": "function_call_output", "call_id": call.call_id, "output": "21"} for call in calls]
    equal(at.openai.responses.create(model=at.model, input=items, tools=RESPONSE_TOOLS).output_text, "It is 21 degrees.")


def responses_parallel(at: Target) -> None:
    responses_tools(at, cities=2)


def responses_structured(at: Target) -> None:
    equal(at.openai.responses.parse(model=at.model, input="Who?", text_format=Person).output_parsed, PERSON)


def responses_json(at: Target) -> None:
    answer = at.openai.responses.create(model=at.model, input="JSON", text={"format": {"type": "json_object"}})
    equal(json.loads(answer.output_text)["age"], 36)


def responses_image(at: Target) -> None:
    part = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG64}", "detail": "auto"}
    equal(at.openai.responses.create(model=at.model, input=user([part])).output_text, "I see the image.")


def responses_pdf(at: Target) -> None:
    part = {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF64}"}
    equal(at.openai.responses.create(model=at.model, input=user([part])).output_text, "I read the file.")


def responses_reasoning(at: Target) -> None:
    answer = at.openai.responses.create(model=at.model, input="Do think.")
    item = next(item for item in answer.output if item.type == "reasoning")
    equal(item.content[0].text, "Two and two.")


def responses_logprobs(at: Target) -> None:
    def ask() -> Any:
        return at.openai.responses.create(
            model=at.model, input=QUESTION, top_logprobs=1, include=["message.output_text.logprobs"])
    if at.wire == "anthropic":
        raises(openai.UnprocessableEntityError, ask)
    else:
        equal(ask().output[0].content[0].logprobs[0].token, "Four")


def responses_errors(at: Target) -> None:
    raises(openai.NotFoundError, lambda: at.openai.responses.create(model="no-such", input="x"))
    raises(openai.BadRequestError, lambda: at.openai.responses.create(model=at.model, input="x", background=True))


def responses_stored(at: Target) -> None:
    client = at.openai
    first = client.responses.create(model=at.model, input="one")
    with client.responses.stream(model=at.model, input="two", previous_response_id=first.id) as events:
        for _ in events:
            pass
        second = events.get_final_response()
    equal(client.responses.retrieve(second.id).previous_response_id, first.id)
    equal(client.responses.input_items.list(second.id).data[0].content[0].text
          if not isinstance(client.responses.input_items.list(second.id).data[0].content, str) else "two", "two")
    client.responses.delete(second.id)
    raises(openai.NotFoundError, lambda: client.responses.retrieve(second.id))


def responses_count(at: Target) -> None:
    holds(at.openai.responses.input_tokens.count(model=at.model, input=QUESTION).input_tokens > 3)


# --- anthropic

MESSAGE_TOOLS = [{"name": "weather", "description": "d", "input_schema": WEATHER}]


def message(at: Target, content: Any = QUESTION, **more: Any) -> Any:
    return at.anthropic.messages.create(model=at.model, max_tokens=200, messages=user(content), **more)


def messages_plain(at: Target) -> None:
    answer = message(at, system="Be brief.", stop_sequences=["END"])
    equal((answer.content[0].text, answer.stop_reason), (ANSWER, "end_turn"))
    equal((answer.usage.input_tokens, answer.usage.output_tokens), (100, 10))


def messages_stream(at: Target) -> None:
    with at.anthropic.messages.stream(model=at.model, max_tokens=200, messages=user()) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    equal(text.strip(), ANSWER)
    equal(final.usage.output_tokens, 10)


def messages_tools(at: Target, cities: int = 1) -> None:
    messages = user("The weather in both?" if cities == 2 else "The weather?")
    answer = at.anthropic.messages.create(model=at.model, max_tokens=200, messages=messages, tools=MESSAGE_TOOLS)
    calls = [block for block in answer.content if block.type == "tool_use"]
    equal([call.input["city"] for call in calls], ["Rome", "Oslo"][:cities])
    messages.append({"role": "assistant", "content": answer.content})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": call.id, "content": "21"} for call in calls]})
    answer = at.anthropic.messages.create(model=at.model, max_tokens=200, messages=messages, tools=MESSAGE_TOOLS)
    equal(answer.content[0].text, "It is 21 degrees.")


def messages_parallel(at: Target) -> None:
    messages_tools(at, cities=2)


def messages_structured(at: Target) -> None:
    answer = at.anthropic.messages.create(
        model=at.model, max_tokens=200, messages=user("Who?"),
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
    equal(Person.model_validate_json(answer.content[0].text), PERSON)


def messages_image(at: Target) -> None:
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG64}}
    equal(message(at, [block]).content[0].text, "I see the image.")


def messages_pdf(at: Target) -> None:
    block = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF64}}
    equal(message(at, [block]).content[0].text, "I read the file.")


def messages_reasoning(at: Target) -> None:
    blocks = message(at, "Do think.").content
    equal((blocks[0].type, blocks[0].thinking), ("thinking", "Two and two."))


def messages_models(at: Target) -> None:
    holds(at.model in [model.id for model in at.anthropic.models.list()])
    equal(at.anthropic.models.retrieve(at.model).id, at.model)


def messages_errors(at: Target) -> None:
    raises(anthropic.NotFoundError, lambda: at.anthropic.messages.create(model="no-such", max_tokens=9, messages=user()))
    raises(anthropic.BadRequestError, lambda: at.anthropic.messages.create(model=at.model, max_tokens=9, messages=[]))


def messages_cancel(at: Target) -> None:
    with at.anthropic.messages.stream(model=at.model, max_tokens=200, messages=user("slowly")) as stream:
        next(iter(stream.text_stream))


def messages_count(at: Target) -> None:
    if at.wire == "openai":
        holds(at.anthropic.messages.count_tokens(model=at.model, messages=user()).input_tokens > 3)


# --- litellm


def lite(at: Target, content: Any = QUESTION, dialect: str = "openai", **more: Any) -> Any:
    base = at.v1 if dialect == "openai" else at.root
    return litellm.completion(
        model=f"{dialect}/{at.model}", api_base=base, api_key="none", messages=user(content), max_retries=0, timeout=PATIENCE,
        **more)


def lite_plain(at: Target, dialect: str = "openai") -> None:
    answer = lite(at, dialect=dialect)
    equal(answer.choices[0].message.content, ANSWER)
    equal(answer.usage.completion_tokens, 10)


def lite_stream(at: Target, dialect: str = "openai") -> None:
    text = "".join(chunk.choices[0].delta.content or "" for chunk in lite(at, dialect=dialect, stream=True) if chunk.choices)
    equal(text.strip(), ANSWER)


def lite_tools(at: Target, dialect: str = "openai") -> None:
    call = lite(at, "The weather?", dialect=dialect, tools=CHAT_TOOLS).choices[0].message.tool_calls[0]
    equal(json.loads(call.function.arguments), {"city": "Rome"})


def lite_json(at: Target) -> None:
    answer = lite(at, "JSON, please.", response_format={"type": "json_object"})
    equal(json.loads(answer.choices[0].message.content)["name"], "Ada")


def lite_structured(at: Target) -> None:
    equal(Person.model_validate_json(lite(at, "Who?", response_format=Person).choices[0].message.content), PERSON)


def lite_errors(at: Target) -> None:
    def ask() -> Any:
        return litellm.completion(
            model="openai/no-such", api_base=at.v1, api_key="none", messages=user(), max_retries=0, timeout=PATIENCE)
    raises(litellm.exceptions.NotFoundError, ask)


def lite_embeddings(at: Target) -> None:
    answer = litellm.embedding(model="openai/scripted/vectors", api_base=at.v1, api_key="none", input=["a"])
    equal(answer.data[0]["embedding"], [0.5, 0.25])


# --- langchain


def chain(at: Target, dialect: str) -> Any:
    if dialect == "openai":
        return ChatOpenAI(model=at.model, base_url=at.v1, api_key="none", max_retries=0, timeout=PATIENCE)
    if dialect == "responses":
        return ChatOpenAI(
            model=at.model, base_url=at.v1, api_key="none", max_retries=0, timeout=PATIENCE, use_responses_api=True)
    return ChatAnthropic(model=at.model, base_url=at.root, api_key="none", max_retries=0, timeout=PATIENCE, max_tokens=200)


def weather(city: str) -> str:
    """The weather in a city."""
    return "21"


def chain_cells(dialect: str) -> dict[str, Callable[[Target], None]]:
    def plain(at: Target) -> None:
        answer = chain(at, dialect).invoke(QUESTION)
        equal(answer.text.strip() if isinstance(answer.text, str) else answer.text().strip(), ANSWER)
        equal(answer.usage_metadata["output_tokens"], 10)

    def stream(at: Target) -> None:
        pieces = list(chain(at, dialect).stream(QUESTION))
        whole = pieces[0]
        for piece in pieces[1:]:
            whole += piece
        equal((whole.text if isinstance(whole.text, str) else whole.text()).strip(), ANSWER)

    def tools(at: Target) -> None:
        model = chain(at, dialect).bind_tools([weather])
        messages: list[Any] = [HumanMessage("The weather?")]
        answer = model.invoke(messages)
        equal(answer.tool_calls[0]["args"], {"city": "Rome"})
        messages += [answer, ToolMessage("21", tool_call_id=answer.tool_calls[0]["id"])]
        final = model.invoke(messages)
        equal((final.text if isinstance(final.text, str) else final.text()).strip(), "It is 21 degrees.")

    def structured(at: Target) -> None:
        equal(chain(at, dialect).with_structured_output(Person).invoke("Who?"), PERSON)

    def mode(at: Target) -> None:
        equal(chain(at, dialect).with_structured_output(Person, method="json_mode").invoke("JSON, please."), PERSON)

    def image(at: Target) -> None:
        block = {"type": "image", "base64": PNG64, "mime_type": "image/png"}
        answer = chain(at, dialect).invoke([HumanMessage([block])])
        equal((answer.text if isinstance(answer.text, str) else answer.text()).strip(), "I see the image.")

    def pdf(at: Target) -> None:
        block = {"type": "file", "base64": PDF64, "mime_type": "application/pdf", "filename": "a.pdf"}
        answer = chain(at, dialect).invoke([HumanMessage([block])])
        equal((answer.text if isinstance(answer.text, str) else answer.text()).strip(), "I read the file.")

    cells = {"plain": plain, "stream": stream, "tools": tools, "structured": structured, "image": image, "PDF": pdf}
    return cells | ({"JSON": mode, "embeddings": chain_embeddings} if dialect == "openai" else {})


def chain_embeddings(at: Target) -> None:
    vectors = OpenAIEmbeddings(
        model="scripted/vectors", base_url=at.v1, api_key="none", check_embedding_ctx_length=False)
    equal(vectors.embed_query("a"), [0.5, 0.25])


# --- pydantic-ai


def pydantic_model(at: Target, dialect: str) -> Any:
    if dialect == "anthropic":
        provider = AnthropicProvider(
            anthropic_client=anthropic.AsyncAnthropic(
                base_url=at.root, api_key="none", max_retries=0, timeout=PATIENCE))
        return AnthropicModel(at.model, provider=provider)
    provider = OpenAIProvider(
        openai_client=openai.AsyncOpenAI(base_url=at.v1, api_key="none", max_retries=0, timeout=PATIENCE))
    return (OpenAIChatModel if dialect == "openai" else PydanticResponses)(at.model, provider=provider)


def pydantic_cells(dialect: str) -> dict[str, Callable[[Target], None]]:
    def run(at: Target, prompt: Any, **options: Any) -> Any:
        agent = PydanticAgent(pydantic_model(at, dialect), retries=0, **options)
        if options.pop("has_tool", False):
            agent.tool_plain(weather)
        return asyncio.run(agent.run(prompt))

    def plain(at: Target) -> None:
        result = run(at, QUESTION)
        equal(result.output, ANSWER)

    def stream(at: Target) -> None:
        async def ask() -> str:
            async with PydanticAgent(pydantic_model(at, dialect)).run_stream(QUESTION) as result:
                return await result.get_output()
        equal(asyncio.run(ask()).strip(), ANSWER)

    def tools(at: Target) -> None:
        agent = PydanticAgent(pydantic_model(at, dialect))
        agent.tool_plain(weather)
        equal(asyncio.run(agent.run("The weather?")).output.strip(), "It is 21 degrees.")

    def structured(at: Target) -> None:
        equal(run(at, "Who?", output_type=Person).output, PERSON)
        if dialect != "anthropic":
            # The library asks models that it knows by name alone.
            equal(run(at, "Who?", output_type=NativeOutput(Person)).output, PERSON)

    def prompted(at: Target) -> None:
        equal(run(at, "Who?", output_type=PromptedOutput(Person)).output, PERSON)

    def image(at: Target) -> None:
        equal(run(at, [BinaryContent(PNG, media_type="image/png")]).output, "I see the image.")

    def pdf(at: Target) -> None:
        equal(run(at, [BinaryContent(PDF, media_type="application/pdf")]).output, "I read the file.")

    cells = {"plain": plain, "stream": stream, "tools": tools, "structured": structured, "image": image, "PDF": pdf}
    return cells | ({"JSON": prompted} if dialect == "openai" else {})


# --- instructor


def instructor_structured(at: Target) -> None:
    client = instructor.from_openai(at.openai)
    equal(client.chat.completions.create(model=at.model, messages=user("Who?"), response_model=Person, max_retries=0), PERSON)


def instructor_json(at: Target) -> None:
    client = instructor.from_openai(at.openai, mode=instructor.Mode.JSON)
    equal(client.chat.completions.create(model=at.model, messages=user("Who?"), response_model=Person, max_retries=0), PERSON)


def instructor_anthropic(at: Target) -> None:
    client = instructor.from_anthropic(at.anthropic)
    equal(client.messages.create(
        model=at.model, max_tokens=200, messages=user("Who?"), response_model=Person, max_retries=0), PERSON)


# --- openai-agents

agents_weather = function_tool(weather)


def agents_cells(dialect: str) -> dict[str, Callable[[Target], None]]:
    def agent(at: Target, **options: Any) -> Agent:
        client = openai.AsyncOpenAI(base_url=at.v1, api_key="none", max_retries=0, timeout=PATIENCE)
        kind = OpenAIResponsesModel if dialect == "responses" else OpenAIChatCompletionsModel
        return Agent(name="a", instructions="Be brief.", model=kind(model=at.model, openai_client=client), **options)

    def plain(at: Target) -> None:
        equal(asyncio.run(Runner.run(agent(at), QUESTION)).final_output, ANSWER)

    def stream(at: Target) -> None:
        async def ask() -> str:
            result = Runner.run_streamed(agent(at), QUESTION)
            async for _ in result.stream_events():
                pass
            return result.final_output
        equal(asyncio.run(ask()).strip(), ANSWER)

    def tools(at: Target) -> None:
        result = asyncio.run(Runner.run(agent(at, tools=[agents_weather]), "The weather?"))
        equal(result.final_output, "It is 21 degrees.")

    def structured(at: Target) -> None:
        equal(asyncio.run(Runner.run(agent(at, output_type=Person), "Who?")).final_output, PERSON)

    def stored(at: Target) -> None:
        async def ask() -> str:
            first = await Runner.run(agent(at), "one")
            second = await Runner.run(agent(at), "two", previous_response_id=first.last_response_id)
            return second.final_output
        equal(asyncio.run(ask()), ANSWER)

    def reasoning(at: Target) -> None:
        settings = ModelSettings(extra_body={"reasoning": {"effort": "low"}} if dialect == "responses" else None)
        result = asyncio.run(Runner.run(agent(at, model_settings=settings), "Do think."))
        holds(any(item.type == "reasoning_item" for item in result.new_items), result.new_items)

    cells = {"plain": plain, "stream": stream, "tools": tools, "structured": structured}
    return cells | ({"stored": stored, "reasoning": reasoning} if dialect == "responses" else {})


# --- smolagents


@tool
def smol_weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: its name.
    """
    return "21"


def smol_tools(at: Target) -> None:
    model = OpenAIServerModel(
        model_id=at.model, api_base=at.v1, api_key="none", client_kwargs={"timeout": PATIENCE})
    smol_weather.name = "weather"
    agent = ToolCallingAgent(tools=[smol_weather], model=model, max_steps=3, verbosity_level=0)
    equal(str(agent.run("The weather?")), "21 degrees")


CLIENTS: dict[str, tuple[str, dict[str, Callable[[Target], None]]]] = {
    "openai, chat completions": ("openai", {
        "plain": chat_plain, "stream": chat_stream, "tools": chat_tools, "parallel": chat_parallel,
        "structured": chat_structured, "JSON": chat_json, "image": chat_image, "PDF": chat_pdf,
        "reasoning": chat_reasoning, "n": chat_n, "logprobs": chat_logprobs, "models": chat_models,
        "errors": chat_errors, "cancel": chat_cancel, "completions": chat_completions, "embeddings": chat_embeddings}),
    "openai, responses": ("openai", {
        "plain": responses_plain, "stream": responses_stream, "tools": responses_tools, "parallel": responses_parallel,
        "structured": responses_structured, "JSON": responses_json, "image": responses_image, "PDF": responses_pdf,
        "reasoning": responses_reasoning, "logprobs": responses_logprobs, "errors": responses_errors,
        "stored": responses_stored, "count": responses_count}),
    "anthropic": ("anthropic", {
        "plain": messages_plain, "stream": messages_stream, "tools": messages_tools, "parallel": messages_parallel,
        "structured": messages_structured, "image": messages_image, "PDF": messages_pdf,
        "reasoning": messages_reasoning, "models": messages_models, "errors": messages_errors,
        "cancel": messages_cancel, "count": messages_count}),
    "litellm, openai": ("litellm", {
        "plain": lite_plain, "stream": lite_stream, "tools": lite_tools, "structured": lite_structured,
        "JSON": lite_json, "errors": lite_errors, "embeddings": lite_embeddings}),
    "litellm, anthropic": ("litellm", {
        "plain": lambda at: lite_plain(at, "anthropic"), "stream": lambda at: lite_stream(at, "anthropic"),
        "tools": lambda at: lite_tools(at, "anthropic")}),
    "langchain-openai": ("langchain-openai", chain_cells("openai")),
    "langchain-openai, responses": ("langchain-openai", chain_cells("responses")),
    "langchain-anthropic": ("langchain-anthropic", chain_cells("anthropic")),
    "pydantic-ai, chat completions": ("pydantic-ai-slim", pydantic_cells("openai")),
    "pydantic-ai, responses": ("pydantic-ai-slim", pydantic_cells("responses")),
    "pydantic-ai, anthropic": ("pydantic-ai-slim", pydantic_cells("anthropic")),
    "instructor, openai": ("instructor", {"structured": instructor_structured, "JSON": instructor_json}),
    "instructor, anthropic": ("instructor", {"structured": instructor_anthropic}),
    "openai-agents, responses": ("openai-agents", agents_cells("responses")),
    "openai-agents, chat completions": ("openai-agents", agents_cells("openai")),
    "smolagents": ("smolagents", {"tools": smol_tools}),
}
