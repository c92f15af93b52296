import Synchronization

/// A model known from few answers, expressed as a blend of a panel's models.
package struct DerivedModel: Sendable {
    package var name: String
    /// The panel of the blended models.
    package var panel: String
    /// Weight in the log-odds by model of the panel. The intercept is last.
    package var weights: [Float]
    /// Expected share of good answers on the panel's questions.
    package var baseRate: Float
    /// The panel's model with the most similar answers.
    package var like: Int
    /// Output tokens and cost as multiples of that model's.
    var tokenRatio: Float
    var costRatio: Float
    /// Number of answers it was inferred from.
    package var probes: Int
    /// Whether it was inferred from the probe suite. Its file then holds its blends of other panels too.
    package var isLive = false

    package init(
        name: String, panel: String, weights: [Float], baseRate: Float, like: Int, tokenRatio: Float, costRatio: Float,
        probes: Int, isLive: Bool = false
    ) {
        self.name = name
        self.panel = panel
        self.weights = weights
        self.baseRate = baseRate
        self.like = like
        self.tokenRatio = tokenRatio
        self.costRatio = costRatio
        self.probes = probes
        self.isLive = isLive
    }

    /// The probability of a good answer, from the probabilities of the panel's models.
    func probability(_ panel: [Float]) -> Float {
        probability(odds: panel.map { Float(logit(Double($0))) })
    }

    /// The probability of a good answer, from the log-odds of the panel's models.
    func probability(odds: [Float]) -> Float {
        var sum = weights[weights.count - 1]
        for (weight, value) in zip(weights, odds) { sum += weight * value }
        return logistic(sum)
    }

    /// Encodes the model as the content of a `derived` file.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(name)
        writer.put(panel)
        writer.put(weights)
        writer.put(baseRate)
        writer.put(like)
        writer.put(tokenRatio)
        writer.put(costRatio)
        writer.put(probes)
        return writer.bytes
    }
}

extension DerivedModel {
    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        panel = try reader.string()
        weights = try reader.array(Float.self)
        baseRate = try reader.float()
        like = try reader.integer()
        tokenRatio = try reader.float()
        costRatio = try reader.float()
        probes = try reader.integer()
        guard weights.count > 1, like < weights.count - 1 else {
            throw ByteReader.Failure(reason: "the parts of a derived model do not fit together")
        }
    }
}

/// Canonical model names across data sources.
package enum ModelName {
    /// Cached names, because a decision looks up the same few names repeatedly.
    private static let known = Mutex<[String: String]>([:])
    /// Capacity of the cache; a catalog has far fewer names.
    private static let mostKnown = 4096

    /// The name in lower case, without the maker's prefix, with `3_1` as `3.1`.
    package static func canonical(_ name: String) -> String {
        if let made = known.withLock({ $0[name] }) { return made }
        let made = spelled(name)
        known.withLock { if $0.count < mostKnown { $0[name] = made } }
        return made
    }

    private static func spelled(_ name: String) -> String {
        var name = name.lowercased()
        if let slash = name.lastIndex(of: "/") { name = String(name[name.index(after: slash)...]) }
        for prefix in ["meta-llama_", "mistralai_", "salesforce_", "meetkai_"] where name.hasPrefix(prefix) {
            name = String(name.dropFirst(prefix.count))
        }
        let characters = Array(name)
        var result = ""
        for (index, character) in characters.enumerated() {
            let isBetweenDigits =
                character == "_" && index > 0 && index + 1 < characters.count && characters[index - 1].isNumber
                && characters[index + 1].isNumber
            result.append(isBetweenDigits ? "." : character)
        }
        return result
    }
}
