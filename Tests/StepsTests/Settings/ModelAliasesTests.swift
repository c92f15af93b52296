import Catalog
import Domain
import JSON
import TestSupport
import Testing

@testable import Steps

@Suite("Model aliases")
struct ModelAliasesTests {
    private static func model(_ id: ModelID, aliases: [ModelID] = [], served: String) -> Model {
        Model(
            id: id, provider: "p", aliases: aliases,
            endpoint: Endpoint(baseURL: "http://127.0.0.1:9", wire: .openAI, modelName: served, keyVariable: nil),
            placement: .cloud, tier: .tiny, contextTokens: 10, maxOutputTokens: 10, capabilities: [], prices: [],
            speed: Speed(
                overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))
    }

    private static let catalog = ModelCatalog(
        models: [
            model("anthropic/claude-haiku-4-5", aliases: ["claude-haiku-4-5"], served: "claude-haiku-4-5"),
            model("openai/gpt-4o-2024-08-06", served: "gpt-4o-2024-08-06"),
            model("a/twin", served: "twin"), model("b/twin", served: "twin"),
        ], version: "test")

    private static func aliases(_ text: String) throws -> ModelAliases {
        let json = #"{"policies":{"cheap":{},"careful":{}},"aliases":\#(text)}"#
        return try Settings(json: JSONDocument(Array(json.utf8)).root).resolved(in: catalog).aliases
    }

    @Test(
        "an exact name precedes patterns, and longer patterns precede shorter ones",
        arguments: [
            ("claude-opus-4-8", "hera"), ("claude-haiku-4-5-20251001", "hera/cheap"),
            ("claude-3-5-haiku-latest", "hera/cheap"), ("claude-haiku-special", "hera/careful"),
            ("my-gpt", "openai/gpt-4o-2024-08-06"), ("my-claude", "anthropic/claude-haiku-4-5"),
            ("o3-mini", "hera/default"), ("o3", nil), ("hera/cheap", nil), ("hera", nil), ("xclaude-opus", nil),
        ] as [(String, String?)])
    func precedence(name: String, target: String?) throws {
        let aliases = try Self.aliases(
            #"""
            {"claude-*": "hera", "claude-*haiku*": "hera/cheap", "claude-haiku-special": "hera/careful",
            "my-gpt": "openai/gpt-4o-2024-08-06", "my-claude": "claude-haiku-4-5", "o*-*mini": "hera/default"}
            """#)
        #expect(aliases.target(of: name) == target)
    }

    @Test(
        "a pattern matches like an exhaustive search over all splits of the name",
        arguments: ["*", "a*", "*a", "a*b*a", "ab*ba", "*ab*", "a**b", "a*a"])
    func patterns(pattern: String) {
        func fits(_ pattern: Substring, _ name: Substring) -> Bool {
            guard let first = pattern.first else { return name.isEmpty }
            if first == "*" {
                return fits(pattern.dropFirst(), name) || (!name.isEmpty && fits(pattern, name.dropFirst()))
            }
            return name.first == first && fits(pattern.dropFirst(), name.dropFirst())
        }
        var names = [""]
        for _ in 0..<6 { names += names.flatMap { ["\($0)a", "\($0)b"] } }
        for name in Set(names) {
            let found = ModelAliases.Pattern(text: pattern, target: "").matches(name)
            #expect(found == fits(pattern[...], name[...]), "\(pattern) and '\(name)'")
        }
    }

    @Test(
        "an alias of nothing, of an alias or with a taken name is an error that names it",
        arguments: [
            (#"{"gpt-5": "openai/gpt-5"}"#, "aliases.gpt-5: no model is named 'openai/gpt-5'"),
            (#"{"gpt-5": "my-gpt", "my-gpt": "hera"}"#, "aliases.gpt-5: no model is named 'my-gpt'"),
            (
                #"{"claude-*": "hera/cheep"}"#,
                "aliases.claude-*: no policy is named 'cheep'; did you mean 'hera/cheap'?"
            ),
            (#"{"hera/cheap": "hera"}"#, "aliases.hera/cheap: is a name of hera's own"),
            (#"{"a/twin": "hera"}"#, "aliases.a/twin: is a model of the catalog"),
            (#"{"gpt-5": 5}"#, "aliases.gpt-5: must be `hera`"), (#"["hera"]"#, "aliases: must be a map"),
        ])
    func errors(text: String, message: String) throws {
        let error = #expect(throws: FieldError.self) { try Self.aliases(text) }
        #expect(error.map { "\($0)".hasPrefix(message) } == true, "\(String(describing: error))")
    }

    @Test(
        "a name with a date or `latest` suffix resolves to the only model without it",
        arguments: [
            ("claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"),
            ("anthropic/claude-haiku-4-5-2025-10-01", "anthropic/claude-haiku-4-5"),
            ("claude-haiku-4-5-latest", "anthropic/claude-haiku-4-5"),
            ("gpt-4o-2024-08-06", "openai/gpt-4o-2024-08-06"), ("gpt-4o-2024-11-20", nil), ("gpt-4o", nil),
            ("claude-haiku-4-5-2025", nil), ("claude-haiku-4-5-thinking", nil), ("twin-latest", nil), ("-latest", nil),
        ] as [(String, String?)])
    func dated(name: String, model: String?) {
        #expect(Self.catalog.model(named: name)?.id.rawValue == model)
    }
}
