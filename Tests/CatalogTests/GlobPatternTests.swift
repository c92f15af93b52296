import Catalog
import Testing

@Suite("A pattern for names")
struct GlobPatternTests {
    @Test("agrees with the obvious recursive definition on all short patterns and names")
    func exhaustive() {
        let patterns = Self.words(of: ["a", "b", "*", "?"], upTo: 5)
        let names = Self.words(of: ["a", "b"], upTo: 5)
        var differences = 0
        for pattern in patterns {
            let glob = GlobPattern(pattern)
            for name in names where glob.matches(name) != Self.matches(pattern[...], name[...]) { differences += 1 }
        }
        #expect(differences == 0)
    }

    private static func words(of letters: [String], upTo length: Int) -> [String] {
        (0..<length).reduce(into: [""]) { words, _ in
            words = Array(Set(words + words.flatMap { word in letters.map { word + $0 } }))
        }
    }

    private static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return matches(pattern.dropFirst(), name) || !name.isEmpty && matches(pattern, name.dropFirst())
        }
        return !name.isEmpty && (first == "?" || first == name.first) && matches(pattern.dropFirst(), name.dropFirst())
    }
}
