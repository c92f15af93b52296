import Domain
import Testing

@testable import Ledger

@Suite struct BudgetBookTests {
    private static let account = Attribution(team: "t", key: "k")
    private static let team = BudgetLine(
        id: 1, budget: Budget(scope: .team("t"), limit: .usd(Money(nanoUSD: 100)), window: .day))
    private static let key = BudgetLine(
        id: 2, budget: Budget(scope: .key("k"), limit: .usd(Money(nanoUSD: 50)), window: .rolling(seconds: 3600)))
    private static let warning = BudgetLine(
        id: 3, budget: Budget(scope: .global, limit: .tokens(10), window: .none, mode: .warn))

    private static func book(_ lines: BudgetLine...) -> BudgetBook {
        var book = BudgetBook()
        for line in lines { book.load(line) }
        return book
    }

    private func amounts(_ nanoUSD: Int64, tokens: Int64 = 0) -> Amounts {
        Amounts(money: Money(nanoUSD: nanoUSD), tokens: tokens)
    }

    @Test("a refused reservation changes no budget, not even those with room")
    func refusal() throws {
        var book = Self.book(Self.team, Self.key)
        #expect(throws: LedgerError.self) { try book.reserve(amounts(60), for: Self.account, at: Sample.noon) }
        #expect(book.changes.isEmpty)
        #expect(try book.used(of: Self.team, at: Sample.noon) == .zero)
    }

    @Test("a budget that only warns lets the reservation pass, and the budget counts it")
    func warning() throws {
        var book = Self.book(Self.warning, Self.team)
        let warnings = try book.reserve(amounts(5, tokens: 11), for: Self.account, at: Sample.noon)
        #expect(warnings.map(\.scope) == [.global])
        #expect(try book.used(of: Self.warning, at: Sample.noon).reserved == 11)
        #expect(try book.used(of: Self.team, at: Sample.noon).reserved == 5)
    }

    @Test("a rolling window counts the buckets that it touches and no older ones")
    func rolling() throws {
        var book = Self.book(Self.key)
        let start = { (seconds: Double) in
            Self.key.budget.window.start(of: Sample.noon.advanced(bySeconds: seconds))
        }
        for (seconds, spent) in [(-7200.0, Int64(1)), (-3000, 10), (0, 100)] {
            book.load(
                BudgetTotal(spent: spent, reserved: 0), of: BudgetBook.Slot(budget: 2, start: start(seconds)))
        }
        #expect(try book.used(of: Self.key, at: Sample.noon).spent == 110)
        #expect(try book.used(of: Self.key, at: Sample.noon.advanced(bySeconds: 1800)).spent == 100)
    }

    @Test("amounts move from the account that reserved them to the one that is charged")
    func move() throws {
        var book = Self.book(Self.team, Self.key)
        _ = try book.reserve(amounts(40), for: Attribution(team: "t"), at: Sample.noon)
        try book.move(
            releasing: amounts(40), of: Attribution(team: "t"), spending: amounts(7), on: Attribution(key: "k"),
            at: Sample.noon)
        #expect(try book.used(of: Self.team, at: Sample.noon) == .zero)
        #expect(try book.used(of: Self.key, at: Sample.noon) == BudgetTotal(spent: 7, reserved: 0))
        #expect(Set(book.changes.map(\.slot.budget)) == [1, 2])
    }

    @Test("rolling back undoes the changes behind a mark and keeps those before it")
    func rollBack() throws {
        var book = Self.book(Self.team)
        _ = try book.reserve(amounts(10), for: Self.account, at: Sample.noon)
        let mark = book.mark
        _ = try book.reserve(amounts(20), for: Self.account, at: Sample.noon)
        book.rollBack(to: mark)
        #expect(try book.used(of: Self.team, at: Sample.noon).reserved == 10)
    }

    @Test("a sum beyond 64 bits is refused and changes nothing")
    func overflow() throws {
        var book = Self.book(Self.team)
        book.load(
            BudgetTotal(spent: .max, reserved: 0),
            of: BudgetBook.Slot(budget: 1, start: BudgetWindow.day.start(of: Sample.noon)))
        #expect(throws: LedgerError.overflow("the budget of team:t")) {
            try book.move(
                releasing: .zero, of: Self.account, spending: amounts(1), on: Self.account, at: Sample.noon)
        }
        #expect(book.changes.isEmpty)
    }
}
