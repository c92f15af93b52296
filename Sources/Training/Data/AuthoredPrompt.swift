package import Domain
package import Estimation
import Foundation

/// A prompt with its author's judgement of how hard it is: a line of a prompts file.
package struct AuthoredPrompt: Sendable {
    /// Unique over all files.
    package var id: String
    /// The kind of task, for example `code`.
    package var kind: String
    /// The ability, in points, at which a model succeeds half of the time.
    package var difficulty: Double
    /// The prompt.
    package var text: StepText
    /// The prompt that this one says in other words.
    package var sameAs: String?

    package init(id: String, kind: String, difficulty: Double, text: StepText, sameAs: String? = nil) {
        self.id = id
        self.kind = kind
        self.difficulty = difficulty
        self.text = text
        self.sameAs = sameAs
    }

    /// Difficulties that a file may give, in points.
    static let range = 20.0...220.0

    /// Reads a file of JSON Lines: plain, gzip, or `-` for standard input.
    /// - Throws: `EstimationError.unreadable`, `.badRow`.
    package static func read(_ path: String) throws(EstimationError) -> [AuthoredPrompt] {
        let prompts: [AuthoredPrompt] = try JSONLines.read(path) { (row: Coded, _) in
            AuthoredPrompt(
                id: row.id, kind: row.kind, difficulty: row.difficulty, text: StepText(prompt: row.prompt),
                sameAs: row.sameAs)
        }
        for (place, prompt) in prompts.enumerated() where !range.contains(prompt.difficulty) {
            throw .badRow(
                path: path, line: place + 1,
                reason: "difficulty: \(prompt.difficulty) is outside of \(range.lowerBound) to \(range.upperBound)")
        }
        return prompts
    }

    private struct Coded: Decodable {
        var id: String
        var kind: String
        var difficulty: Double
        var prompt: String
        var sameAs: String?

        private enum CodingKeys: String, CodingKey {
            case id, kind, difficulty, prompt
            case sameAs = "same_as"
        }
    }
}
