import Domain
import Testing

@Suite("Prices")
struct PriceTests {
    private func rates(_ prices: [UsageClass: String]) throws -> Rates {
        Rates(try prices.mapValues { try UnitPrice(usdPerMillion: $0) })
    }

    @Test("a price below one nano-USD a token is exact over many tokens")
    func fractionsOfNanoUSD() throws {
        let rates = try rates([.input: "0.0375", .output: "0.15"])
        // 2 tokens x 37.5 nano-USD
        #expect(try rates.cost(of: Usage(input: 2)).nanoUSD == 75)
        // 37.5 rounds half to even: 38; 112.5 to 112
        #expect(try rates.cost(of: Usage(input: 1)).nanoUSD == 38)
        #expect(try rates.cost(of: Usage(input: 3)).nanoUSD == 112)
    }

    @Test("classes are summed before rounding")
    func roundsOnce() throws {
        let rates = try rates([.input: "0.0004", .output: "0.0004"])
        // 0.4 + 0.4 nano-USD is 0.8 and rounds to 1; rounded alone, each would be lost.
        #expect(try rates.cost(of: Usage(input: 1, output: 1)).nanoUSD == 1)
    }

    @Test("a call of all classes costs what a hand calculation gives")
    func allClasses() throws {
        let rates = try rates([
            .input: "3", .cachedRead: "0.3", .cacheWrite5m: "3.75", .cacheWrite1h: "6", .output: "15", .request: "5000",
        ])
        let usage = Usage(
            input: 1000, cachedRead: 10_000, cacheWrite5m: 100, cacheWrite1h: 10, output: 200, reasoning: 50)
        // 3,000,000 + 3,000,000 + 375,000 + 60,000 + 3,000,000 + 750,000 (reasoning as output) + 5,000,000 a request
        #expect(try rates.cost(of: usage).nanoUSD == 15_185_000)
    }

    @Test("an unpriced class is an error, never free")
    func unpriced() throws {
        let inputOnly = try rates([.input: "1"])
        #expect(throws: PriceError.unpriced(.output)) { try inputOnly.cost(of: Usage(input: 1, output: 1)) }
        let both = try rates([.input: "1", .output: "1"])
        #expect(throws: PriceError.unpriced(.audioInput)) { try both.cost(of: Usage(audioInput: 1)) }
        #expect(throws: PriceError.negativeUsage(.input)) { try both.cost(of: Usage(input: -1)) }
    }

    @Test("a context tier applies from its first token on, to the classes that it lists")
    func contextTiers() throws {
        let price = Price(
            tiers: [
                .standard: try rates([.input: "1", .output: "10"]), .batch: try rates([.input: "0.5", .output: "5"]),
            ],
            contextTiers: [ContextTier(aboveTokens: 1000, rates: try rates([.input: "2"]))], source: "test",
            asOf: try #require(CalendarDay("2026-11-01")))
        #expect(try price.cost(of: Usage(input: 1000)).nanoUSD == 1_000_000)
        #expect(try price.cost(of: Usage(input: 1001)).nanoUSD == 2_002_000)
        #expect(try price.cost(of: Usage(input: 1001, output: 1)).nanoUSD == 2_012_000)
        #expect(try price.cost(of: Usage(input: 100, output: 10), tier: .batch).nanoUSD == 100_000)
        #expect(try price.cost(of: Usage(input: 100), tier: .flex).nanoUSD == 100_000, "billed as standard")
    }

    @Test("a service tier uses its own context tiers, and without them is never billed below the standard ones")
    func contextTiersOfServiceTiers() throws {
        let price = Price(
            tiers: [
                .standard: try rates([.input: "1", .output: "10"]), .flex: try rates([.input: "0.5", .output: "5"]),
                .priority: try rates([.input: "3", .output: "15"]),
            ],
            contextTiers: [
                ContextTier(aboveTokens: 1000, rates: try rates([.input: "2", .output: "20"])),
                ContextTier(tier: .flex, aboveTokens: 1000, rates: try rates([.input: "1", .output: "8"])),
            ], source: "test", asOf: try #require(CalendarDay("2026-11-01")))
        func nanoUSD(_ tier: ServiceTier) throws -> Int64 {
            try price.cost(of: Usage(input: 2000, output: 100), tier: tier).nanoUSD
        }
        #expect(try nanoUSD(.standard) == 2000 * 2000 + 100 * 20_000)
        #expect(try nanoUSD(.flex) == 2000 * 1000 + 100 * 8000)
        // The higher of priority's 3 and 15 and the long prompt's 2 and 20.
        #expect(try nanoUSD(.priority) == 2000 * 3000 + 100 * 20_000)
        #expect(price.cheapestTier(of: [.standard, .flex, .batch], for: Usage(input: 10)) == .flex)
        #expect(price.cheapestTier(of: [.batch], for: Usage(input: 10)) == .standard)
    }

    @Test("a price applies from its first to its last day")
    func validity() throws {
        let price = Price(
            tiers: [:], validFrom: CalendarDay("2026-01-01"), validUntil: CalendarDay("2026-06-30"), source: "test",
            asOf: try #require(CalendarDay("2026-01-01")))
        #expect(!price.isValid(on: try #require(CalendarDay("2025-12-31"))))
        #expect(price.isValid(on: try #require(CalendarDay("2026-01-01"))))
        #expect(price.isValid(on: try #require(CalendarDay("2026-06-30"))))
        #expect(!price.isValid(on: try #require(CalendarDay("2026-07-01"))))
    }

    @Test("the cost equals exact arithmetic on random calls")
    func property() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let price = Int64.random(in: 0...20_000_000_000, using: &generator)
            let tokens = Int.random(in: 0...1_000_000, using: &generator)
            let rates = Rates([.input: UnitPrice(nanoUSDPerMillion: price)])
            let nano = try rates.cost(of: Usage(input: tokens, requests: 0)).nanoUSD
            let exact = Int128(price) * Int128(tokens)
            #expect(abs(Int128(nano) * 1_000_000 - exact) <= 500_000)
        }
    }
}

@Suite("Unit prices as text")
struct UnitPriceTextTests {
    @Test(
        "a unit price is written without trailing zeros",
        arguments: [(0, "0", "0"), (37_500_000, "0.0375", "0.0000000375"), (10_000_000_000, "10", "0.00001")])
    func examples(price: Int64, perMillion: String, perUnit: String) {
        #expect(UnitPrice(nanoUSDPerMillion: price).usdPerMillionText == perMillion)
        #expect(UnitPrice(nanoUSDPerMillion: price).usdPerUnitText == perUnit)
    }

    @Test("a unit price survives a round trip in both units")
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
