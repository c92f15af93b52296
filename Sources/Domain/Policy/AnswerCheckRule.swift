import JSON

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A check of answers that a policy names (`checks`).
package struct AnswerCheckRule: Hashable, Sendable {
    /// The name in decisions.
    package var name: String
    /// How it checks.
    package var kind: Kind
    /// What its verdict means.
    package var effect: Effect
    /// Wall time of a command or a call.
    package var timeoutSeconds: Double
    /// Most bytes of a command's output or a server's answer that are read.
    package var outputBytes: Int

    /// The ways to check an answer, with their settings.
    package enum Kind: Hashable, Sendable {
        /// The answer, or the last fenced block in it, is JSON that fits this schema.
        case jsonSchema(String)
        /// The pattern is found in the answer's text (POSIX extended syntax).
        case regex(String)
        /// The command ends with status 0; the answer is its standard input.
        case command([String])
        /// The server answers `{"pass": true}` to a POST of the answer.
        case http(url: String, keyVariable: String?)

        /// Whether only the operator may name it.
        package var isOperators: Bool {
            switch self {
            case .jsonSchema, .regex: false
            case .command, .http: true
            }
        }

        fileprivate static let names = ["json_schema", "regex", "command", "http"]
    }

    /// What a verdict means.
    package enum Effect: Hashable, Sendable {
        /// A failed check rejects the answer.
        case veto
        /// The verdict changes the probability that the answer is right.
        ///
        /// - Parameters:
        ///   - caught: share of wrong answers that fail.
        ///   - falseAlarms: share of right answers that fail.
        case evidence(caught: Double, falseAlarms: Double)
    }

    package init(
        name: String, kind: Kind, effect: Effect = .veto, timeoutSeconds: Double = 10, outputBytes: Int = 64 << 10
    ) {
        self.name = name
        self.kind = kind
        self.effect = effect
        self.timeoutSeconds = timeoutSeconds
        self.outputBytes = outputBytes
    }

    /// Change of the log-odds of a right answer by a verdict; 0 for a veto.
    package func logOdds(passes: Bool) -> Double {
        guard case .evidence(let caught, let falseAlarms) = effect else { return 0 }
        let (wrong, right) = passes ? (1 - caught, 1 - falseAlarms) : (caught, falseAlarms)
        return log(max(right, 0.001)) - log(max(wrong, 0.001))
    }
}

extension AnswerCheckRule {
    /// Most checks that a caller names.
    static let most = 16
    private static let longestPattern = 2000

    /// Parses a list of checks.
    ///
    /// - Parameter isOperators: whether the policy is from the operator's settings, which alone may name commands and
    ///   servers.
    static func list(_ json: JSONValue, path: String, isOperators: Bool) throws(FieldError) -> [AnswerCheckRule] {
        guard json.kind == .array else { throw FieldError(path, "must be a list like [{\"type\": \"regex\", ...}]") }
        // A stored policy has the caller's and the operator's.
        guard isOperators || json.count <= most else { throw FieldError(path, "has more than \(most) checks") }
        var rules: [AnswerCheckRule] = []
        for (index, element) in json.elements.enumerated() {
            rules.append(try AnswerCheckRule(element, path: "\(path)[\(index)]", isOperators: isOperators))
        }
        return rules
    }

    private init(_ json: JSONValue, path: String, isOperators: Bool) throws(FieldError) {
        let type = json["type"]?.string ?? ""
        let own: [String]
        switch type {
        case "json_schema": own = ["schema"]
        case "regex": own = ["pattern"]
        case "command": own = ["argv", "timeout_s", "output_bytes"]
        case "http": own = ["url", "key_env", "timeout_s", "output_bytes"]
        default:
            throw FieldError(
                "\(path).type", "'\(type)' is not known; use one of \(Kind.names.joined(separator: ", "))")
        }
        let fields = try FieldReader(
            json, path: path, known: ["type", "name", "effect", "caught", "false_alarms"] + own)
        let kind = try Self.kind(type, fields)
        if kind.isOperators, !isOperators {
            throw FieldError(
                fields.path("type"), "'\(type)' is the operator's to set: name it in a policy of the settings")
        }
        self.init(
            name: try fields.string("name") ?? type, kind: kind, effect: try Self.effect(fields),
            timeoutSeconds: try fields.number("timeout_s", in: 0.05...600) ?? 10,
            outputBytes: try fields.integer("output_bytes", in: 16...1 << 24) ?? 64 << 10)
    }

    private static func kind(_ type: String, _ fields: FieldReader) throws(FieldError) -> Kind {
        func missing(_ name: String, _ example: String) -> FieldError {
            FieldError(fields.path(name), "is missing: write \(example)")
        }
        switch type {
        case "json_schema":
            guard let schema = fields.value("schema"), let document = try? JSONDocument(Array(schema.raw)) else {
                throw missing("schema", "a JSON Schema")
            }
            do throws(FieldError) {
                _ = try JSONSchema(document.root)
            } catch {
                throw FieldError(fields.path("schema"), error.description)
            }
            return .jsonSchema(String(decoding: document.bytes, as: UTF8.self))
        case "regex":
            guard let pattern = try fields.string("pattern"), !pattern.isEmpty else {
                throw missing("pattern", "a regular expression")
            }
            guard pattern.utf8.count <= longestPattern else {
                throw FieldError(fields.path("pattern"), "is longer than \(longestPattern) bytes")
            }
            do throws(AnswerPattern.Fault) {
                _ = try AnswerPattern(pattern)
            } catch {
                throw FieldError(fields.path("pattern"), error.description)
            }
            return .regex(pattern)
        case "command":
            guard let words = try fields.strings("argv"), let program = words.first else {
                throw missing("argv", "[\"/usr/bin/true\"]")
            }
            guard program.hasPrefix("/"), words.allSatisfy({ !$0.utf8.contains(0) }) else {
                throw FieldError(fields.path("argv"), "must begin with a program's full path")
            }
            return .command(words)
        default:
            guard let url = try fields.string("url") else { throw missing("url", "https://...") }
            guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
                throw FieldError(fields.path("url"), "must begin with https:// or http://")
            }
            return .http(url: url, keyVariable: try fields.string("key_env"))
        }
    }

    private static func effect(_ fields: FieldReader) throws(FieldError) -> Effect {
        let name = try fields.string("effect") ?? "veto"
        switch name {
        case "veto":
            for member in ["caught", "false_alarms"] where fields.value(member) != nil {
                throw FieldError(fields.path(member), "belongs to \"effect\": \"evidence\"")
            }
            return .veto
        case "evidence":
            // Without figures of its own, a check is taken for a fairly good one.
            let caught = try fields.number("caught", in: 0...1) ?? 0.7
            let falseAlarms = try fields.number("false_alarms", in: 0...1) ?? 0.1
            guard caught > falseAlarms else {
                throw FieldError(fields.path("caught"), "must be above false_alarms, else the check tells nothing")
            }
            return .evidence(caught: caught, falseAlarms: falseAlarms)
        default: throw FieldError(fields.path("effect"), "'\(name)' is not known; use one of veto, evidence")
        }
    }

    /// Writes the check as an element of `checks`.
    func write(into writer: inout JSONWriter) {
        writer.object { object in
            object.member("name", name)
            switch kind {
            case .jsonSchema(let schema):
                object.member("type", "json_schema")
                object.member("schema", raw: schema.utf8)
            case .regex(let pattern):
                object.member("type", "regex")
                object.member("pattern", pattern)
            case .command(let words):
                object.member("type", "command")
                object.member("argv", array: { list in for word in words { list.element(word) } })
            case .http(let url, let keyVariable):
                object.member("type", "http")
                object.member("url", url)
                if let keyVariable { object.member("key_env", keyVariable) }
            }
            if case .evidence(let caught, let falseAlarms) = effect {
                object.member("effect", "evidence")
                object.member("caught", caught)
                object.member("false_alarms", falseAlarms)
            }
            guard kind.isOperators else { return }
            object.member("timeout_s", timeoutSeconds)
            object.member("output_bytes", outputBytes)
        }
    }
}
