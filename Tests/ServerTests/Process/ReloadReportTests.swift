import Domain
import JSON
import Ledger
import Steps
import Testing

@testable import hera

@Suite("What a reload says that it changed")
struct ReloadReportTests {
    private let catalog = TestModels.catalog(baseURL: "http://127.0.0.1:9", today: Timestamp.now().day)

    private func lines(asked: Settings, used: Settings) -> [String] {
        ReloadReport(from: catalog, Settings(), to: catalog, used, asked: asked).lines
    }

    @Test("policies and experiments are named")
    func changed() {
        var settings = Settings(policies: ["careful": Policy()])
        settings.experiments = [Experiment(share: 0.5, policy: "careful")]
        #expect(lines(asked: settings, used: settings) == ["policy careful added", "experiments changed"])
    }

    @Test("what is read at the start only waits for a restart")
    func waiting() {
        var asked = Settings()
        asked.durability = .strict
        asked.usesUsualServers = false
        #expect(lines(asked: asked, used: Settings()) == ["servers, durability: in use after a restart"])
    }

    @Test("issuers, hosts, tags and the guardrail change at once; first issuers wait for a restart")
    func access() throws {
        let text =
            #"{"jwt":[{"issuer":"https://i.test","audience":"a","secret_file":"/k"}],"hosts":{"allow":["10.0.0.0/8"]},"#
            + #""metadata_tags":["team"],"guardrail":{"url":"https://g.test"}}"#
        let asked = try Settings(json: try JSONDocument(Array(text.utf8)).root)
        let said = ["guardrail changed", "jwt changed", "hosts changed", "metadata_tags changed"]
        #expect(lines(asked: asked, used: asked) == said)
        var used = asked
        used.jwt = []
        #expect(lines(asked: asked, used: used).last == "jwt: in use after a restart")
    }

    @Test("without a change it says that")
    func same() {
        #expect(lines(asked: Settings(), used: Settings()) == ["nothing changed"])
    }
}
