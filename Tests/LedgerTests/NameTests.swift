import Dispatch
import Domain
import Testing

@testable import Ledger

@Suite struct NameTests {
    @Test(
        "names that look the same but differ in their bytes are distinct, in groups and one by one",
        arguments: [true, false])
    func equivalent(isTogether: Bool) async throws {
        try await TemporaryLedger.with { ledger, place in
            let names = ["caf\u{e9}", "cafe\u{301}"]
            let held = DispatchSemaphore(value: 0)
            for name in names {
                let limit = BudgetLimit.usd(Money(nanoUSD: 100))
                try await ledger.write {
                    try $0.setBudget(Budget(scope: .session(name), limit: limit), at: Sample.noon)
                }
            }
            // Both in one group: the writer is held up until they wait for it.
            if isTogether {
                async let holding: Void = ledger.write { _ in held.wait() }
                async let first = reserve(60, names[0], in: ledger)
                async let second = reserve(70, names[1], in: ledger)
                try await Task.sleep(for: .milliseconds(50))
                held.signal()
                _ = try await (holding, first, second)
            } else {
                for (name, nanoUSD) in zip(names, [60, 70] as [Int64]) {
                    let call = Sample.call(account: Attribution(session: name))
                    try await ledger.append(Sample.entry("\(nanoUSD)", nanoUSD: nanoUSD, call: call))
                }
            }
            let statuses = try await ledger.read { try $0.budgets(of: names.map { .session($0) }, at: Sample.noon) }
            #expect(Set(statuses.map { $0.spent + $0.reserved }) == [60, 70])
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    private func reserve(_ nanoUSD: Int64, _ session: String, in ledger: LedgerStore) async throws {
        let call = Sample.call(account: Attribution(session: session))
        _ = try await ledger.reserve(Sample.request("\(nanoUSD)", nanoUSD: nanoUSD, call: call))
    }
}
