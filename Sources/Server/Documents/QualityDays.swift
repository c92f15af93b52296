import Domain
import JSON
import Ledger
import Routing

/// Quality observations summed by UTC day and source: what was measured, and what had been predicted for them.
struct QualityDays {
    private struct Key: Hashable {
        let day: CalendarDay
        let source: QualitySource
    }

    private struct Sums {
        var count = 0
        var score = 0.0
        var predicted = 0.0
        var predictions = 0
    }

    private var sums: [Key: Sums] = [:]

    init(_ observations: [QualityObservation]) {
        for observation in observations {
            let key = Key(day: observation.at.day, source: observation.source)
            sums[key, default: Sums()].count += 1
            sums[key, default: Sums()].score += observation.score
            // An audit compares with the reference's answer, so similarity is what was predicted of it.
            let predicted =
                observation.source == .audit ? observation.predictedSimilarity : observation.predictedQuality
            guard let predicted else { continue }
            sums[key, default: Sums()].predicted += predicted
            sums[key, default: Sums()].predictions += 1
        }
    }

    /// Writes the elements of an open list, the oldest first.
    func write(into list: inout JSONWriter) {
        for (key, day) in sums.sorted(by: {
            ($0.key.day, $0.key.source.rawValue) < ($1.key.day, $1.key.source.rawValue)
        }) {
            let interval = QualityInterval(count: day.count, sum: day.score)
            list.object {
                $0.member("day", key.day.description)
                $0.member("source", key.source.rawValue)
                $0.member("observations", day.count)
                $0.member("measured", interval.mean)
                $0.member("low_95", interval.low)
                $0.member("high_95", interval.high)
                $0.member("predicted", day.predictions == 0 ? nil : day.predicted / Double(day.predictions))
            }
        }
    }
}
