import JSON
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("commas stand between items only, at every depth")
    func nesting() {
        let written = text { writer in
            writer.object { root in
                root.member("model", "small")
                root.member("usage", object: { $0.member("tokens", 12) })
                root.member(
                    "choices",
                    array: { choices in
                        choices.object { _ in }
                        choices.array { _ in }
                        choices.element("a")
                        choices.element(1)
                        choices.element(0.5)
                        choices.element(false)
                        choices.elementNull()
                        choices.element(raw: Array(#"{"x":1}"#.utf8))
                    })
                root.member("none", nil as String?)
                root.member("some", Int64(3) as Int64?)
                root.member("double", 1.5)
                root.member("true", true)
                root.memberNull("null")
                root.member("raw", raw: Array("[1]".utf8)[...])
                root.key("list")
                root.array { $0.element(nil as Int?) }
            }
        }
        #expect(
            written == #"{"model":"small","usage":{"tokens":12},"choices":[{},[],"a",1,0.5,false,null,{"x":1}],"#
                + #""none":null,"some":3,"double":1.5,"true":true,"null":null,"raw":[1],"list":[null]}"#)
    }

    @Test("a body's error is rethrown")
    func throwing() {
        struct Failure: Error {}
        var writer = JSONWriter()
        #expect(throws: Failure.self) {
            try writer.object { root in
                try root.member("a", array: { _ in throw Failure() })
            }
        }
    }

    @Test("written strings are read back unchanged", arguments: 1...3 as ClosedRange<UInt64>)
    func strings(seed: UInt64) throws {
        var generator = FuzzGenerator(seed: seed)
        for _ in 0..<500 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<generator.below(30) {
                let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0...0x22, 0x20...0x7F, 0x80...0xD7FF, 0xE000...0x10FFFF]
                if let scalar = Unicode.Scalar(UInt32.random(in: generator.pick(ranges), using: &generator)) {
                    scalars.append(scalar)
                }
            }
            let string = String(scalars)
            let document = try JSONDocument(JSONWriter.quoted(string))
            #expect(document.root.string.map { Array($0.utf8) } == Array(string.utf8))
            #expect(document.root.isString(string))
            #expect(!document.root.isString(string + "x"))
            #expect(JSONTree(foundation: document.bytes) == .text(string))
        }
    }

    @Test("every control character is escaped")
    func controls() {
        for value in UInt8(0)..<0x20 {
            let written = JSONWriter.quoted(String(Unicode.Scalar(value)))
            #expect(written.allSatisfy { $0 >= 0x20 })
        }
        #expect(
            String(decoding: JSONWriter.quoted("a\"\\\n\r\t\u{8}\u{c}\u{1f}/é"), as: UTF8.self)
                == #""a\"\\\n\r\t\b\f\u001f/é""#)
    }

    @Test("doubles are read back exactly, and non-finite ones are null")
    func doubles() throws {
        var generator = FuzzGenerator(seed: 11)
        for _ in 0..<2_000 {
            let value = Double(bitPattern: generator.next())
            let written = text { $0.element(value) }
            let root = try JSONDocument(Array(written.utf8)).root
            #expect(root.double?.bitPattern == (value.isFinite ? value.bitPattern : nil))
            #expect(root.isNull == !value.isFinite)
        }
        #expect(text { $0.element(Double.nan) } == "null")
        #expect(text { $0.element(-Double.infinity) } == "null")
        #expect(text { $0.element(0.1) } == "0.1")
    }

    @Test("doubles of few decimals are written in their shortest words")
    func shortDoubles() {
        var generator = FuzzGenerator(seed: 12)
        let units = [1.0, 10, 100, 1000, 10_000]
        for round in 0..<20_000 {
            let whole = Double(generator.next() % (round % 2 == 0 ? 100_000 : 1 << 40))
            let value = whole / units[round % units.count]
            for near in [value, value.nextUp, value.nextDown, -value] {
                #expect(text { $0.element(near) } == near.description)
            }
        }
        for edge in [0, -0.0, 0.001, 0.0009, 0.999, 1e9, 1e9 - 1, 1e-5, 0.83, 200] {
            #expect(text { $0.element(edge) } == edge.description)
        }
    }

    @Test(
        "integers are written with all their digits",
        arguments: [0, 7, -1, 10, 1_234_567_890, .max, .min] as [Int64])
    func integers(value: Int64) {
        #expect(text { $0.element(value) } == "\(value)")
    }
}
