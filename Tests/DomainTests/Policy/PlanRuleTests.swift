import Domain
import JSON
import Testing

@Suite("What a policy says of plans")
struct PlanRuleTests {
    private func policy(_ text: String) throws -> Policy {
        try Policy(json: JSONDocument(Array(text.utf8)).root)
    }

    @Test("quantile, carbon and service tiers are read, written and read again")
    func roundTrip() throws {
        let policy = try policy(#"{"plan_on": 0.95, "carbon_g": 1.5, "service_tiers": ["standard", "flex", "flex"]}"#)
        #expect(policy.plan.reading == .quantile(0.95))
        #expect(policy.plan.carbonGrams == 1.5)
        #expect(policy.plan.serviceTiers == [.standard, .flex])
        var writer = JSONWriter()
        writer.object { policy.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root) == policy)
        #expect(try self.policy(#"{"plan_on": "mean"}"#).plan == .standard)
    }

    @Test(
        "a wrong value is named with what to write instead",
        arguments: [
            (#"{"plan_on": "median"}"#, "policy.plan_on: must be \"mean\" or a share"),
            (#"{"plan_on": 0.2}"#, "policy.plan_on: must be \"mean\" or a share"),
            (#"{"plan_on": 1}"#, "policy.plan_on: must be \"mean\" or a share"),
            (#"{"carbon_g": -1}"#, "policy.carbon_g: must be a number"),
            (#"{"service_tiers": []}"#, "policy.service_tiers: must name at least one tier"),
            (#"{"service_tiers": ["cheap"]}"#, "policy.service_tiers: 'cheap' is no service tier; there are: standard"),
        ])
    func wrong(text: String, message: String) throws {
        let error = #expect(throws: FieldError.self) { _ = try policy(text) }
        #expect(error?.description.hasPrefix(message) == true)
    }
}
