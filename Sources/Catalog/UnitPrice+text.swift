package import Domain

extension UnitPrice {
    /// USD per million units as an exact decimal, for example `0.0375`.
    package var usdPerMillionText: String { Self.decimal(nanoUSDPerMillion, places: 9) }

    /// USD per unit as an exact decimal, for example `0.005` for a call.
    package var usdPerUnitText: String { Self.decimal(nanoUSDPerMillion, places: 15) }

    /// A whole number divided by a power of ten, exactly, without trailing zeros.
    private static func decimal(_ value: Int64, places: Int) -> String {
        let digits = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        var fraction = padded.suffix(places)
        while fraction.last == "0" { fraction.removeLast() }
        let whole = (value < 0 ? "-" : "") + padded.dropLast(places)
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }
}
