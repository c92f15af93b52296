import Catalog
import Domain
import Testing

@Suite("A price as text")
struct PriceTextTests {
    @Test(
        "is written without needless digits",
        arguments: [(0, "0", "0"), (37_500_000, "0.0375", "0.0000000375"), (10_000_000_000, "10", "0.00001")])
    func examples(price: Int64, perMillion: String, perUnit: String) {
        #expect(UnitPrice(nanoUSDPerMillion: price).usdPerMillionText == perMillion)
        #expect(UnitPrice(nanoUSDPerMillion: price).usdPerUnitText == perUnit)
    }

    @Test("reads back as the same price, in both units")
    func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let digits = Int.random(in: 0...62, using: &random)
            let price = UnitPrice(nanoUSDPerMillion: Int64.random(in: 0...(1 << digits), using: &random))
            #expect(try UnitPrice(usdPerMillion: price.usdPerMillionText) == price)
            #expect(try UnitPrice(usdPerUnit: price.usdPerUnitText) == price)
        }
    }
}
