import Foundation
import JSON
import Testing

/// The scanner against Foundation, on texts from a seeded generator.
@Suite("JSON scanner against JSONSerialization")
struct JSONFuzzTests {
    @Test(
        "random valid texts are accepted and decode to their source tree", arguments: 1...8 as ClosedRange<UInt64>)
    func validTexts(seed: UInt64) throws {
        var random = RandomJSON(generator: FuzzGenerator(seed: seed))
        for _ in 0..<250 {
            let (text, tree) = random.make()
            let document = try JSONDocument(text)
            #expect(JSONTree(document.root) == tree, "\(String(decoding: text, as: UTF8.self))")
            #expect(JSONTree(foundation: text) == tree, "\(String(decoding: text, as: UTF8.self))")
            checkLookups(document.root)
        }
    }

    @Test(
        "mutated texts are accepted, refused and decoded as by Foundation", arguments: 101...116 as ClosedRange<UInt64>)
    func mutatedTexts(seed: UInt64) throws {
        var random = RandomJSON(generator: FuzzGenerator(seed: seed))
        var refused = 0
        for _ in 0..<400 {
            var text = random.make().text
            for _ in 0...random.generator.below(3) { mutate(&text, using: &random.generator) }
            refused += try checkAgreement(text) ? 0 : 1
        }
        #expect(refused > 40 && refused < 390, "the mutations should neither break all texts nor none")
    }

    @Test(
        "random bytes are accepted, refused and decoded as by Foundation", arguments: 201...204 as ClosedRange<UInt64>)
    func randomBytes(seed: UInt64) throws {
        var generator = FuzzGenerator(seed: seed)
        let telling = Array("{}[]\"\\:,truefalsn0123.eE+-u \n".utf8)
        for _ in 0..<2_000 {
            let onlyTelling = generator.chance(80)
            let text = (0..<generator.below(12)).map { _ in
                onlyTelling ? generator.pick(telling) : UInt8.random(in: 0...255, using: &generator)
            }
            try checkAgreement(text)
        }
    }

    @Test("every prefix of a text is refused")
    func prefixes() throws {
        let text = Array(#" {"a":[1.5e+3,true,null,"é\u00e9\ud83d\ude00\n"],"b":{"c":false,"d":"😀中"}}"#.utf8)
        _ = try JSONDocument(text)
        for length in 0..<text.count {
            let error = #expect(throws: JSONError.self) { try JSONDocument(Array(text.prefix(length))) }
            #expect(error?.offset == length)
            #expect(error?.reason == (length < 2 ? .empty : .truncated), "\(length)")
        }
    }

    /// Compares both readers, except for the differences that ``JSONDocument`` documents. Returns whether the text was
    /// accepted.
    @discardableResult
    private func checkAgreement(_ text: [UInt8]) throws -> Bool {
        // Foundation guesses other encodings from a byte order mark or a NUL.
        if text.contains(0) || text.starts(with: [0xEF, 0xBB, 0xBF]) || text.starts(with: [0xFE, 0xFF])
            || text.starts(with: [0xFF, 0xFE])
        {
            return (try? JSONDocument(text)) != nil
        }
        let expected = JSONTree(foundation: text)
        let shown = "\(text) \(String(decoding: text, as: UTF8.self))"
        var strict = text
        while true {
            do {
                let document = try JSONDocument(strict)
                checkLookups(document.root)
                let tree = try #require(JSONTree(document.root))
                if tree.isFinite { #expect(tree == expected, "\(shown)") }
                return true
            } catch let error as JSONError {
                guard let comma = trailingComma(in: strict, before: error.offset) else {
                    #expect(expected == nil, "\(error): \(shown)")
                    return false
                }
                strict.remove(at: comma)
            }
        }
    }

    /// The trailing comma that Foundation skips, if `offset` is at the closing byte after it.
    private func trailingComma(in text: [UInt8], before offset: Int) -> Int? {
        guard offset < text.count, Array("]}".utf8).contains(text[offset]) else { return nil }
        guard let last = text[..<offset].lastIndex(where: { !Array(" \t\n\r".utf8).contains($0) }) else { return nil }
        guard text[last] == UInt8(ascii: ","), last > 0 else { return nil }
        return last
    }

    /// Compares the lookups by key, the counts and the ranges with a walk over all members.
    private func checkLookups(_ value: JSONValue) {
        var lastRange: [[UInt8]: Range<Int>] = [:]
        var count = 0
        for (key, member) in value.members {
            lastRange[Array(key.utf8)] = member.range
            count += 1
            checkLookups(member)
        }
        for (key, range) in lastRange {
            #expect(value[String(decoding: key, as: UTF8.self)]?.range == range)
        }
        for element in value.elements {
            count += 1
            checkLookups(element)
        }
        #expect(value.count == count)
        #expect((try? JSONDocument(Array(value.raw)))?.root.range == 0..<value.range.count)
    }

    private func mutate(_ text: inout [UInt8], using generator: inout FuzzGenerator) {
        let telling = Array("{}[]\"\\:,0-.eu tn\u{1}".utf8)
        switch generator.below(text.isEmpty ? 1 : 6) {
        case 0: text.insert(generator.pick(telling), at: generator.below(text.count + 1))
        case 1: text[generator.below(text.count)] ^= 1 << UInt8(generator.below(8))
        case 2: text[generator.below(text.count)] = generator.pick(telling)
        case 3: text.remove(at: generator.below(text.count))
        case 4: text.insert(UInt8.random(in: 1...255, using: &generator), at: generator.below(text.count + 1))
        default: if generator.chance(30) { text.removeLast(generator.below(text.count)) }
        }
    }
}
