import Domain
import Testing

@testable import Estimation
@testable import Training

@Suite("The dial")
struct DialTests {
    private let kind = DialProfile.Kind(
        name: "s", losses: [0.005, 0.01, 0.03], multiples: [40, 20, 5], models: ["large"], usualUSD: [0.01])

    @Test("the price falls as the allowed loss grows, through the fitted points and beyond both ends")
    func interpolation() {
        #expect(abs(kind.price(keeping: 0.01).multiple - 20) < 1e-4)
        let between = kind.price(keeping: 0.02).multiple
        #expect(between < 20 && between > 5)
        #expect(kind.price(keeping: 0).multiple == LossPrice.greatest)
        #expect(kind.price(keeping: 1).multiple == 0)
        let prices = [0.0001, 0.001, 0.005, 0.01, 0.02, 0.03, 0.1, 0.5].map { kind.price(keeping: $0).multiple }
        #expect(prices == prices.sorted(by: >))
    }

    @Test("answers that no judge tests have prices of their own")
    func untested() {
        var own = kind
        own.untested = [80, 60, 30]
        #expect(abs(own.price(keeping: 0.01, isTested: false).multiple - 60) < 1e-4)
        #expect(abs(own.price(keeping: 0.01).multiple - 20) < 1e-4)
        #expect(kind.price(keeping: 0.01, isTested: false) == kind.price(keeping: 0.01))
    }

    @Test("a dial survives its file, and a damaged one is refused")
    func file() throws {
        let dial = DialProfile(kinds: [kind])
        let bytes = ProfileFile.encode(.dial, dial.encoded())
        let read = try ProfileFile.decode(bytes, path: "dial.profile") {
            (_, reader) throws(ByteReader.Failure) in try DialProfile(&reader)
        }
        #expect(read == dial)
        var wrong = kind
        wrong.multiples = [40, -1, 5]
        let damaged = ProfileFile.encode(.dial, DialProfile(kinds: [wrong]).encoded())
        #expect(throws: EstimationError.self) {
            try ProfileFile.decode(damaged, path: "dial.profile") {
                (_, reader) throws(ByteReader.Failure) in try DialProfile(&reader)
            }
        }
    }

    @Test("the decreasing curve is the nearest one, and keeps a decreasing curve as it is")
    func decreasing() {
        #expect(DialTrainer.decreasing([3, 2, 1]) == [3, 2, 1])
        #expect(DialTrainer.decreasing([3, 1, 2, 0]) == [3, 1.5, 1.5, 0])
        #expect(DialTrainer.decreasing([0, 1, 2]) == [1, 1, 1])
    }

    @Test("the price of a loss is the least one that keeps it")
    func prices() {
        let points = [(1.0, 0.2), (10.0, 0.02), (100.0, 0.0)].map {
            DialTrainer.Point(multiple: $0.0, loss: $0.1, costShare: 0)
        }
        let prices = Dictionary(uniqueKeysWithValues: zip(DialTrainer.losses, DialTrainer.prices(points)))
        #expect(abs((prices[0.02] ?? 0) - 10) < 1e-9)
        #expect(prices[0.2] == 1)
        let between = prices[0.01] ?? 0
        #expect(between > 10 && between < 100)
    }

    @Test("a text between two kinds gets a price between theirs")
    func unfitted() {
        #expect(LossPrice(unfittedFor: 0.01).multiple == LossPrice.standard)
        #expect(LossPrice(unfittedFor: 0.02).multiple == LossPrice.standard / 2)
        #expect(LossPrice(unfittedFor: 0).multiple == LossPrice.greatest)
        #expect(LossPrice(multiple: .nan).multiple == LossPrice.standard)
    }
}
