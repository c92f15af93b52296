import Domain
import JSON
import Steps
import Testing

@testable import Steps

@Suite("Experiments in the settings")
struct ExperimentTests {
    private static func settings(_ text: String) throws -> Settings {
        try Settings(json: JSONDocument(Array(text.utf8)).root)
    }

    @Test("each session stays under one policy, and the shares are kept")
    func shares() throws {
        let settings = try Self.settings(
            #"{"policies":{"a":{},"b":{}},"experiments":[{"share":0.2,"policy":"a"},{"share":0.1,"policy":"b"}]}"#)
        var counts: [String: Int] = [:]
        for number in 0..<4000 {
            let policy = settings.experiments.policy(ofSession: "session-\(number)")
            #expect(policy == settings.experiments.policy(ofSession: "session-\(number)"))
            counts[policy ?? "", default: 0] += 1
        }
        #expect((700...900).contains(counts["a"] ?? 0) && (330...470).contains(counts["b"] ?? 0), "\(counts)")
    }

    @Test(
        "what is no experiment is refused with its field",
        arguments: [
            (#"{"policies":{"canary":{}},"experiments":{"share":0.1,"policy":"canery"}}"#, "experiments.policy"),
            (#"{"policies":{"a":{}},"experiments":[{"policy":"a"}]}"#, "experiments[0].share"),
            (#"{"policies":{"a":{}},"experiments":[{"share":2,"policy":"a"}]}"#, "experiments[0].share"),
            (
                #"{"policies":{"a":{}},"experiments":[{"share":0.6,"policy":"a"},{"share":0.6,"policy":"a"}]}"#,
                "experiments"
            ),
            (#"{"default_policy":{"shadow":{"mode":"wet","share":1,"budget_usd":1}}}"#, "default_policy.shadow.mode"),
        ])
    func refusals(text: String, field: String) {
        let error = #expect(throws: FieldError.self) { try Self.settings(text) }
        #expect(error?.description.hasPrefix("\(field):") == true, "\(String(describing: error))")
    }
}
