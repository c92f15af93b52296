import Calls
import Domain
package import JSON
package import Ledger

/// A caller's score of an answer.
package struct Feedback: Hashable, Sendable {
    package var target: QualityTarget
    /// 0...1.
    package var score: Double
    package var comment: String?

    /// Longest accepted comment.
    package static let mostCommentBytes = 4000

    /// Reads `{"decision" | "step" | "job": id, "score": 0...1, "comment"?}`.
    package init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(json, path: "", known: ["decision", "step", "job", "score", "comment"])
        var targets: [QualityTarget] = []
        if let id = try fields.string("decision") { targets.append(.decision(id)) }
        if let id = try fields.string("step") { targets.append(.step(id)) }
        if let id = try fields.string("job") { targets.append(.job(id)) }
        guard targets.count == 1, let target = targets.first else {
            throw FieldError(
                "",
                "name what the score is about: one of \"decision\" (the header x-hera-decision), \"step\" or \"job\"")
        }
        guard (1...200).contains(target.id.utf8.count) else {
            throw FieldError(target.kind, "must be an id of 1 to 200 bytes")
        }
        guard let score = try fields.number("score", in: 0...1) else {
            throw FieldError("score", "is missing: a number from 0 (useless) to 1 (right)")
        }
        let comment = try fields.string("comment")
        guard (comment?.utf8.count ?? 0) <= Self.mostCommentBytes else {
            throw FieldError("comment", "must not be longer than \(Self.mostCommentBytes) bytes")
        }
        self.target = target
        self.score = score
        self.comment = comment
    }
}
