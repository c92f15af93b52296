import JSON
import Testing

@Suite("Texts that are nearly JSON")
struct JSONMenderTests {
    /// The strings at `a` of several texts, in order; nil for a text that stays an error.
    private static func strings(_ texts: [[UInt8]]) -> [String?] {
        var mender = JSONMender()
        return texts.map { try? mender.document($0).root["a"]?.string }
    }

    private static func text(_ content: String) -> [UInt8] {
        Array("{\"a\":\"".utf8) + content.utf8 + Array("\"}".utf8)
    }

    private static func text(_ content: [UInt8]) -> [UInt8] { Array("{\"a\":\"".utf8) + content + Array("\"}".utf8) }

    @Test("a surrogate pair split over two texts is one character, wherever the parts stand")
    func surrogates() {
        #expect(Self.strings([Self.text(#"Hi \ud83d"#), Self.text(#"\ude00 you"#)]) == ["Hi ", "😀 you"])
        #expect(Self.strings([Self.text(#"\uD83D"#), Self.text(#"\uDE00"#), Self.text("!")]) == ["", "😀", "!"])
        #expect(
            Self.strings([Self.text(#"\ud83d"#), Self.text(""), Self.text(#"\ude00"#)]) == ["", "", "😀"],
            "an empty string says nothing of what follows")
    }

    @Test(
        "a character of 2, 3 or 4 bytes split at any byte is one character", arguments: ["é", "日", "👩", "a\u{10FFFF}"])
    func bytes(character: String) {
        let bytes = Array(character.utf8)
        for cut in 1..<bytes.count {
            let parts = Self.strings([
                Self.text(Array("x".utf8) + Array(bytes[..<cut])), Self.text(Array(bytes[cut...]) + Array("y".utf8)),
            ])
            #expect(parts.compactMap { $0 }.joined() == "x\(character)y")
        }
        let single = bytes.map { Self.text([$0]) }
        #expect(Self.strings(single).compactMap { $0 }.joined() == character)
    }

    @Test("half a character without its other half becomes U+FFFD, and nothing else is lost")
    func lone() {
        #expect(Self.strings([Self.text(#"a\ud83d"#), Self.text("b")]) == ["a", "\u{FFFD}b"])
        #expect(Self.strings([Self.text(#"a\ude00b"#)]) == ["a\u{FFFD}b"])
        #expect(Self.strings([Self.text(#"\ud83d\ud83d\ude00"#)]) == ["\u{FFFD}😀"])
        #expect(Self.strings([Self.text([0x61, 0xFF, 0x62])]) == ["a\u{FFFD}b"])
        #expect(Self.strings([Self.text([0x61, 0xC3]), Self.text("b")]) == ["a", "\u{FFFD}b"])
        #expect(Self.strings([Self.text([0xA9, 0x62])]) == ["\u{FFFD}b"])
    }

    @Test("each string has its own half")
    func paths() throws {
        var mender = JSONMender()
        _ = try mender.document(Array(#"{"a":"x\ud83d","b":["y\ud83d"]}"#.utf8))
        let root = try mender.document(Array(#"{"b":["\ude00"],"a":"\ude01"}"#.utf8)).root
        #expect(root["a"]?.string == "😁")
        #expect(root["b"]?.elements.first { _ in true }?.string == "😀")
    }

    @Test(
        "numbers that JSON has not become null, and raw control characters and odd escapes stay what they are",
        arguments: [
            (#"{"n":NaN,"a":"x"}"#, "x"), (#"{"n":[-Infinity,Infinity, nan],"a":"x"}"#, "x"),
            ("{\"a\":\"x\ty\"}", "x\ty"), (#"{"a":"it\'s"}"#, #"it\'s"#), (#"{"a":"\u12"}"#, #"\u12"#),
            ("\u{FEFF}{\"a\":\"x\"}", "x"), (#"{"NaN":NaN,"a":"NaN"}"#, "NaN"),
        ])
    func others(text: String, expected: String) throws {
        #expect(try JSONMender.whole(Array(text.utf8)).root["a"]?.string == expected)
        #expect(Self.strings([Array(text.utf8)]) == [expected])
    }

    @Test("what is JSON stays byte for byte", arguments: [#"{ "a" : "x\ud83d\ude00" }"#, "[1,2]", "null", #""é""#])
    func valid(text: String) throws {
        var mender = JSONMender()
        #expect(try mender.document(Array(text.utf8)).bytes == Array(text.utf8))
    }

    @Test(
        "what was cut off or is no JSON at all stays an error",
        arguments: [#"{"a":"x"#, #"{"a":"#, "hello", "", #"{"a":1}}"#, #"{"a":"\"#, #"{"a" "b"}"#])
    func invalid(text: String) {
        #expect(throws: JSONError.self) { try JSONMender.whole(Array(text.utf8)) }
        var mender = JSONMender()
        #expect(throws: JSONError.self) { try mender.document(Array(text.utf8)) }
    }

    @Test("a whole text has no other half to wait for")
    func whole() throws {
        #expect(try JSONMender.whole(Self.text(#"a\ud83d"#)).root["a"]?.string == "a\u{FFFD}")
        #expect(try JSONMender.whole(Self.text([0x61, 0xE6, 0x97])).root["a"]?.string == "a\u{FFFD}")
    }
}
