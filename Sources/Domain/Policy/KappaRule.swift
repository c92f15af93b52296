import JSON

/// HERA's position-aware threshold: late steps must be more similar to the reference's than early ones.
///
/// kappa_i = base + min(i, 5) * slope, kept within [floor, cap]. Source: HERA, arXiv 2504.00434, and AIMS (EuroSys
/// '26): base 0.6, slope 0.02, so 0.62 at the first step and 0.70 from the fifth.
package struct KappaRule: Hashable, Sendable {
    /// The line at position 0.
    package var base: Double
    /// Its rise per position, up to the fifth.
    package var slope: Double
    /// Upper bound of kappa.
    package var cap: Double
    /// Lower bound of kappa, also under a scarce budget.
    package var floor: Double
    /// The threshold of steps within the look-ahead.
    package var ahead: AheadKappa
    /// Whether a scarce budget lowers kappa and a spare one raises it, within the bounds.
    package var bends: Bool
    /// Whether each candidate's threshold comes from the price of lost quality (`max_loss`) instead of the line.
    package var isPriced: Bool

    /// Positions beyond this one do not raise the threshold.
    package static let lastRisingPosition = 5

    /// The published line. The bounds are the ends of the paper's own sweep of the threshold (.60 to .80).
    package static let published = KappaRule(base: 0.6, slope: 0.02, cap: 0.8, floor: 0.6)

    /// Thresholds from the price of lost quality; the published line stands by for estimates without one.
    package static let priced = KappaRule(base: 0.6, slope: 0.02, cap: 0.8, floor: 0.6, isPriced: true)

    package init(
        base: Double, slope: Double, cap: Double, floor: Double, ahead: AheadKappa = .grows, bends: Bool = true,
        isPriced: Bool = false
    ) {
        self.isPriced = isPriced
        self.base = base
        self.slope = slope
        self.cap = cap
        self.floor = floor
        self.ahead = ahead
        self.bends = bends
    }

    /// The threshold of a step; positions count from 1.
    package func kappa(at position: Int) -> Double {
        let rising = base + Double(min(max(position, 0), Self.lastRisingPosition)) * slope
        return min(max(rising, floor), cap)
    }
}

/// Whether the threshold rises along a look-ahead.
package enum AheadKappa: String, CaseIterable, Hashable, Sendable {
    /// The step k ahead has the threshold of its own position, kappa_(i+k).
    case grows
    /// Every step ahead has the present step's, kappa_i.
    case fixed
}

extension KappaRule {
    /// Parses `"priced"`, `"published"`, or an object with numbers of a line.
    init(json: JSONValue, base: KappaRule, path: String) throws(FieldError) {
        if json.kind == .string {
            if json.isString("priced") {
                self = .priced
            } else if json.isString("published") {
                self = .published
            } else {
                throw FieldError(
                    path, "must be \"priced\", \"published\", or an object with base, slope, cap and floor")
            }
            return
        }
        self = base
        isPriced = false
        let fields = try FieldReader(json, path: path, known: ["base", "slope", "cap", "floor", "ahead", "bends"])
        self.base = try fields.number("base", in: 0...1) ?? self.base
        slope = try fields.number("slope", in: -1...1) ?? slope
        cap = try fields.number("cap", in: 0...1) ?? cap
        floor = try fields.number("floor", in: 0...1) ?? floor
        ahead = try fields.choice("ahead", of: AheadKappa.self) ?? ahead
        bends = try fields.boolean("bends") ?? bends
        // A moved base moves the whole line, so the published bounds must not clamp it.
        if fields.value("base") != nil || fields.value("slope") != nil {
            let ends = [self.base, self.base + Double(Self.lastRisingPosition) * slope]
            if fields.value("cap") == nil { cap = min(1, max(cap, ends.max() ?? cap)) }
            if fields.value("floor") == nil { floor = max(0, min(floor, ends.min() ?? floor)) }
        }
        guard floor <= cap else { throw FieldError(path, "floor \(floor) is above cap \(cap)") }
    }

    /// Writes the value of the policy's member `kappa`.
    func write(into writer: inout JSONWriter) {
        if isPriced {
            writer.member("kappa", "priced")
        } else {
            writer.member("kappa", object: { writeLine(into: &$0) })
        }
    }

    private func writeLine(into writer: inout JSONWriter) {
        writer.member("base", base)
        writer.member("slope", slope)
        writer.member("cap", cap)
        writer.member("floor", floor)
        writer.member("ahead", ahead.rawValue)
        writer.member("bends", bends)
    }
}
