import Domain
import JSON
import Yams

/// A scalar of a file, with its path and line.
struct YAMLScalar {
    /// The path of the field inside its model, for example `prices.batch.input`.
    let path: String
    let text: String
    /// From 1.
    let line: Int

    /// The last part of the path.
    var name: String { path.split(separator: ".").last.map(String.init) ?? path }

    /// An integer of at least `minimum`. `1_000_000` is allowed for 1000000.
    func integer(atLeast minimum: Int, log: inout ProblemLog) -> Int? {
        if let value = Int(text.filter { $0 != "_" }), value >= minimum { return value }
        if let value = Int(text), value < 0 {
            log.error(line, "`\(path)` is negative (\(text))", "write a whole number of at least \(minimum)")
        } else if let thousands = Int(text.dropLast()), text.last?.lowercased() == "k" {
            log.error(line, "`\(path)` is not a whole number ('\(text)')", "write `\(name): \(thousands * 1000)`")
        } else {
            log.error(
                line, "`\(path)` is not a whole number of at least \(minimum) ('\(text)')",
                "write digits only, for example `\(name): \(max(minimum, 4096))`")
        }
        return nil
    }

    /// A finite number. `positive` excludes zero.
    func number(positive: Bool = false, log: inout ProblemLog) -> Double? {
        guard let value = Double(text), value.isFinite else {
            log.error(line, "`\(path)` is not a number ('\(text)')", "write a decimal number like `\(name): 0.5`")
            return nil
        }
        guard positive ? value > 0 : value >= 0 else {
            log.error(
                line, "`\(path)` is \(value < 0 ? "negative" : "zero") (\(text))",
                "write a number \(positive ? "above 0" : "of at least 0")")
            return nil
        }
        return value
    }

    /// An exact price. `read` knows the unit.
    func price(_ read: (String) throws(MoneyError) -> UnitPrice, log: inout ProblemLog) -> UnitPrice? {
        do throws(MoneyError) {
            let price = try read(text)
            if price >= .zero { return price }
            log.error(
                line, "`\(path)` is negative (\(text))",
                "write `\(name): \(text.drop { $0 == "-" })`, or `\(name): 0` if it is truly free")
        } catch {
            switch error {
            case .tooPrecise, .overflow:
                log.error(
                    line, "`\(path)` cannot be kept exactly ('\(text)')",
                    "write USD with at most 9 decimals, below 9 billion")
            case .malformed:
                let repaired = text.replacing(",", with: ".").filter { $0 == "." || $0.isNumber }
                let isRepaired = (try? read(repaired)) != nil
                log.error(
                    line, "`\(path)` is not a decimal number ('\(text)')",
                    "write `\(name): \(isRepaired ? repaired : "0.15")`, in USD, without currency sign or separators")
            }
        }
        return nil
    }

    /// One of an enumeration's raw values.
    func choice<Choice>(log: inout ProblemLog) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        let hint =
            Spelling.closest(to: text.lowercased(), among: known).map { "did you mean `\($0)`?" }
            ?? "write one of \(known.joined(separator: ", "))"
        log.error(line, "`\(path)` has an unknown value '\(text)'", hint)
        return nil
    }

    func day(log: inout ProblemLog) -> CalendarDay? {
        if let day = CalendarDay(text) { return day }
        log.error(line, "`\(path)` is not a day of the calendar ('\(text)')", "write it like `\(name): 2026-11-21`")
        return nil
    }
}
