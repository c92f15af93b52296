/// Suggests corrections for misspelt names.
package enum Spelling {
    /// The known name nearest to a misspelt one: one that continues it, or differs in at most a third of its letters.
    /// Nil if none is near.
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

    /// The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
    static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var next = [i + 1]
            for (j, b) in right.enumerated() {
                var distance = min(row[j] + (a == b ? 0 : 1), row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { distance = min(distance, before[j - 1] + 1) }
                next.append(distance)
            }
            (before, row) = (row, next)
        }
        return row[right.count]
    }
}
