import Testing

@testable import Dialects
@testable import Upstream

@Suite("Lines of a stream")
struct JSONLinesTests {
    @Test("are the same however the bytes are cut", arguments: 0..<50 as Range<UInt64>)
    func cuts(seed: UInt64) {
        var random = seed
        func next(_ bound: UInt64) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % bound)
        }
        let bytes = (0..<400).map { _ in Array("ab \n\n\r".utf8)[next(6)] }
        let limit = 1 + next(8)
        var lines = JSONLines(maximumBytes: limit)
        var found: [JSONLines.Line] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = 1 + next(30)
            found += lines.feed(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        found += lines.finish()
        var expected: [JSONLines.Line] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if line.count > limit {
                expected.append(.tooLong(number: index + 1))
            } else if line.contains(where: { $0 > 0x20 }) {
                expected.append(.complete(number: index + 1, bytes: Array(line)))
            }
        }
        #expect(found == expected)
    }
}
