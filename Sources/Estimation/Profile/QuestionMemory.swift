package import Domain

/// Questions that were answered before, by panel: how much better or worse than usual the panel's models did.
///
/// The same question is often asked of other models elsewhere. What *those* made of it says how hard it is; so a panel
/// only ever looks at what other panels remember, in training as in use. What a whole run came to is no answer, so nobody
/// hears panels of runs; and a panel that was recorded with no other models than one's own has nothing to add.
package struct QuestionMemory: Sendable {
    /// A remembered question: the hash of its stem, who remembers it, the mean of score less base rate over models.
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

    /// The panels that remember, by the number in an entry.
    let panels: [String]
    /// Sorted by stem, then panel.
    private(set) var entries: [Entry]

    package init(panels: [String] = [], _ entries: [Entry] = []) {
        self.panels = panels
        self.entries = entries.sorted { ($0.stem, $0.panel, $0.surplus) < ($1.stem, $1.panel, $1.surplus) }
    }

    /// By panel: whether it hears what each panel remembers.
    /// - Parameter models: by panel.
    package static func heard(by models: [[String]], isOfRuns: [Bool]) -> [[Bool]] {
        let names = models.map { Set($0.map { ModelName.canonical($0) }) }
        return names.indices.map { listener in
            names.indices.map { speaker in
                listener != speaker && !isOfRuns[speaker] && !names[speaker].isSubset(of: names[listener])
            }
        }
    }

    /// What is remembered of a question, by panels.
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

    /// The memory as the content of a file of kind `memory`.
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

/// What is remembered of one question.
package struct StoredQuestion: Sendable {

    package init() {
    }
    fileprivate(set) var entries: [QuestionMemory.Entry] = []

    /// Numbers that `counts` gives.
    static let count = 2

    /// The mean surplus in the panels heard, and whether there is any.
    package func counts(heard: [Bool]) -> [Float] {
        var sum: Float = 0
        var count: Float = 0
        for entry in entries where heard[Int(entry.panel)] {
            sum += entry.surplus
            count += 1
        }
        return count > 0 ? [sum / count, 1] : [0, 0]
    }
}

extension ProfileSet {
    /// The probability that `model`'s whole answer ends at least as good as `reference`'s: HERA's URC.
    ///
    /// P(not (reference good and model bad)), from both predictions and how strongly the two models' errors go
    /// together: P(reference good, model bad) = (1 - k) p_r (1 - p_m) + k max(0, p_r - p_m), where k, the pair's
    /// coupling, is 0 for independent and 1 for nested errors, and is fitted on training rows.
    /// - Returns: nil where one of them has no profile.
    package func requestSimilarity(_ features: StepFeatures, of model: ModelID, to reference: ModelID) -> Double? {
        let both = predictions(features, for: [model, reference])
        guard let p = both[0]?.quality, let r = both[1]?.quality else { return nil }
        return 1 - Coupling.lost(p, reference: r, coupling: coupling(of: model, to: reference, features))
    }

    /// How similar the two models' next outputs will be: HERA's SSE.
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
