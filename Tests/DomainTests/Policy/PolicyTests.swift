import Domain
import JSON
import Testing

@Suite("Policies and jobs")
struct PolicyTests {
    private func policy(_ text: String) throws -> Policy {
        try Policy(json: JSONDocument(Array(text.utf8)).root)
    }

    private func error(_ text: String) throws -> String {
        let error = #expect(throws: FieldError.self) { _ = try policy(text) }
        return error?.description ?? ""
    }

    @Test("absent fields keep their defaults")
    func defaults() throws {
        #expect(try policy("{}") == Policy())
        let policy = try policy(#"{"budget_usd": 0.000000001, "models": {"deny": ["a"]}, "verify": true}"#)
        #expect(policy.budget?.nanoUSD == 1)
        #expect(policy.models.deny == [ModelID("a")])
        #expect(policy.verify)
    }

    @Test("the default keeps a point of quality, verifies where that pays, and prices its thresholds")
    func dial() throws {
        let standard = try policy("{}")
        #expect(standard.maxLoss == 0.01)
        #expect(standard.verification.mode == .auto && standard.verify)
        #expect(standard.kappa.isPriced)
        let published = try policy(#"{"kappa": "published"}"#)
        #expect(published.kappa == .published)
        #expect(!published.verify, "the published rule has no verification")
        #expect(try reread(published) == published)
        let dialled = try policy(#"{"max_loss": 0.03, "kappa": "priced", "verify": "auto"}"#)
        #expect(dialled.maxLoss == 0.03 && dialled.kappa == .priced)
        #expect(try reread(dialled) == dialled)
        #expect(try !policy(#"{"kappa": {"base": 0.7}}"#).kappa.isPriced)
    }

    @Test("max_loss beside a kappa that is a line is an error where a person wrote it, and not in what is stored")
    func idleDial() throws {
        for (text, isIdle) in [
            (#"{"max_loss": 0.03, "kappa": {"base": 0.7}}"#, true),
            (#"{"max_loss": 0.03, "kappa": "published"}"#, true),
            (#"{"max_loss": 0.03}"#, false), (#"{"kappa": "published"}"#, false),
        ] {
            let json = try JSONDocument(Array(text.utf8)).root
            let policy = try Policy(json: json)
            if isIdle {
                let error = #expect(throws: FieldError.self) { try policy.refuseIdleDial(in: json, path: "hera") }
                #expect(error?.field == "hera.max_loss")
            } else {
                try policy.refuseIdleDial(in: json, path: "hera")
            }
            #expect(try reread(policy) == policy)
        }
    }

    @Test("kappa rises from 0.62 at the first step to 0.70 from the fifth, as published")
    func publishedKappa() {
        let rule = KappaRule.published
        let kappas = (1...7).map { (rule.kappa(at: $0) * 100).rounded() }
        #expect(kappas == [62, 64, 66, 68, 70, 70, 70])
    }

    @Test("kappa stays within its bounds, and a new base moves bounds that were not given")
    func bounds() throws {
        let low = try policy(#"{"kappa": {"base": 0.3}}"#).kappa
        #expect(low.kappa(at: 1) == 0.32)
        let capped = try policy(#"{"kappa": {"base": 0.9, "cap": 0.93}}"#).kappa
        #expect(capped.kappa(at: 5) == 0.93)
    }

    @Test(
        "an invalid field is named with the fix",
        arguments: [
            (#"{"budget": 1}"#, "policy.budget: unknown field; did you mean 'budget_usd'?"),
            (#"{"kappa": {"bse": 1}}"#, "policy.kappa.bse: unknown field; did you mean 'base'?"),
            (#"{"budget_usd": -1}"#, "policy.budget_usd: must not be negative"),
            (#"{"max_loss": 1.5}"#, "policy.max_loss: must be a number from 0.0 to 1.0"),
            (#"{"max_loss": "1%"}"#, "policy.max_loss: must be a number from 0.0 to 1.0"),
            (#"{"kappa": "publshed"}"#, "policy.kappa: must be \"priced\", \"published\", or an object"),
            (#"{"verify": "sometimes"}"#, "policy.verify: must be true, false, \"auto\", or an object"),
            (#"{"min_accuracy": 1.5}"#, "policy.min_accuracy: must be a number from 0.0 to 1.0"),
            (#"{"placement": "moon"}"#, "policy.placement: 'moon' is not known; use one of any, edge_only, cloud_only"),
            (
                #"{"weights": {"cost": 0, "energy": 0, "latency": 0, "accuracy": 0}}"#,
                "policy.weights: at least one weight must be above 0"
            ),
            (#"{"stages": ["ssse"]}"#, "policy.stages: 'ssse' is not known; use some of urc, sse, sle, cd, sd"),
            (#"{"sle_commits": "all"}"#, "policy.sle_commits: 'all' is not known; use one of step, span"),
            (#"{"look_ahead": 99}"#, "policy.look_ahead: must be a whole number from 0 to 16"),
            (#"{"decompose": {"most": 1}}"#, "policy.decompose.most: must be a whole number from 2 to 20"),
            (
                #"{"decompose": {"kappa": "x"}}"#,
                "policy.decompose.kappa: must be \"step\", \"position\" or a number from 0 to 1"
            ),
            (#"{"decompose": "some"}"#, "policy.decompose: 'some' is not known"),
            (#"[]"#, "policy: must be a JSON object"),
        ])
    func wrongFields(text: String, message: String) throws {
        #expect(try error(text).hasPrefix(message))
    }

    @Test("a policy survives a round trip")
    func roundTrip() throws {
        let text =
            #"{"budget_usd": 0.05, "deadline_s": 30, "kappa": {"base": 0.5, "slope": 0.01}, "models": {"allow": ["x/y"]}, "placement": "edge_only", "method": "lexicographic", "on_infeasible": "best", "weights": {"energy": 2}}"#
        let first = try policy(text)
        var writer = JSONWriter()
        writer.object { first.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root) == first)
    }

    @Test("verify is true, false, or an object with stream and threshold, and survives a round trip")
    func verification() throws {
        #expect(try policy(#"{"verify": false}"#).verification == Verification())
        #expect(try policy(#"{"verify": {}}"#).verification == Verification(mode: .on))
        let full = try policy(#"{"verify": {"on": true, "stream": "first", "threshold": 0.5}}"#)
        #expect(full.verification == Verification(mode: .on, stream: .first, threshold: 0.5))
        #expect(try reread(full) == full)
        let on = try policy(#"{"verify": true}"#)
        #expect(try reread(on) == on)
        #expect(try error(#"{"verify": 1}"#).hasPrefix("policy.verify: must be true, false, \"auto\", or an object"))
        #expect(try error(#"{"verify": {"stream": "fast"}}"#).hasPrefix("policy.verify.stream: 'fast' is not known"))
    }

    @Test("the rule's stages and variants survive a round trip")
    func sequence() throws {
        let text =
            #"{"stages": ["urc", "sle"], "sle_commits": "step", "look_ahead": 5, "decompose": {"mode": "all_or_nothing", "by": "cheapest", "most": 3, "kappa": 0.5}, "text_predictor": "w", "replan_at": 0.4, "kappa": {"ahead": "fixed", "bends": false}}"#
        let read = try policy(text)
        #expect(read.sequence.stages == [.urc, .sle])
        #expect(read.sequence.lookAheadCommits == .step)
        #expect(
            read.sequence.decomposition
                == DecompositionRule(mode: .allOrNothing, decomposer: .cheapest, mostParts: 3, kappa: .fixed(0.5)))
        #expect(read.kappa.ahead == .fixed && !read.kappa.bends)
        #expect(try reread(read) == read)
        #expect(try policy(#"{"decompose": "off"}"#).sequence.decomposition.mode == .off)
        #expect(try policy(#"{"stages": []}"#).sequence.stages.isEmpty)
        let positioned = try policy(#"{"decompose": {"kappa": "position", "by": "x/y"}}"#)
        #expect(positioned.sequence.decomposition.decomposer == .model(ModelID("x/y")))
        #expect(try reread(positioned) == positioned)
    }

    private func reread(_ policy: Policy) throws -> Policy {
        var writer = JSONWriter()
        writer.object { policy.write(into: &$0) }
        return try Policy(json: JSONDocument(writer.bytes).root)
    }

    @Test(
        "a job that cannot run is refused before it starts",
        arguments: [
            (#"{}"#, "input: is empty"),
            (#"{"input": "x", "agent": {"tools": [{"type": "calculater"}]}}"#, "agent.tools[0].type: 'calculater'"),
            (
                #"{"subtasks": [{"id": "a", "prompt": "p", "depends_on": ["b"]}, {"id": "b", "prompt": "p", "depends_on": ["a"]}]}"#,
                "subtasks: depend on each other in a cycle"
            ),
            (
                #"{"subtasks": [{"id": "plan", "prompt": "p"}, {"id": "b", "prompt": "p", "depends_on": ["pla"]}]}"#,
                "subtasks[1].depends_on: no subtask is named 'pla'; did you mean 'plan'?"
            ),
            (
                #"{"subtasks": [{"id": "a", "prompt": "p"}, {"id": "a", "prompt": "p"}]}"#,
                "subtasks[1].id: 'a' is there twice"
            ),
            (#"{"input": "x", "agent": {"max_steps": 0}}"#, "agent.max_steps: must be a whole number from 1 to 100"),
            (#"{"input": "x", "policy": {"verfy": true}}"#, "policy.verfy: unknown field; did you mean 'verify'?"),
        ])
    func wrongJobs(text: String, message: String) throws {
        let error = #expect(throws: FieldError.self) { _ = try JobSpec(json: JSONDocument(Array(text.utf8)).root) }
        #expect((error?.description ?? "").hasPrefix(message))
    }

    @Test("a job survives a round trip, and its graph has depths")
    func jobRoundTrip() throws {
        let text =
            #"{"input": "all", "agent": {"instructions": "be brief", "tools": [{"type": "calculator"}, {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}], "max_steps": 3}, "subtasks": [{"id": "c", "prompt": "3", "depends_on": ["a", "b"]}, {"id": "a", "prompt": "1"}, {"id": "b", "prompt": "2", "depends_on": ["a"]}], "metadata": {"k": "v"}}"#
        let first = try JobSpec(json: JSONDocument(Array(text.utf8)).root)
        var writer = JSONWriter()
        writer.object { first.write(into: &$0) }
        #expect(try JobSpec(json: JSONDocument(writer.bytes).root) == first)
        #expect(Subtask.depths(of: first.subtasks) == ["a": 1, "b": 2, "c": 3])
    }
}

@Suite("Model filters")
struct ModelFilterTests {
    private func filter(_ allow: [String], _ deny: [String] = []) -> ModelFilter {
        ModelFilter(allow: allow.map { ModelID($0) }, deny: deny.map { ModelID($0) })
    }

    @Test("narrowing admits what both filters admit")
    func narrowed() {
        let filters = [filter([]), filter(["a"]), filter(["b", "c"]), filter([], ["a"]), filter(["a", "b"], ["b"])]
        for left in filters {
            for right in filters {
                for model in ["a", "b", "c", "d"].map({ ModelID($0) }) {
                    #expect(left.narrowed(by: right).admits(model) == (left.admits(model) && right.admits(model)))
                }
            }
        }
    }
}

@Suite("Plan settings of a policy")
struct PlanRuleTests {
    private func policy(_ text: String) throws -> Policy {
        try Policy(json: JSONDocument(Array(text.utf8)).root)
    }

    @Test("quantile, carbon and service tiers survive a round trip")
    func roundTrip() throws {
        let policy = try policy(#"{"plan_on": 0.95, "carbon_g": 1.5, "service_tiers": ["standard", "flex", "flex"]}"#)
        #expect(policy.plan.statistic == .quantile(0.95))
        #expect(policy.plan.carbonGrams == 1.5)
        #expect(policy.plan.serviceTiers == [.standard, .flex])
        var writer = JSONWriter()
        writer.object { policy.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root) == policy)
        #expect(try self.policy(#"{"plan_on": "mean"}"#).plan == .standard)
    }

    @Test(
        "an invalid value is named with the fix",
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

@Suite("Session limits and sources of jobs")
struct SessionLimitTests {
    @Test("the limits of a session are read and written with the policy")
    func limits() throws {
        let text = #"{"session_budget_usd":"0.05","session_deadline_s":30,"session_energy_j":100}"#
        let policy = try Policy(json: JSONDocument(Array(text.utf8)).root)
        #expect(policy.session == SessionLimits(budget: Money(nanoUSD: 50_000_000), seconds: 30, joules: 100))
        var writer = JSONWriter()
        writer.object { policy.write(into: &$0) }
        #expect(try Policy(json: JSONDocument(writer.bytes).root) == policy)
        #expect(throws: FieldError.self) {
            try Policy(json: JSONDocument(Array(#"{"session_deadline_s":-1}"#.utf8)).root)
        }
    }

    @Test("a job's sources are read and written, and a wrong one is named")
    func sources() throws {
        let text =
            #"{"input":"q","sources":[{"id":"a","content":"text","optional":true},{"id":"b","kind":"image","url":"https://x/y.png","relevance":0.5}]}"#
        let spec = try JobSpec(json: JSONDocument(Array(text.utf8)).root)
        #expect(spec.sources.map(\.id) == ["a", "b"])
        #expect(spec.sources.map(\.isOptional) == [true, false])
        var writer = JSONWriter()
        writer.object { spec.write(into: &$0) }
        #expect(try JobSpec(json: JSONDocument(writer.bytes).root).sources == spec.sources)
        for wrong in [
            #"[{"id":"a","content":"x"},{"id":"a","content":"y"}]"#, #"[{"id":"a","kind":"image","content":"x"}]"#,
            #"[{"content":"x"}]"#, #"[{"id":"a","kind":"film","url":"x"}]"#,
        ] {
            let body = #"{"input":"q","sources":\#(wrong)}"#
            #expect(throws: FieldError.self) { try JobSpec(json: JSONDocument(Array(body.utf8)).root) }
        }
    }
}
