package import Domain

/// Questions answered before, by panel: how much better or worse than usual the panel's models scored.
///
/// The same question often appears in several data sets, and its scores there show its difficulty. A panel reads only
/// the memory of *other* panels, in training and in use. Outcomes of whole runs are not answers, so no panel reads the
/// memory of panels of runs. A panel recorded with no other models than the reader's own adds nothing.
package struct QuestionMemory: Sendable {
    /// A stored question: the hash of its stem, its panel, the mean of score less base rate over models.
    package struct Entry: Sendable, BitwiseCopyable {
        var stem: UInt64
        var panel: Int32
        var surplus: Float

        package init(stem: UInt64, panel: Int32, surplus: Float) {
            self.stem = stem
            self.panel = panel
            self.surplus = surplus
        }
    }

    /// The panels with stored questions, by the index in an entry.
    let panels: [String]
    /// Sorted by stem, then panel.
    private(set) var entries: [Entry]

    package init(panels: [String] = [], _ entries: [Entry] = []) {
        self.panels = panels
        self.entries = entries.sorted { ($0.stem, $0.panel, $0.surplus) < ($1.stem, $1.panel, $1.surplus) }
    }

    /// By panel: whether it may read the memory of each panel.
    /// - Parameter models: by panel.
    package static func readable(by models: [[String]], isOfRuns: [Bool]) -> [[Bool]] {
        let names = models.map { Set($0.map { ModelName.canonical($0) }) }
        return names.indices.map { listener in
            names.indices.map { speaker in
                listener != speaker && !isOfRuns[speaker] && !names[speaker].isSubset(of: names[listener])
            }
        }
    }

    /// The stored results of a question, by panel.
    package func recall(_ stem: UInt64?) -> StoredQuestion {
        guard let stem else { return StoredQuestion() }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].stem < stem { low = middle + 1 } else { high = middle }
        }
        var found = StoredQuestion()
        while low < entries.count, entries[low].stem == stem {
            found.entries.append(entries[low])
            low += 1
        }
        return found
    }

    /// Encodes the memory as the content of a `memory` file.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(panels)
        writer.put(entries)
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        panels = try reader.strings()
        entries = try reader.array(Entry.self)
        guard zip(entries, entries.dropFirst()).allSatisfy({ $0.stem <= $1.stem }) else {
            throw ByteReader.Failure(reason: "its questions are not in order")
        }
    }
}

/// The stored results of one question.
package struct StoredQuestion: Sendable {

    package init() {
    }
    fileprivate(set) var entries: [QuestionMemory.Entry] = []

    /// Length of the vector of `counts`.
    static let count = 2

    /// The mean surplus over the readable panels, and whether there is any.
    package func counts(readable: [Bool]) -> [Float] {
        var sum: Float = 0
        var count: Float = 0
        for entry in entries where readable[Int(entry.panel)] {
            sum += entry.surplus
            count += 1
        }
        return count > 0 ? [sum / count, 1] : [0, 0]
    }
}

extension ProfileSet {
    /// The probability that `model`'s whole answer ends at least as good as `reference`'s: HERA's URC.
    ///
    /// 1 - P(reference good, model bad), where P(reference good, model bad) = (1 - k) p_r (1 - p_m) + k max(0, p_r -
    /// p_m). The pair's coupling k is 0 for independent and 1 for nested errors, and is fitted on training rows.
    /// - Returns: nil where one of them has no profile.
    package func requestSimilarity(_ features: StepFeatures, of model: ModelID, to reference: ModelID) -> Double? {
        let both = predictions(features, for: [model, reference])
        guard let p = both[0]?.quality, let r = both[1]?.quality else { return nil }
        return 1 - Coupling.lost(p, reference: r, coupling: coupling(of: model, to: reference, features))
    }

    /// The similarity of the two models' next outputs: HERA's SSE.
    /// - Returns: nil where one of them has no profile.
    package func stepSimilarity(_ features: StepFeatures, of model: ModelID, to reference: ModelID) -> Double? {
        requestSimilarity(features, of: model, to: reference)
    }

    func coupling(of model: ModelID, to reference: ModelID, _ features: StepFeatures) -> Double {
        var sum = 0.0
        var weight = 0.0
        for place in places(of: model) {
            for other in places(of: reference) where other.panel == place.panel {
                let share = Double(max(features.shares.step[place.panel], 1e-4))
                let panel = panels[place.panel]
                sum +=
                    share
                    * Double(
                        panel.couplings[
                            panel.measured(place.model).model * panel.models.count + panel.measured(other.model).model])
                weight += share
            }
        }
        return weight > 0 ? sum / weight : Double(Coupling.unknown)
    }
}
