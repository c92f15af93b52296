/// Suggestions for names that were written wrong.
package enum Spelling {
    /// The known name nearest to a wrong one, or nil where none is near: one that continues it, or differs in no more
    /// than a third of its letters.
    package static func closest(to name: String, among known: some Sequence<String>) -> String? {
        if name.utf8.count >= 3, let longer = known.first(where: { $0.hasPrefix(name) }) { return longer }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = editDistance(Array(name.utf8), Array(candidate.utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance * 3 <= max(name.utf8.count, 3) else { return nil }
        return best.name
    }

    /// Insertions, deletions and substitutions that turn one text into the other (Levenshtein).
    static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
