import Domain
import JSON
import Testing

@testable import Steps

@Suite("Canaries")
struct PolicyExperimentTests {
    private func settings(_ text: String) throws -> Settings {
        try Settings(json: JSONDocument(Array(text.utf8)).root)
    }

    @Test("the share of the sessions is about as asked, and a session stays on its side")
    func share() {
        let experiment = PolicyExperiment(share: 0.2, policy: "careful")
        let included = (0..<5000).filter { experiment.includes("session_\($0)") }
        #expect((900...1100).contains(included.count))
        #expect(included.allSatisfy { experiment.includes("session_\($0)") })
        #expect(!PolicyExperiment(share: 0, policy: "careful").includes("a"))
        #expect(PolicyExperiment(share: 1, policy: "careful").includes("a"))
    }

    @Test("two experiments choose different sessions")
    func independence() {
        let first = PolicyExperiment(share: 0.5, policy: "a")
        let second = PolicyExperiment(share: 0.5, policy: "b")
        let both = (0..<2000).count { first.includes("\($0)") && second.includes("\($0)") }
        #expect((400...600).contains(both))
    }

    @Test("the setting names an existing policy")
    func parsing() throws {
        let read = try settings(
            #"{"policies": {"careful": {"max_loss": 0}}, "experiments": {"share": 0.1, "policy": "careful"}}"#)
        #expect(read.experiment == PolicyExperiment(share: 0.1, policy: "careful"))
        let error = #expect(throws: FieldError.self) {
            _ = try settings(
                #"{"policies": {"careful": {}}, "experiments": {"share": 0.1, "policy": "carefull"}}"#)
        }
        #expect(error?.description == "experiments.policy: no policy is named 'carefull'; did you mean 'careful'?")
    }
}
