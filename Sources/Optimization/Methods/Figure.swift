/// Numbers in sentences for people: three significant digits.
enum Figure {
    /// The nearest, or the next upwards or downwards, so that "raise it to ..." is never a hair too little.
    static func text(_ value: Double, _ rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
        var scale = 1.0
        while abs(value) * scale < 100, scale < 1e15 { scale *= 10 }
        // A sum that misses a round number by a hair of arithmetic is that number.
        let scaled = value * scale
        let near = scaled.rounded()
        let rounded = (abs(scaled - near) < 1e-6 * abs(near) ? near : scaled.rounded(rule)) / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}
