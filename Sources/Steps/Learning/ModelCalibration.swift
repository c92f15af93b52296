package import Domain
import Estimation
import JSON
package import Ledger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A monotonic correction of probabilities: p' = logistic(slope * logit(p) + offset) (Platt 1999).
package struct PlattMap: Hashable, Sendable {
    package var slope: Double
    package var offset: Double

    package static let identity = PlattMap(slope: 1, offset: 0)

    package func callAsFunction(_ probability: Double) -> Double {
        self == .identity ? probability : Self.logistic(slope * Self.logit(probability) + offset)
    }

    /// The inverse of the map.
    package func inverse(_ probability: Double) -> Double {
        self == .identity ? probability : Self.logistic((Self.logit(probability) - offset) / slope)
    }

    /// Fits the maximum-likelihood map for outcomes in 0...1, regularized towards the identity by `prior` rows.
    package static func fit(_ rows: [(predicted: Double, outcome: Double)], prior: Double = 10) -> PlattMap {
        let scaling = PlattScaling.fit(rows.map { (z: logit($0.predicted), outcome: $0.outcome) }, prior: prior)
        return PlattMap(slope: scaling.slope, offset: scaling.offset)
    }

    private static func logistic(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

    /// Clamped to +-7, so that predictions of 0 and 1 stay correctable.
    private static func logit(_ probability: Double) -> Double {
        let p = min(max(probability, 0.001), 0.999)
        return log(p / (1 - p))
    }
}

/// Corrections of the estimates by model, fitted to audits and feedback.
package struct ModelCalibration: Hashable, Sendable {
    package struct Maps: Hashable, Sendable {
        /// Maps the probability of an acceptable answer.
        package var quality = PlattMap.identity
        /// Maps the similarity to the reference's answer, of the step (SSE) and of the request (URC).
        package var similarity = PlattMap.identity
        /// Number of fitted observations.
        package var rows = 0
    }

    package var maps: [ModelID: Maps]

    /// No correction.
    package static let none = ModelCalibration(maps: [:])

    package func quality(_ probability: Double, of model: ModelID) -> Double {
        maps[model]?.quality(probability) ?? probability
    }

    package func similarity(_ value: Double, of model: ModelID) -> Double {
        maps[model]?.similarity(value) ?? value
    }

    /// Undoes the correction of an observation's predictions.
    package func raw(_ observation: QualityObservation) -> QualityObservation {
        guard let model = observation.model, let maps = maps[model] else { return observation }
        var raw = observation
        raw.predictedQuality = observation.predictedQuality.map(maps.quality.inverse)
        raw.predictedSimilarity = observation.predictedSimilarity.map(maps.similarity.inverse)
        return raw
    }
}

// MARK: Fitting

extension ModelCalibration {
    /// Fewest observations for a fit.
    package static let leastRows = 30

    /// Fits the maps of every model with enough observations. Feedback trains quality; audits train both, since the
    /// reference's answer counts as correct (as in the paper's labels).
    ///
    /// - Parameter observations: with uncorrected predictions.
    package static func fit(_ observations: [QualityObservation]) -> ModelCalibration {
        var byModel: [ModelID: [QualityObservation]] = [:]
        for observation in observations where observation.model != observation.reference {
            if let model = observation.model { byModel[model, default: []].append(observation) }
        }
        var maps: [ModelID: Maps] = [:]
        for (model, rows) in byModel where rows.count >= leastRows {
            let similar = rows.filter { $0.source == .audit }.compactMap { row in
                row.predictedSimilarity.map { ($0, row.score) }
            }
            let good = rows.compactMap { row in row.predictedQuality.map { ($0, row.score) } }
            maps[model] = Maps(
                quality: good.count >= leastRows ? .fit(good) : .identity,
                similarity: similar.count >= leastRows ? .fit(similar) : .identity, rows: rows.count)
        }
        return ModelCalibration(maps: maps)
    }

    /// Mean squared error of the corrected predictions; nil without predictions.
    package func brier(_ observations: [QualityObservation]) -> Double? {
        var sum = 0.0
        var count = 0
        for row in observations where row.model != row.reference {
            guard let model = row.model else { continue }
            if let predicted = row.predictedQuality {
                let error = quality(predicted, of: model) - row.score
                sum += error * error
                count += 1
            }
            if row.source == .audit, let predicted = row.predictedSimilarity {
                let error = similarity(predicted, of: model) - row.score
                sum += error * error
                count += 1
            }
        }
        return count == 0 ? nil : sum / Double(count)
    }
}

// MARK: As JSON

extension ModelCalibration {
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            for (model, maps) in maps.sorted(by: { $0.key < $1.key }) {
                object.member(
                    model.rawValue,
                    object: { inner in
                        inner.member("quality_slope", maps.quality.slope)
                        inner.member("quality_offset", maps.quality.offset)
                        inner.member("similarity_slope", maps.similarity.slope)
                        inner.member("similarity_offset", maps.similarity.offset)
                        inner.member("rows", maps.rows)
                    })
            }
        }
        return writer.bytes
    }

    /// Reads what `json` writes; nil for anything else.
    package init?(json: [UInt8]) {
        guard let root = try? JSONDocument(json).root, root.kind == .object else { return nil }
        maps = [:]
        for member in root.members {
            guard let qualitySlope = member.value["quality_slope"]?.double,
                let qualityOffset = member.value["quality_offset"]?.double,
                let similaritySlope = member.value["similarity_slope"]?.double,
                let similarityOffset = member.value["similarity_offset"]?.double,
                let rows = member.value["rows"]?.integer
            else { return nil }
            maps[ModelID(member.key)] = Maps(
                quality: PlattMap(slope: qualitySlope, offset: qualityOffset),
                similarity: PlattMap(slope: similaritySlope, offset: similarityOffset), rows: Int(rows))
        }
    }
}
