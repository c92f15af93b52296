package import Domain
import JSON

/// One question of a probe suite, with what makes an answer to it right.
package struct ProbeItem: Sendable {
    /// Unique over the suite.
    package let id: String
    /// The sort of task, for example `arithmetic`; results of one kind are drawn together.
    package let kind: String
    /// 1 (almost every instruct model is right) to 5 (most are wrong), by the author's judgement.
    package let level: Int
    /// What is asked, with the schemas of the tools offered, if any.
    package let text: StepText
    package let grader: ProbeGrader

    package init(id: String, kind: String, level: Int, text: StepText, grader: ProbeGrader) {
        self.id = id
        self.kind = kind
        self.level = level
        self.text = text
        self.grader = grader
    }

    /// A number that changes with the question: an answer to an older wording is no answer to this one.
    package var fingerprint: String {
        var hash = StableHash()
        for part in [text.prompt, text.tools ?? ""] {
            hash.combine(part.utf8)
            hash.combine(unit: 0xff)
        }
        return hash.hexadecimal
    }
}

extension ProbeItem {
    /// Reads a line of a probe file: `id, kind, level, prompt, tools?, grader {type, ...}, answer`.
    init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(
            json, path: "", known: ["id", "kind", "level", "prompt", "tools", "grader", "answer"])
        func text(_ name: String) throws(FieldError) -> String {
            guard let text = try fields.string(name), !text.isEmpty else {
                throw FieldError(name, "is missing: give a string that is not empty")
            }
            return text
        }
        id = try text("id")
        kind = try text("kind")
        guard let level = try fields.integer("level", in: 1...5) else {
            throw FieldError("level", "is missing: give a number from 1 (very easy) to 5 (hard)")
        }
        self.level = level
        var tools: String?
        if let list = fields.value("tools") {
            guard list.kind == .array, list.count > 0 else {
                throw FieldError("tools", "must be a list of functions in OpenAI's form")
            }
            tools = String(decoding: list.raw, as: UTF8.self)
        }
        self.text = StepText(prompt: try text("prompt"), tools: tools)
        guard let grader = fields.value("grader") else {
            throw FieldError("grader", "is missing: give an object like {\"type\": \"number\"}")
        }
        self.grader = try ProbeGrader(json: grader, answer: json["answer"])
    }
}
