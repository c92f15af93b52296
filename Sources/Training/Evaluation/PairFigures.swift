/// Two models against each other: RouteLLM's measures (Ong 2024), by dataset.
package struct PairFigures: Sendable {
    /// Average performance gap recovered: the mean of (accuracy - weak) / (strong - weak) over all shares of calls to the
    /// strong model.
    package var apgr: [String: Double] = [:]
    /// The least share of calls to the strong model that recovers half of the gap, and four fifths of it.
    package var cpt50: [String: Double] = [:]
    package var cpt80: [String: Double] = [:]

    init(_ replay: Replay, strong: Int, weak: Int) {
        for dataset in Set(replay.rows.map(\.dataset)) {
            let rows = replay.rows.indices.filter {
                replay.rows[$0].dataset == dataset && replay.score[$0][strong] != nil && replay.score[$0][weak] != nil
            }
            let gains = rows.map { (replay.score[$0][strong] ?? 0) - (replay.score[$0][weak] ?? 0) }
            let gap = gains.reduce(0, +)
            if rows.isEmpty || gap <= 0 { continue }
            // Calls to the strong model in the order of what it is predicted to gain.
            let predicted = rows.map { replay.quality[$0][strong] - replay.quality[$0][weak] }
            let order = rows.indices.sorted { (predicted[$0], $1) > (predicted[$1], $0) }
            var recovered = 0.0
            var area = 0.0
            for (place, index) in order.enumerated() {
                let before = recovered
                recovered += gains[index] / gap
                area += (before + recovered) / 2
                let share = Double(place + 1) / Double(rows.count)
                if recovered >= 0.5 - 1e-9, cpt50[dataset] == nil { cpt50[dataset] = share }
                if recovered >= 0.8 - 1e-9, cpt80[dataset] == nil { cpt80[dataset] = share }
            }
            apgr[dataset] = area / Double(rows.count)
        }
    }
}
