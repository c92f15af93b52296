import Domain

/// Random numbers for programs, reproducible from the program's number.
struct SeededRandom: RandomNumberGenerator {
    private var generator: SeededGenerator

    init(_ number: UInt64) {
        generator = SeededGenerator(seed: number &* 0x9E37_79B9_7F4A_7C15 &+ 1)
    }

    mutating func next() -> UInt64 { generator.next() }

    mutating func unit() -> Double { Double.random(in: 0..<1, using: &self) }
    mutating func chance(_ probability: Double) -> Bool { unit() < probability }
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
