import Domain
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Surface features of a run's steps: number, length, errors, repetition, steps left.
package enum RunCounts {
    /// Length of the feature vector.
    static let count = 24

    /// - Parameter isOver: whether the run ended by itself, with any result.
    static func vector(of steps: [RunStep], isOver: Bool) -> [Float] {
        guard let last = steps.last else { return [Float](repeating: 0, count: count) }
        let before = steps.dropLast().last
        let marks = steps.map { ObservationFeatures($0) }
        let now = marks[marks.count - 1]
        let earlier = steps.count > 1 ? marks[marks.count - 2] : nil
        let outputs = Set(steps.map(\.output))
        let observations = Set(steps.map(\.observation))
        let left = StepsLeft(last.observation)
        return [
            Float(steps.count), isOver ? 1 : 0, log1p(Float(last.output.utf8.count)),
            log1p(Float(last.observation.utf8.count)), last.observation.isEmpty ? 1 : 0, Float(now.errors),
            Float(marks.reduce(0) { $0 + min($1.errors, 1) }), now.errors > 0 && (earlier?.errors ?? 0) > 0 ? 1 : 0,
            before?.output == last.output ? 1 : 0, before?.observation == last.observation ? 1 : 0,
            Float(steps.count - outputs.count), Float(steps.count - observations.count),
            log1p(Float(steps.reduce(0) { $0 + $1.output.utf8.count })), log1p(Float(before?.output.utf8.count ?? 0)),
            log1p(Float(before?.observation.utf8.count ?? 0)), left.steps, left.chances,
            last.kind == "propose" ? 1 : last.kind == "invalid" ? -1 : 0,
            Float(steps.filter { $0.kind == "propose" }.count), Float(steps.filter { $0.kind == "invalid" }.count),
            log1p(Float(now.numbers)), log1p(Float(now.lines)), Float(earlier?.errors ?? 0),
            isOver ? Float(steps.count) : 0,
        ]
    }

    /// The texts of the run's last two steps, which best describe its state.
    package static func texts(of steps: [RunStep]) -> [String] {
        steps.suffix(2).flatMap { [$0.output, $0.observation] }.filter { !$0.isEmpty }
    }
}

/// Error marks in an observation.
struct ObservationFeatures {
    var errors = 0
    var numbers = 0
    var lines = 1

    init(_ step: RunStep) { self.init(step.observation) }

    init(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var index = 0
            while index < bytes.count {
                if bytes[index] == UInt8(ascii: "\n") { lines += 1 }
                guard ByteKind.of(bytes[index]) == .letter else {
                    index += 1
                    continue
                }
                var hash = WordHash()
                if bytes[index] >= 0x30 && bytes[index] <= 0x39 { numbers += 1 }
                while index < bytes.count, ByteKind.of(bytes[index]) == .letter {
                    hash.add(bytes[index])
                    index += 1
                }
                if Self.trouble.contains(hash.value) { errors += 1 }
            }
        }
    }

    private static let trouble: Set<UInt64> = Set(RunSigns.troubleWords.map { WordHash.of($0) })
}

/// The step budget that an observation states: "You have 3 steps left and 1 chances ..."; -1 without one.
struct StepsLeft {
    var steps: Float = -1
    var chances: Float = -1

    init(_ observation: String) {
        let words = observation.suffix(200).split { !($0.isLetter || $0.isNumber) }
        for (number, unit) in zip(words, words.dropFirst()) {
            guard let value = Float(number) else { continue }
            if unit.hasPrefix("step") || unit.hasPrefix("turn") { steps = value }
            if unit.hasPrefix("chance") || unit.hasPrefix("attempt") { chances = value }
        }
    }
}

/// Cache of a reading: one decision queries the same pair of models several times (SSE, SLE, CD, DP).
final class RunCache: Sendable {
    /// By model and look-ahead.
    private let directions = Mutex<[Int: ExpectedDirection]>([:])
    /// By pair and position.
    private let shares = Mutex<[Int: [Float]?]>([:])

    func direction(_ key: Int, _ make: () -> ExpectedDirection) -> ExpectedDirection {
        if let known = directions.withLock({ $0[key] }) { return known }
        let made = make()
        directions.withLock { $0[key] = made }
        return made
    }

    func distances(_ key: Int, _ make: () -> [Float]?) -> [Float]? {
        if let known = shares.withLock({ $0[key] }) { return known }
        let made = make()
        shares.withLock { $0[key] = made }
        return made
    }
}
