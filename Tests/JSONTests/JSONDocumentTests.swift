import JSON
import Testing

@Suite("JSON documents")
struct JSONDocumentTests {
    @Test(
        "what RFC 8259 allows is accepted",
        arguments: [
            "0", "-0", "1.5", "1E+2", "-1e-2", "1e999", "\"\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\u{7f}\"", "[]",
            "{}", " [ ] ", "\t{\r\n}", "null", "true", "false", "[1,[2,{\"a\":[]}]]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        ])
    func accepts(text: String) throws {
        let document = try JSONDocument(Array(text.utf8))
        #expect(document.bytes == Array(text.utf8))
        #expect(Array(document.root.raw) == Array(text.trimmed.utf8))
    }

    @Test("a text of any length ends at its own quote, wherever it has an escape sequence")
    func longTexts() throws {
        for length in stride(from: 0, through: 120, by: 3) {
            for place in stride(from: -1, to: length, by: 2) {
                for escape in [#"\""#, #"\\"#] {
                    var text = [String](repeating: "x", count: length)
                    if place >= 0 { text[place] = escape }
                    let document = try JSONDocument(Array(#"{"t":"\#(text.joined())","n":7,"u":"é"}"#.utf8))
                    let expected = text.map { $0.count == 2 ? String($0.dropFirst()) : $0 }.joined()
                    #expect(document.root["t"]?.string == expected)
                    #expect(document.root["n"]?.double == 7 && document.root["u"]?.string == "é")
                }
            }
        }
    }

    @Test("members are removed by their whole name, however long or written")
    func removal() throws {
        let long = String(repeating: "k", count: 70)
        let text = #"{"\#(long)":1,"\#(long)k":2,"\u0061":3,"b":4,"bb":5}"#
        let rest = try JSONDocument(try JSONDocument(Array(text.utf8)).removingMembers([long, "a", "b"]))
        #expect(rest.root.members.map(\.key) == ["\(long)k", "bb"])
    }

    @Test(
        "invalid JSON is refused with its place and reason",
        arguments: [
            ("", 0, .empty), (" \n", 2, .empty), ("[1,]", 3, .expectedValue), ("{\"a\":1,}", 7, .expectedKey),
            ("{a:1}", 1, .expectedKey), ("{\"a\" 1}", 5, .expectedColon), ("[1 2]", 3, .expectedCommaOrBracket),
            ("{\"a\":1]", 6, .expectedCommaOrBrace), ("[1}", 2, .expectedCommaOrBracket), ("1 2", 2, .trailingContent),
            ("[]]", 2, .trailingContent), ("\"\n\"", 1, .controlCharacter), ("\"\\a\"", 1, .invalidEscape),
            ("\"\\u12g4\"", 1, .invalidEscape), ("\"\\ud800\"", 1, .loneSurrogate), ("\"\\udc00\"", 1, .loneSurrogate),
            ("\"\\ud800\\n\"", 1, .loneSurrogate), ("\"\\ud800\\ud800\"", 1, .loneSurrogate), ("01", 0, .invalidNumber),
            ("-x", 1, .invalidNumber), ("1.x", 2, .invalidNumber), ("1ex", 2, .invalidNumber),
            ("+1", 0, .expectedValue),
            (".5", 0, .expectedValue), ("NaN", 0, .expectedValue), ("nulL", 0, .expectedValue), ("-", 1, .truncated),
            ("tru", 3, .truncated), ("\"a", 2, .truncated), ("\"\\", 2, .truncated), ("\"\\u12", 5, .truncated),
            ("[", 1, .truncated), ("{\"a\"", 4, .truncated), ("\u{feff}1", 0, .expectedValue),
            ("/**/1", 0, .expectedValue),
        ] as [(String, Int, JSONError.Reason)])
    func refuses(text: String, offset: Int, reason: JSONError.Reason) {
        let error = #expect(throws: JSONError.self) { try JSONDocument(Array(text.utf8)) }
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0xFF], [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE4, 0xB8], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func refusesInvalidUTF8(sequence: [UInt8]) {
        for padding in 0..<10 {
            let text = Array("\"\(String(repeating: "x", count: padding))".utf8) + sequence + Array("\"".utf8)
            let error = #expect(throws: JSONError.self) { try JSONDocument(text) }
            #expect(error?.reason == .invalidUTF8)
            #expect(error?.offset == padding + 1)
        }
    }

    @Test("a special byte is found at every position of a long string")
    func specialBytesInStrings() {
        for padding in 0..<40 {
            let before = String(repeating: "x", count: padding)
            for (special, reason) in [("\u{1f}", JSONError.Reason.controlCharacter), ("\\x", .invalidEscape)] {
                let text = "[\"\(before)\(special)\(String(repeating: "y", count: 20))\"]"
                let error = #expect(throws: JSONError.self) { try JSONDocument(Array(text.utf8)) }
                #expect(error?.offset == padding + 2)
                #expect(error?.reason == reason)
            }
        }
    }

    @Test("nesting is allowed up to the maximum depth and not beyond", arguments: [1, 2, 511, 512, 513, 5_000])
    func depth(depth: Int) throws {
        let arrays = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let objects = String(repeating: "{\"a\":", count: depth) + "0" + String(repeating: "}", count: depth)
        for text in [arrays, objects].map({ Array($0.utf8) }) {
            _ = try JSONDocument(text, maximumDepth: depth)
            let error = #expect(throws: JSONError.self) { try JSONDocument(text, maximumDepth: depth - 1) }
            #expect(error?.reason == .tooDeep(maximum: depth - 1))
            #expect(((try? JSONDocument(text)) != nil) == (depth <= 512))
        }
    }

    @Test("a million open brackets are refused without a stack overflow")
    func bracketBomb() {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        let error = #expect(throws: JSONError.self) { try JSONDocument(text, maximumDepth: .max) }
        #expect(error?.reason == .truncated)
    }

    @Test("the message of an error names line, column and what to do")
    func errorDescription() {
        let error = #expect(throws: JSONError.self) { try JSONDocument(Array("{\n  \"é\": 1,\n  \"中\" 2\n}".utf8)) }
        #expect(error?.line == 3)
        #expect(error?.column == 7)
        #expect(
            error.map { "\($0)" } == "invalid JSON at line 3, column 7 (byte 21): expected ':' after the member name")
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
