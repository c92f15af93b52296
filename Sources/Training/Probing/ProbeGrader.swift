import Domain
package import JSON

/// The criterion of a right answer.
package enum ProbeGrader: Sendable {
    /// The answer's number, within a distance.
    case number(Double, tolerance: Double)
    /// One of several choices. `texts` are the texts of lettered choices, for models that answer with these.
    case choice([String], texts: [String], right: Int)
    /// The exact text, without wrapping (`AnswerUnwrapping`).
    case exact([String])
    /// JSON that fits a schema and equals the reference where one is given.
    case json(JSONSchema, reference: JSONValue?)
    /// A tool call equal to one of these objects with `name` and `arguments`.
    case call([JSONValue])
    /// Python that passes these statements; runs only where the operator allows it (`CodeTrial`).
    case code(tests: String)

    /// Reads `{"type": ..., ...}` and the item's reference answer.
    init(json: JSONValue, answer: JSONValue?) throws(FieldError) {
        let known = ["type", "tolerance", "choices", "texts", "accept", "schema", "tests"]
        let fields = try FieldReader(json, path: "grader", known: known)
        func reference() throws(FieldError) -> String {
            guard let text = answer?.string else { throw FieldError("answer", "must be a string for this grader") }
            return text
        }
        switch try fields.string("type") {
        case "number":
            guard let value = Double(try reference()), value.isFinite else {
                throw FieldError("answer", "must be a number in a string, like \"42\"")
            }
            self = .number(value, tolerance: try fields.number("tolerance", in: 0...1e9) ?? 0)
        case "choice":
            let choices = try fields.strings("choices") ?? []
            let texts = try fields.strings("texts") ?? []
            guard choices.count > 1, texts.isEmpty || texts.count == choices.count else {
                throw FieldError("grader.choices", "must be at least two, and `texts` as many where they are given")
            }
            let text = try reference()
            guard let right = choices.firstIndex(of: text) else {
                throw FieldError("answer", "\"\(text)\" is none of the choices")
            }
            self = .choice(choices, texts: texts, right: right)
        case "exact":
            self = .exact([try reference()] + (try fields.strings("accept") ?? []))
        case "json":
            guard let value = fields.value("schema") else { throw FieldError("grader.schema", "is missing") }
            let schema = try JSONSchema(value)
            let reference = answer.flatMap { $0.isNull ? nil : $0 }
            if let reference, let problem = schema.problem(in: reference) {
                throw FieldError("answer", "does not fit the schema: \(problem)")
            }
            self = .json(schema, reference: reference)
        case "call":
            let calls = (answer.map { [$0] } ?? []) + (fields.value("accept").map { Array($0.elements) } ?? [])
            guard !calls.isEmpty,
                calls.allSatisfy({ $0["name"]?.string != nil && $0["arguments"]?.kind == .object })
            else { throw FieldError("answer", "must be an object with `name` and `arguments`") }
            self = .call(calls)
        case "code":
            guard let tests = try fields.string("tests") else { throw FieldError("grader.tests", "is missing") }
            self = .code(tests: tests)
        case let other:
            throw FieldError(
                "grader.type",
                "\(other.map { "\"\($0)\" is unknown" } ?? "is missing"): use number, choice, exact, json, call or code"
            )
        }
    }

    /// Whether an answer is right; nil where it has to be run (`code`).
    ///
    /// - Parameter calls: structured calls, name and arguments as JSON text.
    package func isRight(_ answer: String, calls: [(name: String, arguments: String)] = []) -> Bool? {
        switch self {
        case .number(let wanted, let tolerance):
            guard let found = AnswerNumber.find(in: answer, readsFractions: tolerance > 0) else { return false }
            return abs(found - wanted) <= tolerance + 1e-9 * max(1, abs(wanted))
        case .choice(let choices, let texts, let right):
            return AnswerChoice(choices: choices, texts: texts).find(in: answer) == right
        case .exact(let wanted):
            let readings = AnswerUnwrapping.readings(of: answer)
            return wanted.contains { readings.contains(AnswerUnwrapping.plain($0)) }
        case .json(let schema, let reference):
            guard let document = AnswerUnwrapping.json(in: answer) else { return false }
            guard schema.problem(in: document.root) == nil else { return false }
            return reference.map { $0.isSame(as: document.root) } ?? true
        case .call(let wanted):
            if calls.count > 1 { return false }
            guard let made = calls.first ?? WrittenCall.find(in: answer),
                let arguments = try? JSONDocument(Array(made.arguments.utf8)).root
            else { return false }
            return wanted.contains { call in
                call["name"]?.string == made.name && (call["arguments"]?.isSame(as: arguments) ?? false)
            }
        case .code: return nil
        }
    }
}
