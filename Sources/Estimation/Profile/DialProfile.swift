package import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The fitted dial of a set: which price of lost quality keeps which loss, by kind of request.
///
/// The curve of a kind comes from rows that no estimator was fitted on. Every row is routed by the live rule at many
/// prices, and its recorded outcomes give the loss against the best single model.
package struct DialProfile: Sendable, Hashable {
    /// The dial of one panel's requests.
    package struct Kind: Sendable, Hashable {
        /// The panel's name.
        package var name: String
        /// Losses, 0...1, ascending.
        package var losses: [Float]
        /// The price that keeps the loss of the same place, descending.
        package var multiples: [Float]
        /// The same for answers that no judge tests; empty for the prices above.
        package var untested: [Float]
        /// Models with a known usual cost.
        package var models: [String]
        /// Mean recorded cost of a call, USD, by model.
        package var usualUSD: [Float]

        package init(
            name: String, losses: [Float], multiples: [Float], untested: [Float] = [], models: [String] = [],
            usualUSD: [Float] = []
        ) {
            self.untested = untested
            self.name = name
            self.losses = losses
            self.multiples = multiples
            self.models = models
            self.usualUSD = usualUSD
        }

        /// Greatest factor between the price of the least fitted loss and that of any smaller one.
        static let greatestRise = 3.0

        /// The price that keeps a loss, log-linear between the fitted ones.
        ///
        /// - Parameter isTested: whether a judge tests the answers, so that another one can follow.
        package func price(keeping loss: Double, isTested: Bool = true) -> LossPrice {
            let multiples = isTested || untested.isEmpty ? self.multiples : untested
            guard loss > 0 else { return LossPrice(multiple: LossPrice.greatest) }
            guard loss < 1 else { return LossPrice(multiple: 0) }
            guard let first = losses.first, let last = losses.last else { return LossPrice(unfittedFor: loss) }
            if loss <= Double(first) {
                // Nothing was seen beyond the first loss, so the price rises by a bounded factor only.
                return LossPrice(multiple: Double(multiples[0]) * min(Double(first) / loss, Self.greatestRise))
            }
            if loss >= Double(last) {
                return LossPrice(multiple: Double(multiples[multiples.count - 1]) * Double(last) / loss)
            }
            let upper = losses.firstIndex { Double($0) >= loss } ?? losses.count - 1
            let (from, to) = (log(Double(losses[upper - 1])), log(Double(losses[upper])))
            let share = to > from ? (log(loss) - from) / (to - from) : 1
            let (before, after) = (log(Double(multiples[upper - 1])), log(Double(multiples[upper])))
            return LossPrice(multiple: exp(before + share * (after - before)))
        }
    }

    /// One dial for each panel with recorded costs.
    package var kinds: [Kind]

    /// The part of `max_loss` that a fitted price may spend. The prices were chosen on the rows that gave the losses, so
    /// other rows lose a little more.
    static let spent = 0.9

    package init(kinds: [Kind] = []) {
        self.kinds = kinds
    }

    /// Writes `dial.profile` into a folder of profiles.
    /// - Throws: `EstimationError.unwritable`.
    package func write(to directory: String) throws(EstimationError) {
        try ProfileFile.write(ProfileFile.encode(.dial, encoded()), to: "\(directory)/dial.profile")
    }

    /// The dial of a panel, by its name; nil without one.
    package func kind(_ panel: String) -> Kind? { kinds.first { $0.name == panel } }
}

extension DialProfile {
    /// Encodes the dial as the content of a `dial` file.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(kinds.count)
        for kind in kinds {
            writer.put(kind.name)
            writer.put(kind.losses)
            writer.put(kind.multiples)
            writer.put(kind.untested)
            writer.put(kind.models)
            writer.put(kind.usualUSD)
        }
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        kinds = []
        for _ in 0..<(try reader.integer()) {
            let kind = Kind(
                name: try reader.string(), losses: try reader.array(Float.self),
                multiples: try reader.array(Float.self), untested: try reader.array(Float.self),
                models: try reader.strings(),
                usualUSD: try reader.array(Float.self))
            let isPositive = (kind.losses + kind.multiples + kind.untested).allSatisfy { $0.isFinite && $0 > 0 }
            guard kind.losses.count == kind.multiples.count,
                kind.untested.isEmpty || kind.untested.count == kind.losses.count,
                kind.models.count == kind.usualUSD.count, isPositive,
                kind.losses == kind.losses.sorted(), kind.usualUSD.allSatisfy({ $0.isFinite && $0 >= 0 })
            else { throw ByteReader.Failure(reason: "the curve of a dial does not fit together") }
            kinds.append(kind)
        }
    }
}

extension ProfileSet {
    /// The price of lost quality for a text: the fitted kinds' prices, mixed by their shares of the text.
    ///
    /// The mean is geometric, since prices span orders of magnitude.
    package func lossPrice(_ features: StepFeatures, keeping maxLoss: Double, isTested: Bool) -> LossPrice {
        let unfitted = LossPrice(unfittedFor: maxLoss)
        guard maxLoss > 0, maxLoss < 1 else { return unfitted }
        var logarithm = 0.0
        var left = 1.0
        for (place, panel) in panels.enumerated() {
            let share = Double(features.shares.step[place])
            guard share > 0, let kind = dial.kind(panel.name) else { continue }
            logarithm += share * log(kind.price(keeping: maxLoss * DialProfile.spent, isTested: isTested).multiple)
            left -= share
        }
        return LossPrice(multiple: exp(logarithm + max(0, left) * log(unfitted.multiple)))
    }
}
