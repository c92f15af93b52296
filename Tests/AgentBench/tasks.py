"""Makes the bench's tasks from material.py: `tasks.py` writes tasks/training.json and tasks/evaluation.json.

A task is a job of subtasks. Each subtask says what it wants: `words` (one of them), `all` of some words, a `number`, or
`code` (calls of a function with what they return); one that needs a tool says what the tool has to return. A task succeeds when every
subtask that no other depends on gives what is wanted; for code, when every function does.
"""

import ast
import json
import operator
import random
from pathlib import Path
from typing import Any

from material import FACTS, FUNCTIONS, NOTES, PROBLEMS, SHOP

HERE = Path(__file__).resolve().parent
GRADES = ["very easy", "easy", "medium", "hard", "very hard"]
SENTENCE = "Answer the question in one short sentence."
DRAFT = "Do what is asked in one or two short sentences."
CODE = "Write only the Python function, in one code block, without any explanation."

Subtask = dict[str, Any]
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def value(expression: str) -> float:
    """The value of an expression of numbers, + - * / and parentheses."""
    def walk(node: ast.expr) -> float:
        match node:
            case ast.BinOp(left, op, right):
                return OPERATORS[type(op)](walk(left), walk(right))
            case ast.Constant(number):
                return number
        raise ValueError(f"not arithmetic: {expression}")
    return round(walk(ast.parse(expression, mode="eval").body), 6)


def subtask(name: str, prompt: str, want: dict[str, Any], *, after: list[str] | None = None,
            tool: dict[str, Any] | None = None) -> Subtask:
    made = {"id": name, "prompt": prompt, "depends_on": after or [], "want": want}
    return made | ({"tool": tool} if tool else {})


def calculated(name: str, prompt: str, result: float, after: list[str] | None = None) -> Subtask:
    return subtask(name, prompt, {"number": result}, after=after, tool={"name": "calculator", "returns": result})


# --- The kinds: each makes the subtasks of one task ----------------------------------------------------------

def facts(grade: int, deal: "Deal") -> list[Subtask]:
    chosen = [deal.next(("facts", grade)) for _ in range(3)]
    return [subtask(f"fact{i}", question, {"words": answers}) for i, (_, question, answers) in enumerate(chosen, 1)]


def code(grade: int, deal: "Deal") -> list[Subtask]:
    chosen = [deal.next(("functions", grade)) for _ in range(2)] + [deal.next(("functions", max(1, grade - 1)))]
    return [
        subtask(f"function{i}", f"Write a Python function {signature} that {purpose}.",
                {"code": signature.split("(")[0], "calls": calls})
        for i, (_, signature, purpose, calls) in enumerate(chosen, 1)]


def problem(deal: "Deal", grade: int) -> tuple[str, float]:
    """A word problem with numbers put in, and its value, never negative."""
    _, text, expression = deal.next(("problems", grade))
    while True:
        draw = deal.random.randint
        numbers = {"a": draw(3, 9 + 8 * (grade > 1)), "b": draw(3, 9), "c": draw(2, 9) * 10, "d": draw(150, 400),
                   "p": draw(2, 9) * 5}
        result = value(expression.format(**numbers))
        if result > 0:
            return text.format(**numbers), result


def arithmetic(grade: int, deal: "Deal") -> list[Subtask]:
    first, result = problem(deal, grade)
    subtasks = [calculated("first", first, result)]
    if grade in (2, 4):
        subtasks.append(calculated("second", *problem(deal, grade)))
    if grade in (3, 5):
        times = deal.random.randint(2, 9)
        subtasks.append(calculated(
            "then", f"Multiply the result by {times}. What is the product?", round(result * times, 6), ["first"]))
    return subtasks


def looked_up(name: str, row: tuple[str, int, int, int], field: str) -> Subtask:
    item, price, stock, aisle = row
    question = {"price": f"What is the price of the {item} in dollars?",
                "stock": f"How many pieces of the {item} are in stock?",
                "aisle": f"In which aisle is the {item}?"}[field]
    result = {"price": price, "stock": stock, "aisle": aisle}[field]
    return subtask(name, question, {"number": result}, tool={"name": "lookup", "returns": result})


def lookup(grade: int, deal: "Deal") -> list[Subtask]:
    row, other = deal.next("shop"), deal.next("shop")
    fields = deal.random.sample(["price", "stock", "aisle"], 2)
    match grade:
        case 1:
            return [looked_up("first", row, fields[0])]
        case 2:
            return [looked_up("first", row, fields[0]), looked_up("second", other, fields[1])]
        case 3:
            count = deal.random.randint(3, 9)
            return [looked_up("price", row, "price"), calculated(
                "total", f"What do {count} pieces of the {row[0]} cost together?", row[1] * count, ["price"])]
        case 4:
            return [looked_up("first", row, "price"), looked_up("second", other, "price"), calculated(
                "sum", f"What do one {row[0]} and one {other[0]} cost together?", row[1] + other[1],
                ["first", "second"])]
    return [looked_up("price", row, "price"), looked_up("stock", row, "stock"), calculated(
        "worth", f"What are all pieces of the {row[0]} in stock worth together in dollars?", row[1] * row[2],
        ["price", "stock"])]


def extraction(grade: int, deal: "Deal") -> list[Subtask]:
    person, city, item, day = (deal.next(field) for field in ("person", "city", "item", "day"))
    price, number = deal.random.randint(20, 90), deal.random.randint(1000, 9999)
    form = f"From: {person}\nCity: {city}\nItem: {item}\nPrice: {price} dollars\nDelivery: {day}"
    prose = (f"Hello, this is {person}. On {day} I ordered the {item} with number {number} for {price} dollars. "
             f"Please send it to my new address in {city}.")
    other = deal.next("person"), deal.next("city"), deal.next("item")
    two = (f"{person} from {city} ordered the {item} for {price} dollars. {other[0]} from {other[1]} ordered the "
           f"{other[2]} for {price + 17} dollars.")
    questions = {
        "item": ("What is the item?", {"words": [item]}), "price": ("What is the price?", {"number": price}),
        "person": ("Who is it from?", {"words": [person]}), "city": ("What is the city?", {"words": [city]}),
        "day": ("What is the day of delivery?", {"words": [day]}),
        "ordered": ("What did the customer order?", {"words": [item]}),
        "cost": ("How many dollars does the order cost?", {"number": price}),
        "number": ("What is the number of the item?", {"number": number}),
        "name": ("What is the name of the customer?", {"words": [person]}),
        "where": ("To which city shall it be sent?", {"words": [city]}),
        "second": (f"What did {other[0]} order?", {"words": [other[2]]}),
        "dearer": ("Which item costs more?", {"words": [other[2]], "not": [item]}),
        "first": (f"From which city is {person}?", {"words": [city], "not": [other[1]]}),
    }
    text, names = {
        1: (form, deal.random.sample(["item", "price", "city"], 2)),
        2: (form, deal.random.sample(["item", "price", "person", "city", "day"], 3)),
        3: (prose, deal.random.sample(["ordered", "cost", "where"], 2)),
        4: (prose, deal.random.sample(["ordered", "cost", "number", "name", "where"], 3)),
        5: (two, ["second", "dearer", "first"]),
    }[grade]
    return [subtask(name, f"{text}\n\n{questions[name][0]}", questions[name][1]) for name in names]


# --- Notes, drafts and errands of a shop's assistant -------------------------------------------------------------

def notes(grade: int, deal: "Deal") -> list[Subtask]:
    person, city = deal.next("person"), deal.next("city")
    (day, other_day), (item, other) = deal.several("day", 2), deal.several("item", 2)
    price, more = deal.random.randint(20, 90), deal.random.randint(3, 19)
    record = json.dumps({"item": item, "price": price, "city": city})
    both = f"The {item} costs {price} dollars and the {other} costs {price + more} dollars."
    asked = {
        "cost": (f"The {item} costs {price} dollars.\n\nWhat does the {item} cost?", {"number": price}),
        "day": (f"The meeting is on {day} in {city}.\n\nOn which day is the meeting?", {"words": [day]}),
        "price": (f"{record}\n\nWhat is the price?", {"number": price}),
        "item": (f"{record}\n\nWhat is the item?", {"words": [item]}),
        "home": (f"{person} lives in {city}.\n\nWhere does {person.split()[0]} live?", {"words": [city]}),
        "other": (f"{both}\n\nWhat does the {other} cost?", {"number": price + more}),
        "dearer": (f"{both}\n\nWhich of them costs more?", {"words": [other], "not": [item]}),
        "gap": (f"{both}\n\nHow many dollars more does the {other} cost?", {"number": more}),
        "moved": (f"The visit was planned for {day} and is now on {other_day}.\n\nOn which day is the visit?",
                  {"words": [other_day]}),
    }
    names = {1: ["cost", "day"], 2: ["price", "day", "cost"], 3: ["item", "home", "price"],
             4: ["other", "item", "moved"], 5: ["dearer", "gap", "day"]}[grade]
    return [subtask(name, *asked[name]) for name in names]


def drafts(grade: int, deal: "Deal") -> list[Subtask]:
    person, city, day = (deal.next(field) for field in ("person", "city", "day"))
    items = deal.several("item", 3)
    item, name = items[0], person.split()[0]
    price, number = deal.random.randint(20, 90), deal.random.randint(1000, 9999)
    asked = {
        "heading": (f"Write a heading for a page about a {item} that costs {price} dollars.", [item]),
        "describe": (f"Describe a {item} for a shop in one sentence.", [item]),
        "greet": (f"Write the first line of an e-mail to {person}.", [name]),
        "confirm": (f"Confirm to the customer that the {item} was sent to {city}.", [item, city]),
        "thank": (f"Write one sentence that thanks {person} for buying the {item}.", [name, item]),
        "delay": (f"Tell the customer in one sentence that order {number} is delayed until {day}.", [str(number), day]),
        "summary": (f"Summarize in one sentence: {person} from {city} ordered a {item} on {day}. It has not arrived yet.",
                    [name, item]),
        "list": (f"Write one sentence that names these things: {', '.join(items)}.", items),
        "ask": (f"Ask {person} politely for the number of the order of the {item}.", [item]),
        "subject": (f"Write a subject line for this e-mail:\n\nHello, this is {person}. The {item} that I ordered on "
                    f"{day} is broken. Please send me a new one.", [item]),
    }
    names = {1: ["heading", "describe"], 2: ["confirm", "greet"], 3: ["confirm", "thank", "heading"],
             4: ["delay", "summary", "describe"], 5: ["list", "ask", "subject"]}[grade]
    return [subtask(name, asked[name][0], {"all": asked[name][1]}) for name in names]


def errands(grade: int, deal: "Deal") -> list[Subtask]:
    row, other = deal.next("shop"), deal.next("shop")
    item, price, stock, _ = row
    describe = subtask("describe", f"Describe a {item} for a shop in one sentence.", {"all": [item]})
    cost = subtask("tell", f"Tell the customer what the {item} costs.", {"number": price}, after=["price"])
    match grade:
        case 1:
            return [looked_up("price", row, "price"), cost]
        case 2:
            return [looked_up("stock", row, "stock"), subtask(
                "tell", f"Tell the customer how many pieces of the {item} there are.", {"number": stock},
                after=["stock"]), describe]
        case 3:
            return [looked_up("price", row, "price"), cost, looked_up("aisle", other, "aisle"), subtask(
                "show", f"Tell the customer in which aisle the {other[0]} is.", {"number": other[3]},
                after=["aisle"])]
        case 4:
            return [looked_up("first", row, "price"), looked_up("second", other, "price"), subtask(
                "tell", f"Tell the customer in one sentence what the {item} and the {other[0]} cost.",
                {"all": [str(price), str(other[1])]}, after=["first", "second"])]
    return [looked_up("price", row, "price"), looked_up("stock", row, "stock"), describe, subtask(
        "tell", f"Tell the customer in one sentence what the {item} costs and how many pieces there are.",
        {"all": [str(price), str(stock)]}, after=["price", "stock"])]


KINDS = {
    "facts": (facts, SENTENCE, []),
    "extraction": (extraction, SENTENCE, []),
    "lookup": (lookup, SENTENCE, ["lookup", "calculator"]),
    "arithmetic": (arithmetic, SENTENCE, ["calculator"]),
    "code": (code, CODE, []),
}
SHOP_KINDS = {
    "notes": (notes, SENTENCE, []),
    "drafts": (drafts, DRAFT, []),
    "errands": (errands, DRAFT, ["lookup"]),
}
#: By part, what is dealt: a pack of material, a seed, kinds, tasks of each kind and grade.
DEALS = {
    "training": [("first", 1, KINDS, 4), ("second", 2, KINDS, 2), ("first", 3, SHOP_KINDS, 4), ("second", 4, SHOP_KINDS, 2)],
    "evaluation": [("third", 5, KINDS | SHOP_KINDS, 2)],
}


class Deal:
    """Deals material like shuffled cards: nothing comes twice before everything has come once."""

    def __init__(self, pack: str, seed: int):
        self.random = random.Random(seed)
        self.packs: dict[Any, list[Any]] = {"shop": SHOP[pack], **NOTES[pack]}
        for name, rows in (("facts", FACTS), ("functions", FUNCTIONS), ("problems", PROBLEMS)):
            for row in rows[pack]:
                self.packs.setdefault((name, row[0]), []).append(row)
        self.hands: dict[Any, list[Any]] = {}

    def next(self, name: Any) -> Any:
        if not self.hands.get(name):
            self.hands[name] = self.random.sample(self.packs[name], len(self.packs[name]))
        return self.hands[name].pop()

    def several(self, name: Any, count: int) -> list[Any]:
        """Some that differ from each other."""
        dealt: list[Any] = []
        while len(dealt) < count:
            if (card := self.next(name)) not in dealt:
                dealt.append(card)
        return dealt


def make(part: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []
    dealt: dict[tuple[str, int], int] = {}
    for pack, seed, kinds, count in DEALS[part]:
        deal = Deal(pack, seed)
        for kind, (subtasks, instructions, tools) in kinds.items():
            for grade in range(1, 6):
                for _ in range(count):
                    number = dealt[kind, grade] = dealt.get((kind, grade), 0) + 1
                    tasks.append({
                        "id": f"{part}-{kind}-{grade}-{number}", "kind": kind, "grade": grade,
                        "instructions": instructions, "tools": tools, "max_steps": 2 if tools else 1,
                        "subtasks": subtasks(grade, deal)})
    return tasks


def read(part: str) -> list[dict[str, Any]]:
    return json.loads((HERE / "tasks" / f"{part}.json").read_text())


if __name__ == "__main__":
    for part in DEALS:
        lines = ",\n".join(json.dumps(task, ensure_ascii=False) for task in make(part))
        (HERE / "tasks" / f"{part}.json").write_text(f"[\n{lines}\n]\n")
