#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The history of a run as text, as a gateway sees it: outputs and observations since the user's request.
///
/// The newest part is last, older parts are shortened. Training writes recorded runs in the same form.
package enum RunText {
    /// Bytes kept, as in a chat call's `StepText.history`.
    package static let most = 4000
    /// Bytes that count as recent.
    static let recent = 800

    /// The history after some steps.
    package static func history(of steps: some Collection<RunStep>) -> String {
        var parts: [String] = []
        var bytes = 0
        for step in steps.reversed() {
            for part in [step.observation, step.output] where !part.isEmpty {
                parts.append(part)
                bytes += part.utf8.count + 1
            }
            if bytes > most { break }
        }
        return end(of: parts.reversed().joined(separator: "\n"), bytes: most)
    }

    /// The last bytes of a text, from a character boundary.
    package static func end(of text: String, bytes: Int) -> String {
        text.utf8.count <= bytes ? text : String(decoding: text.utf8.suffix(bytes), as: UTF8.self)
    }

    /// Length of the feature vector.
    static let count = 14

    /// Surface features of a history: length, errors, repetition, steps left.
    package static func counts(of history: String) -> [Float] {
        if history.isEmpty { return [1] + [Float](repeating: 0, count: count - 1) }
        let newest = end(of: history, bytes: recent)
        let all = ObservationFeatures(history)
        let late = ObservationFeatures(newest)
        let left = StepsLeft(newest)
        let lines = history.utf8.split(separator: UInt8(ascii: "\n")).map { Array($0) }.filter { $0.count > 12 }
        let repeated = lines.count - Set(lines).count
        let lastTwo = lines.suffix(2)
        return [
            0, log1p(Float(history.utf8.count)), Float(lines.count), Float(min(all.errors, 20)),
            Float(min(late.errors, 10)), late.errors > 0 ? 1 : 0, Float(repeated),
            Float(repeated) / Float(max(lines.count, 1)), left.steps, left.chances, log1p(Float(late.numbers)),
            lastTwo.count == 2 && lastTwo.first == lastTwo.last ? 1 : 0, history.utf8.count >= most ? 1 : 0,
            log1p(Float(lines.last?.count ?? 0)),
        ]
    }
}

/// The observable part of one step of a run in progress.
package struct RunStep: Sendable, Hashable {
    /// The model's output.
    package var output: String
    /// The result of the tool or the environment; empty without one.
    package var observation: String
    /// `tool`, `propose`, `invalid`, or nil where the environment does not state it.
    package var kind: String?
    package var costUSD: Double

    package init(output: String, observation: String = "", kind: String? = nil, costUSD: Double = 0) {
        self.output = output
        self.observation = observation
        self.kind = kind
        self.costUSD = costUSD
    }
}
