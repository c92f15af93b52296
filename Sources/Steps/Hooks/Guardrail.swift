import Calls
import Domain
import JSON
import Ledger
import Logging
import Upstream

/// Asks the operator's guardrail about the texts of calls (``GuardrailRule``).
struct Guardrail: Sendable {
    /// What a guardrail is told of a call beside its texts.
    struct Call: Sendable {
        /// The run that it belongs to.
        let run: String
        /// The model as asked for, or the one that answered.
        let model: String
        let account: Attribution
    }

    let rule: GuardrailRule
    let upstream: UpstreamClient
    let keys: APIKeys
    let logger: Logger

    /// Other texts in the place of these; nil where they may pass as they are.
    func changes(
        to texts: [String], _ stage: GuardrailError.Stage, of call: Call
    ) async throws(GuardrailError) -> [String]? {
        guard !texts.isEmpty else { return nil }
        var facts: Logger.Metadata = ["stage": "\(stage.rawValue)", "run": "\(call.run)"]
        let verdict: GuardrailVerdict
        do throws(GuardrailFault) {
            verdict = try await self.verdict(on: texts, stage, of: call)
        } catch {
            facts["reason"] = "\(error)"
            facts["on_failure"] = "\(rule.onFailure.rawValue)"
            logger.warning("the guardrail gave no verdict", metadata: facts)
            if rule.onFailure == .closed { throw .unavailable(stage) }
            return nil
        }
        switch verdict {
        case .allow: return nil
        case .redact(let others):
            logger.info("the guardrail changed texts", metadata: facts)
            return others
        case .refuse(let reason):
            // The reason may repeat what was refused.
            logger.info("the guardrail refused", metadata: facts)
            throw .refused(stage, reason: reason)
        }
    }

    private func verdict(
        on texts: [String], _ stage: GuardrailError.Stage, of call: Call
    ) async throws(GuardrailFault) -> GuardrailVerdict {
        guard texts.reduce(0, { $0 + $1.utf8.count }) <= rule.textBytes else {
            throw GuardrailFault("the texts are larger than guardrail.text_bytes")
        }
        if let problem = rule.hook.problem(keys) { throw GuardrailFault(problem) }
        let id = Identifier.make("guard")
        let body = Self.body(texts, stage, of: call, id: id)
        do throws(GuardrailFault) {
            return try await answer(id, body, count: texts.count)
        } catch {
            guard error.isPassing else { throw error }
            return try await answer(id, body, count: texts.count)
        }
    }

    private func answer(
        _ id: String, _ body: [UInt8], count: Int
    ) async throws(GuardrailFault) -> GuardrailVerdict {
        let bytes: [UInt8]
        do throws(UpstreamError) {
            let response = try await upstream.send(rule.hook.request(id: id, body: body, at: .now(), keys: keys))
            guard (200..<300).contains(response.status) else {
                response.cancel()
                throw UpstreamError.malformed(host: response.body.host, reason: "it answered with \(response.status)")
            }
            bytes = try await response.collect(upTo: Self.mostAnswerBytes)
        } catch {
            let isPassing = if case .timeout = error { false } else { error != .cancelled && error != .stopped }
            throw GuardrailFault("\(error)", isPassing: isPassing)
        }
        return try GuardrailVerdict(bytes, count: count)
    }

    private static let mostAnswerBytes = 16 << 20

    /// The message in the format of LiteLLM's generic guardrail API, so that its servers can be used.
    private static func body(
        _ texts: [String], _ stage: GuardrailError.Stage, of call: Call, id: String
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: texts.reduce(512) { $0 + $1.utf8.count + 8 })
        writer.object { object in
            object.member("texts", array: { list in texts.forEach { list.element($0) } })
            object.member("input_type", stage == .before ? "request" : "response")
            object.member("model", call.model)
            object.member("litellm_call_id", id)
            object.member("litellm_trace_id", call.run)
            object.member(
                "request_data",
                object: { data in
                    data.member("user_api_key_alias", call.account.key)
                    data.member("user_api_key_team_id", call.account.team)
                    data.member("user_api_key_end_user_id", call.account.labels.user)
                })
            object.member("additional_provider_specific_params", object: { _ in })
        }
        return writer.bytes
    }
}
