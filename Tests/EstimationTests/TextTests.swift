import Testing

@testable import Domain
@testable import Estimation

@Suite struct TextTests {
    @Test("n-grams are a set: repeating a text adds only the pairs at the seam")
    func set() {
        let once = NGrams(of: ["the cat sat"])
        let twice = NGrams(of: ["the cat sat the cat sat"])
        #expect(once.characters == twice.characters)
        #expect(twice.words.count == once.words.count + 1)
        #expect(Set(once.characters).count == once.characters.count)
    }

    @Test("capitals and white space do not matter, words and marks do")
    func folding() {
        #expect(NGrams(of: ["The  CAT\n sat"]).words == NGrams(of: ["the cat sat"]).words)
        #expect(NGrams(of: ["the cat"]).words != NGrams(of: ["the cats"]).words)
        #expect(NGrams(of: ["a+b"]).words != NGrams(of: ["a-b"]).words)
        #expect(NGrams(of: [""]).words.isEmpty)
    }

    @Test("the n-grams of a word are what a slow count finds")
    func slowCount() {
        // " abc " has 3-grams " ab", "abc", "bc ", 4-grams " abc", "abc ", one 5-gram.
        #expect(NGrams(of: ["abc"]).characters.count == 6)
        #expect(NGrams(of: ["abc"]).words.count == 1)
        #expect(NGrams(of: ["abc def"]).words.count == 3)
    }

    @Test("a very long text is read at both ends")
    func longText() {
        let long = String(repeating: "middle words here ", count: 20_000)
        let grams = NGrams(of: ["start unique " + long + " finish special"])
        for word in ["start", "special"] {
            #expect(Set(grams.words).isSuperset(of: NGrams(of: [word]).words))
        }
    }

    @Test(
        "tool schemas are counted alike in every dialect",
        arguments: [
            #"[{"name":"density","description":"Computes density","parameters":{"type":"object","properties":{"mass":{"type":"number"},"volume":{"type":"number"}},"required":["mass"]}}]"#,
            #"[{"type":"function","function":{"name":"density","description":"Computes density","parameters":{"type":"object","properties":{"mass":{"type":"number"},"volume":{"type":"number"}},"required":["mass"]}}}]"#,
            #"[{"name":"density","description":"Computes density","input_schema":{"type":"object","properties":{"mass":{"type":"number"},"volume":{"type":"number"}},"required":["mass"]}}]"#,
        ])
    func tools(schema: String) {
        var schema = schema
        var prompt = "What is the mass?"
        let words = prompt.withUTF8 { TextTally($0) }.words
        let values = schema.withUTF8 { ToolTally($0, promptWords: words, promptStems: WordSet()) }.values(
            promptBytes: 17)
        #expect(values[0] == 1)
        #expect(values[1] == 2)
        #expect(values[2] == 2)
        #expect(values[3] == 1)
        #expect(values[7] == 0.5)
    }

    @Test(
        "surface counts are finite for every kind of text", arguments: ["", "\n\n", "7", "A. x\nB. y", "é🦉", "{[\"'"])
    func finite(prompt: String) {
        let values = SurfaceCounts.vector(of: StepText(prompt: prompt, tools: prompt, history: prompt))
        #expect(values.count == SurfaceCounts.count)
        #expect(values.filter { !$0.isFinite }.isEmpty)
    }

    @Test(
        "a top-level member keeps its bytes",
        arguments: [
            (#"{"a": {"tools": 1}, "tools": [ {"x": "]"} ], "b": 2}"#, #"[ {"x": "]"} ]"#),
            (#"{"tools":null}"#, "null"), (#"{"tools": "a\"b" }"#, #""a\"b""#),
        ])
    func slice(line: String, wanted: String) throws {
        let found = try #require(JSONSlice.value(of: "tools", in: ArraySlice(Array(line.utf8))))
        #expect(String(decoding: found, as: UTF8.self) == wanted)
        #expect(JSONSlice.value(of: "absent", in: ArraySlice(Array(line.utf8))) == nil)
    }

    @Test("one model under the names of several sources is one model")
    func names() {
        #expect(ModelName.canonical("Meta-Llama-3_1-8B-Instruct") == ModelName.canonical("Meta-Llama-3.1-8B-Instruct"))
        #expect(
            ModelName.canonical("mistralai/Mixtral-8x7B-Instruct-v0.1")
                == ModelName.canonical("Mixtral-8x7B-Instruct-v0.1"))
        #expect(ModelName.canonical("gptj_6B") == "gptj_6b")
    }
}
