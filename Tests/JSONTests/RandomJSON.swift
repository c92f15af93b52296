/// Random JSON: a tree and one of the many texts that encode it.
struct RandomJSON {
    var generator: FuzzGenerator
    private(set) var text: [UInt8] = []

    /// Characters that reach every path of a string scanner: UTF-8 lengths, escapes, controls, surrogate pairs.
    private static let alphabet =
        "abcXYZ 019\"\\/\n\r\t\u{8}\u{c}\u{0}\u{1f}\u{7f}\u{80}é߿ࠀ中\u{d7ff}\u{e000}\u{fffd}😀\u{10ffff}{}[]:,"
        .unicodeScalars.map { $0 }
    private static let numbers: [(String, Double)] = [
        ("0", 0), ("-0", -0.0), ("1", 1), ("-1", -1), ("12", 12), ("9223372036854775807", 9223372036854775807),
        ("-9223372036854775808", -9223372036854775808), ("0.1", 0.1), ("-2.50", -2.5), ("1e3", 1000), ("1E+2", 100),
        ("5e-324", 5e-324), ("1.7976931348623157e308", 1.7976931348623157e308), ("0.0e0", 0),
        ("123456.789e-3", 123.456789),
    ]

    init(generator: FuzzGenerator) {
        self.generator = generator
    }

    mutating func make() -> (text: [UInt8], tree: JSONTree) {
        text = []
        space()
        let tree = value(depth: generator.below(6))
        space()
        return (text, tree)
    }

    private mutating func value(depth: Int) -> JSONTree {
        switch generator.below(depth > 0 ? 10 : 6) {
        case 0: return literal("null", .null)
        case 1: return literal("true", .boolean(true))
        case 2: return literal("false", .boolean(false))
        case 3:
            let number = generator.pick(Self.numbers)
            return literal(number.0, .number(number.1))
        case 4, 5: return .text(string())
        case 6, 7:
            var elements: [JSONTree] = []
            list(open: "[", close: "]") { $0.append(to: &elements, depth: depth) }
            return .array(elements)
        default:
            var members: [String: JSONTree] = [:]
            list(open: "{", close: "}") { $0.append(to: &members, depth: depth) }
            return .object(members)
        }
    }

    private mutating func append(to elements: inout [JSONTree], depth: Int) {
        elements.append(value(depth: depth - 1))
    }

    private mutating func append(to members: inout [String: JSONTree], depth: Int) {
        let key = string()
        space()
        text.append(UInt8(ascii: ":"))
        space()
        members[key] = value(depth: depth - 1)
    }

    private mutating func list(open: String, close: String, item: (inout RandomJSON) -> Void) {
        text += open.utf8
        // Sometimes more members than the root's index holds.
        let count = generator.chance(2) ? 60 + generator.below(20) : generator.below(5)
        for index in 0..<count {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            space()
            item(&self)
            space()
        }
        if count == 0 { space() }
        text += close.utf8
    }

    private mutating func literal(_ written: String, _ tree: JSONTree) -> JSONTree {
        text += written.utf8
        return tree
    }

    private mutating func space() {
        while generator.chance(20) { text.append(generator.pick(Array(" \t\n\r".utf8))) }
    }

    private mutating func string() -> String {
        var string = String.UnicodeScalarView()
        text.append(UInt8(ascii: "\""))
        for _ in 0..<(generator.chance(10) ? generator.below(40) : generator.below(6)) {
            let scalar = generator.pick(Self.alphabet)
            string.append(scalar)
            write(scalar)
        }
        text.append(UInt8(ascii: "\""))
        return String(string)
    }

    private mutating func write(_ scalar: Unicode.Scalar) {
        let short = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{8}": "\\b",
            "\u{c}": "\\f",
        ]
        let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
        if let escape = short[String(scalar)], mustEscape ? generator.chance(70) : generator.chance(30) {
            text += escape.utf8
        } else if mustEscape || generator.chance(15) {
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16, uppercase: generator.chance(50))
                text += "\\u".utf8
                text += String(repeating: "0", count: 4 - digits.count).utf8
                text += digits.utf8
            }
        } else {
            text += String(scalar).utf8
        }
    }
}
