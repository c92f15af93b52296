import Domain
import JSON
import Testing

@Suite("Second requests in a policy")
struct HedgeRuleTests {
    private static func policy(_ text: String) throws -> Policy {
        try Policy(json: JSONDocument(Array(text.utf8)).root)
    }

    @Test("a limit of the time to the first token is read and written, and is above nothing")
    func firstToken() throws {
        let policy = try Self.policy(#"{"first_token_s":1.5}"#)
        #expect(policy.firstTokenSeconds == 1.5)
        var writer = JSONWriter()
        writer.object { policy.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root).firstTokenSeconds == 1.5)
        #expect(throws: FieldError.self) { try Self.policy(#"{"first_token_s":0}"#) }
    }

    @Test("are sent after a time or a share of the calls, for a bounded share of them")
    func read() throws {
        #expect(try Self.policy("{}").hedge == nil)
        #expect(try Self.policy(#"{"hedge":{"after_s":2}}"#).hedge == HedgeRule(wait: .seconds(2), mostShare: 0.05))
        #expect(
            try Self.policy(#"{"hedge":{"after_quantile":0.95,"max_share":0.1}}"#).hedge
                == HedgeRule(wait: .quantile(0.95), mostShare: 0.1))
    }

    @Test("come back from what a policy writes")
    func roundTrip() throws {
        let policy = try Self.policy(#"{"hedge":{"after_quantile":0.9,"max_share":0.2}}"#)
        var writer = JSONWriter()
        writer.object { policy.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root).hedge == policy.hedge)
    }

    @Test(
        "that make no sense are refused by field",
        arguments: [
            #"{"hedge":{}}"#, #"{"hedge":true}"#, #"{"hedge":{"after_s":1,"after_quantile":0.9}}"#,
            #"{"hedge":{"after_s":0}}"#, #"{"hedge":{"after_s":1,"max_share":0.9}}"#,
            #"{"hedge":{"after_quantile":2}}"#,
        ])
    func refused(text: String) {
        let error = #expect(throws: FieldError.self) { try Self.policy(text) }
        #expect(error?.field.hasPrefix("policy.hedge") == true)
    }
}
