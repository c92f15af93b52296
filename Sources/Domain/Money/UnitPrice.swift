/// The price of one million units of one class, in integer nano-USD.
///
/// Per-token integers would lie: 0.0375 USD per million tokens is 37.5 nano-USD a token.
package struct UnitPrice: Hashable, Comparable, Sendable {
    /// Nano-USD per 1,000,000 units.
    package let nanoUSDPerMillion: Int64

    package static let zero = UnitPrice(nanoUSDPerMillion: 0)

    package init(nanoUSDPerMillion: Int64) {
        self.nanoUSDPerMillion = nanoUSDPerMillion
    }

    /// Reads USD per million units, exactly: `"0.0375"`.
    package init(usdPerMillion text: String) throws(MoneyError) {
        nanoUSDPerMillion = try DecimalText(text).scaled(byPowerOfTen: 9)
    }

    /// Reads USD per unit, exactly: `"0.0000000375"` (price lists) or `"0.005"` (a fee per request).
    package init(usdPerUnit text: String) throws(MoneyError) {
        nanoUSDPerMillion = try DecimalText(text).scaled(byPowerOfTen: 15)
    }

    /// USD per million units as a floating-point number, for display and estimates.
    package var usdPerMillion: Double { Double(nanoUSDPerMillion) / 1e9 }

    package static func < (left: UnitPrice, right: UnitPrice) -> Bool {
        left.nanoUSDPerMillion < right.nanoUSDPerMillion
    }
}
