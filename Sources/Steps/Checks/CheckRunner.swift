import Calls
import Dialects
import Domain
import JSON
import Upstream

/// Runs the checks that a policy names on an answer.
struct CheckRunner: Sendable {
    let upstream: UpstreamClient
    let keys: APIKeys
    let prepared: PreparedStep

    /// The outcome of a check.
    enum Verdict: Hashable, Sendable {
        case passes
        /// With the reason.
        case fails(String)
        /// The check itself did not work, so that it tells nothing of the answer.
        case dropped(String)
    }

    func verdict(of rule: AnswerCheckRule, on answer: ChatAnswer, of model: ModelID) async -> Verdict {
        switch rule.kind {
        case .jsonSchema(let schema): return Self.verdict(bySchema: schema, on: answer)
        case .regex(let pattern):
            guard let pattern = try? AnswerPattern(pattern) else { return .dropped("it is no regular expression") }
            let text = answer.text.isEmpty ? answer.output : answer.text
            return pattern.isFound(in: text) ? .passes : .fails("the pattern is not in it")
        case .command(let words): return await verdict(by: words, rule, on: answer, of: model)
        case .http(let url, let keyVariable): return await verdict(at: url, keyVariable, rule, on: answer, of: model)
        }
    }

    // MARK: Schemas

    private static func verdict(bySchema schema: String, on answer: ChatAnswer) -> Verdict {
        guard let document = try? JSONDocument(Array(schema.utf8)), let schema = try? JSONSchema(document.root) else {
            return .dropped("its schema cannot be read")
        }
        if answer.text.allSatisfy(\.isWhitespace), !answer.toolCalls.isEmpty {
            return .dropped("the answer calls tools and has no text")
        }
        guard let value = try? JSONDocument(Array(json(in: answer.text).utf8)) else { return .fails("it is no JSON") }
        return schema.problem(in: value.root).map { .fails($0) } ?? .passes
    }

    /// The text's last fenced block, or all of it.
    private static func json(in text: String) -> String {
        let parts = text.split(separator: "```", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return text }
        let block = parts[parts.count % 2 == 0 ? parts.count - 3 : parts.count - 2]
        // The first line may name the language.
        guard let end = block.firstIndex(of: "\n"), block[..<end].allSatisfy({ $0.isLetter || $0.isWhitespace }) else {
            return String(block)
        }
        return String(block[end...])
    }

    // MARK: Commands and servers

    private func verdict(
        by words: [String], _ rule: AnswerCheckRule, on answer: ChatAnswer, of model: ModelID
    ) async -> Verdict {
        let command = BoundedCommand(
            words: words,
            environment: [
                "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HERA_CHECK=\(Self.plain(rule.name))",
                "HERA_MODEL=\(Self.plain(model.rawValue))",
            ],
            timeoutSeconds: rule.timeoutSeconds, outputBytes: rule.outputBytes)
        let input = Array(answer.output.utf8)
        switch await command.result(input: input) {
        case .ended(0, _): return .passes
        // The shell's words for "cannot be run".
        case .ended(126, _), .ended(127, _): return .dropped("the command could not be run")
        case .ended(let status, let output):
            let line = BoundedCommand.firstLine(of: output)
            return .fails(line.isEmpty ? "status \(status)" : line)
        case .notStarted(let reason): return .dropped("the command could not be started: \(reason)")
        case .tooLong: return .dropped("the command did not end within \(rule.timeoutSeconds) s")
        case .tooMuchOutput: return .dropped("the command wrote more than \(rule.outputBytes) bytes")
        }
    }

    private static func plain(_ text: String) -> String { text.filter { $0 != "\0" } }

    private func verdict(
        at url: String, _ keyVariable: String?, _ rule: AnswerCheckRule, on answer: ChatAnswer, of model: ModelID
    ) async -> Verdict {
        var headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        if let key = keyVariable.flatMap({ keys.secret(named: $0) }) {
            headers.append(("Authorization", "Bearer \(key)"))
        }
        let timeout = Duration.seconds(rule.timeoutSeconds)
        let request = UpstreamRequest(
            url: url, headers: headers, body: body(of: answer, by: model),
            timeouts: UpstreamTimeouts(firstByte: timeout, idle: timeout, total: timeout),
            maximumResponseBytes: rule.outputBytes)
        do throws(UpstreamError) {
            let response = try await upstream.send(request)
            let bytes = try await response.collect(upTo: rule.outputBytes)
            guard (200..<300).contains(response.status) else {
                return .dropped("its server answered with status \(response.status)")
            }
            guard let root = try? JSONDocument(bytes).root, let passes = root["pass"]?.boolean else {
                return .dropped("its server did not say {\"pass\": true or false}")
            }
            return passes
                ? .passes : .fails(root["reason"]?.string.map { String($0.prefix(300)) } ?? "its server says no")
        } catch {
            switch error {
            case .timeout: return .dropped("its server did not answer within \(rule.timeoutSeconds) s")
            case .tooLarge: return .dropped("its server answered with more than \(rule.outputBytes) bytes")
            default: return .dropped("its server cannot be reached")
            }
        }
    }

    private func body(of answer: ChatAnswer, by model: ModelID) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("model", model.rawValue)
            object.member("prompt", prepared.step.text.prompt)
            object.member("answer", answer.text)
            object.member(
                "tool_calls",
                array: { list in
                    for call in answer.toolCalls {
                        list.object { object in
                            object.member("name", call.name)
                            object.member("arguments", call.arguments)
                        }
                    }
                })
        }
        return writer.bytes
    }
}
