import Catalog
import Domain
import JSON
import TestSupport
import Testing

@testable import Steps

@Suite("Model names in policies")
struct PolicyModelsTests {
    private let catalog = ModelCatalog(
        models: [
            Model(
                id: "maker/small-1b", provider: "p", aliases: ["small"],
                endpoint: Endpoint(baseURL: "http://127.0.0.1:9", wire: .openAI, modelName: "m", keyVariable: nil),
                placement: .cloud, tier: .tiny, contextTokens: 10, maxOutputTokens: 10, capabilities: [], prices: [],
                speed: Speed(
                    overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))
        ], version: "test")

    private func settings(_ text: String) throws -> Settings {
        try Settings(json: JSONDocument(Array(text.utf8)).root).resolved(in: catalog)
    }

    @Test("aliases in policies resolve to catalog ids")
    func aliases() throws {
        let read = try settings(
            #"{"policies":{"a":{"text_predictor":"small","decompose":{"by":"small"},"models":{"allow":["small"],"deny":["small"]}}}}"#
        )
        let policy = try #require(read.policies["a"])
        #expect(policy.sequence.textPredictor == "maker/small-1b")
        #expect(policy.sequence.decomposition.decomposer == .model("maker/small-1b"))
        #expect(policy.models.allow == ["maker/small-1b"])
        #expect(policy.models.deny == ["maker/small-1b"])
        let cheapest = try settings(#"{"default_policy":{"decompose":{"by":"cheapest"}}}"#)
        #expect(cheapest.defaultPolicy.sequence.decomposition.decomposer == .cheapest)
    }

    @Test(
        "an unknown model name is an error with its path",
        arguments: [
            (
                #"{"default_policy":{"text_predictor":"smal"}}"#,
                "default_policy.text_predictor: no model is named 'smal'"
            ),
            (#"{"policies":{"a":{"decompose":{"by":"big"}}}}"#, "policies.a.decompose.by: no model is named 'big'"),
            (#"{"policies":{"a":{"models":{"deny":["big"]}}}}"#, "policies.a.models.deny: no model is named 'big'"),
        ])
    func unknown(text: String, message: String) throws {
        let error = #expect(throws: FieldError.self) { try settings(text) }
        #expect(error.map { "\($0)".contains(message) } == true, "\(String(describing: error))")
    }
}
