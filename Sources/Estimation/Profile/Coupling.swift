/// How strongly the errors of two models go together, from 0 (independent) to 1 (nested: what the abler one misses, the
/// other misses too), and what follows for both at once.
package enum Coupling {
    /// What is taken where two models never answered the same queries.
    package static let unknown: Float = 0.4

    /// P(the reference good, the model bad) = (1 - k) r (1 - p) + k max(0, r - p).
    static func lost<Number: BinaryFloatingPoint>(_ p: Number, reference r: Number, coupling k: Number) -> Number {
        (1 - k) * r * (1 - p) + k * max(0, r - p)
    }
}
