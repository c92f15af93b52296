import Domain
import Testing

@Suite("Money")
struct MoneyTests {
    @Test(
        "decimal text is parsed exactly",
        arguments: [
            ("0", 0), ("1", 1_000_000_000), ("0.0375", 37_500_000), ("-0.000000001", -1), ("1.5e-3", 1_500_000),
            ("12E2", 1_200_000_000_000), ("+.5", 500_000_000), ("000.10", 100_000_000),
            ("9223372036.854775807", Int64.max), ("-9223372036.854775808", Int64.min),
        ])
    func reading(text: String, nano: Int64) throws {
        #expect(try Money(usd: text).nanoUSD == nano)
    }

    @Test(
        "text that is no amount is refused",
        arguments: ["", ".", "-", "1,5", "1e", "abc", "0x10", "1 ", "NaN", "1.2.3"])
    func malformed(text: String) {
        #expect(throws: MoneyError.malformed(text)) { try Money(usd: text) }
    }

    @Test("a digit below one nano-USD is an error")
    func tooPrecise() {
        #expect(throws: MoneyError.tooPrecise("0.0000000001")) { try Money(usd: "0.0000000001") }
    }

    @Test("amounts outside 64 bits are refused", arguments: ["9223372036.854775808", "-9223372036.854775809", "1e30"])
    func overflow(text: String) {
        #expect(throws: MoneyError.overflow) { try Money(usd: text) }
    }

    @Test("the description parses to the same amount")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let money = Money(
                nanoUSD: Int64.random(in: .min ... .max, using: &generator)
                    >> Int64.random(in: 0...60, using: &generator))
            #expect(try Money(usd: money.description) == money)
        }
    }

    @Test("sums outside the range throw")
    func sums() throws {
        let most = Money(nanoUSD: .max)
        #expect(throws: MoneyError.overflow) { try most.adding(Money(nanoUSD: 1)) }
        #expect(throws: MoneyError.overflow) { try Money(nanoUSD: .min).subtracting(Money(nanoUSD: 1)) }
        #expect(try most.adding(Money(nanoUSD: -1)).nanoUSD == .max - 1)
    }
}
