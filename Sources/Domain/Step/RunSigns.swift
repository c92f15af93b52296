/// Signs in a run's last steps that it does not go well: errors of tools, calls that repeat, nothing new.
///
/// No trained profile is needed for them, so they tell of every run.
package struct RunSigns: Hashable, Sendable {
    /// Steps since the request.
    package private(set) var steps = 0
    /// Last steps in a row whose results name an error, at most 2.
    package private(set) var errors = 0
    /// Whether the last step repeats an earlier one, with the same result.
    package private(set) var repeatsStep = false
    /// Whether the last result is an earlier one again.
    package private(set) var repeatsResult = false

    package init() {}

    /// - Parameter turns: the steps since the request, each with what the model said and what came of it.
    package init(_ turns: [(said: String, result: String)]) {
        steps = turns.count
        guard let last = turns.last, !last.result.isEmpty else { return }
        errors = turns.suffix(2).reversed().prefix { Self.namesError($0.result) }.count
        for turn in turns.dropLast() where turn.result == last.result {
            repeatsResult = true
            if turn.said == last.said { repeatsStep = true }
        }
    }

    /// Change of the log-odds that the model of these steps ends the run well. The weights are those of a logistic
    /// regression over recorded runs, shrunk for runs of other kinds (docs/internals/deep/evidence.md).
    package var logOdds: Double {
        Self.shrink
            * (Self.errorWeights[errors] + (repeatsStep ? Self.stepWeight : 0)
                + (repeatsResult ? Self.resultWeight : 0))
    }

    private static let errorWeights = [0, -0.98, -1.74]
    private static let stepWeight = -1.52
    private static let resultWeight = -1.36
    private static let shrink = 0.5

    /// The signs in words, such as "the last 2 results name errors"; empty for none.
    package var words: String {
        var parts: [String] = []
        if errors > 0 {
            parts.append(errors == 1 ? "the last result names an error" : "the last 2 results name errors")
        }
        if repeatsStep {
            parts.append("the last step repeats an earlier one")
        } else if repeatsResult {
            parts.append("the last result was there before")
        }
        return parts.joined(separator: ", ")
    }

    /// Words of results that tell of trouble.
    package static let troubleWords: Set<String> = [
        "error", "errors", "exception", "traceback", "failed", "failure", "wrong", "invalid", "unknown", "nothing",
        "denied", "refused", "timeout", "syntaxerror", "nameerror", "typeerror", "valueerror", "assertionerror",
        "keyerror", "indexerror", "attributeerror", "undefined", "unexpected", "incorrect",
    ]
    /// Bytes of a result that are searched: errors stand at its ends.
    private static let mostBytes = 4000

    private static func namesError(_ result: String) -> Bool {
        let bytes = result.utf8
        var word: [UInt8] = []
        func isTrouble() -> Bool { word.count > 4 && troubleWords.contains(String(decoding: word, as: UTF8.self)) }
        let ends =
            bytes.count > 2 * mostBytes ? Array(bytes.prefix(mostBytes)) + Array(bytes.suffix(mostBytes)) : Array(bytes)
        for byte in ends {
            let folded = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if folded >= 0x61, folded <= 0x7A {
                if word.count < 32 { word.append(folded) }
            } else {
                if isTrouble() { return true }
                word.removeAll(keepingCapacity: true)
            }
        }
        return isTrouble()
    }
}
