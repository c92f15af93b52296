package import JSON

/// When a second request is sent beside a slow one, for the answer that comes first. Both are paid for.
package struct HedgeRule: Hashable, Sendable {
    /// How long the first request may take until its first byte.
    package enum Wait: Hashable, Sendable {
        case seconds(Double)
        /// As long as this share of the model's calls has taken lately, 0...1.
        case quantile(Double)
    }

    /// The wait before the second request.
    package var wait: Wait
    /// Most calls of a model that get a second request, as a share of its calls.
    package var mostShare: Double

    /// The default of `max_share`.
    package static let usualShare = 0.05

    package init(wait: Wait, mostShare: Double = HedgeRule.usualShare) {
        self.wait = wait
        self.mostShare = mostShare
    }

    /// Parses `{after_s | after_quantile, max_share?}`.
    package init(json: JSONValue, path: String) throws(FieldError) {
        let fields = try FieldReader(json, path: path, known: ["after_s", "after_quantile", "max_share"])
        let seconds = try fields.number("after_s", in: 0.01...3600)
        let quantile = try fields.number("after_quantile", in: 0.5...0.999)
        let share = try fields.number("max_share", in: 0...0.5) ?? Self.usualShare
        switch (seconds, quantile) {
        case (let seconds?, nil): self.init(wait: .seconds(seconds), mostShare: share)
        case (nil, let quantile?): self.init(wait: .quantile(quantile), mostShare: share)
        case (nil, nil): throw FieldError(path, "needs after_s or after_quantile, for example {after_quantile: 0.95}")
        default: throw FieldError(path, "has after_s and after_quantile: keep one of the two")
        }
    }

    /// Writes its members into the open object.
    func write(into object: inout JSONWriter) {
        switch wait {
        case .seconds(let seconds): object.member("after_s", seconds)
        case .quantile(let share): object.member("after_quantile", share)
        }
        object.member("max_share", mostShare)
    }
}
