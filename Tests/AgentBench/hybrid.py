"""The baseline: HybridLLM's router (arXiv 2404.14618) at every step: one classifier and one threshold.

The label is the paper's deterministic one: the small model's answer is at least as good as the large one's. The paper
fits DeBERTa; this is a logistic regression on word 1-2-grams and character 3-5-grams of the step's prompt and tools and
of what came back since the user's request, the same texts that hera's profiles read, fitted to the same rows.
"""

import json
import math
import re
import zlib
from typing import Any

from jobs import past
from plant import PROFILES

BUCKETS = 1 << 16
PENALTY = 1e-3
ROUNDS = 400
RATE = 3.0


def grams(text: str) -> dict[int, float]:
    """Hashed n-grams, each once, of length 1 together in each view."""
    words = re.findall(r"[a-z0-9]+|[^\sa-z0-9]", text.lower())
    views = [
        words + [f"{a} {b}" for a, b in zip(words, words[1:])],
        [f" {word} "[i:i + n] for word in words for n in (3, 4, 5) for i in range(len(word) + 3 - n)],
    ]
    weights: dict[int, float] = {}
    for number, view in enumerate(views):
        found = {zlib.crc32(f"{number}{gram}".encode()) % BUCKETS for gram in view}
        for gram in found:
            weights[gram] = weights.get(gram, 0) + 1 / math.sqrt(len(found))
    return weights


def text_of(prompt: str, tools: list[dict[str, Any]] | None, history: str | None) -> str:
    return prompt + ("\n" + json.dumps(tools) if tools else "") + (f"\nresult: {history}" if history else "")


class Hybrid:
    """P(the small model's answer is at least as good), by step."""

    def __init__(self, rows: list[dict[str, Any]]):
        texts = [grams(text_of(row["prompt"], row.get("tools"), row.get("history"))) for row in rows]
        small, large = PROFILES["small"], PROFILES["large"]
        labels = [float(row["outcomes"][small]["score"] >= row["outcomes"][large]["score"]) for row in rows]
        self.weights: dict[int, float] = {}
        self.bias = 0.0
        for _ in range(ROUNDS):  # gradient descent on all rows at once: the loss is convex and the rows are few
            errors = [label - self._probability(text) for text, label in zip(texts, labels)]
            self.bias += RATE / 4 * sum(errors) / len(rows)
            slope: dict[int, float] = {}
            for text, error in zip(texts, errors):
                for gram, weight in text.items():
                    slope[gram] = slope.get(gram, 0) + error * weight / len(rows)
            for gram, value in slope.items():
                old = self.weights.get(gram, 0)
                self.weights[gram] = old + RATE * (value - PENALTY * old)

    def _probability(self, text: dict[int, float]) -> float:
        score = self.bias + sum(self.weights.get(gram, 0) * weight for gram, weight in text.items())
        return 1 / (1 + math.exp(-score))

    def of_body(self, body: dict[str, Any]) -> float:
        """The probability for a chat request, of its last message from the user, its tools and what came after."""
        prompt = next(message["content"] for message in reversed(body["messages"]) if message["role"] == "user")
        return self._probability(grams(text_of(prompt, body.get("tools"), past(body["messages"]))))
