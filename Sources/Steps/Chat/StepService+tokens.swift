import Calls
package import Dialects
import Domain
import JSON
import Routing
import Upstream

/// The tokens of a prompt.
package struct TokenCount: Hashable, Sendable {
    package let tokens: Int
    /// Whether the number is an estimate of about four bytes a token, as in routing.
    package let isEstimate: Bool
}

extension StepService {
    /// How many tokens a prompt has; nothing is billed for it.
    ///
    /// They are counted by the server of the model that is named where that is Anthropic's. Every model counts otherwise,
    /// so a policy has no count; agents that ask for one want to know when to shorten their history, and would pay for a
    /// call to find out: they get the estimate that routing uses. So do prompts that a guardrail would have to see first.
    package func promptTokens(
        of request: TokenCountRequest, from caller: Caller
    ) async throws -> TokenCount {
        guard case .pinned(let priced) = try target(of: request.model, at: .now()),
            priced.model.endpoint.wire == .anthropic, settings.guardrail?.checksRequests != true
        else {
            return TokenCount(tokens: try request.estimate, isEstimate: true)
        }
        guard try resolved(caller.models).admits(priced.model.id) else {
            throw FieldError("model", "this key may not use \(priced.model.id)")
        }
        let limits = settings.limits
        let calls = self.calls
        let call = ChatCall(
            endpoint: priced.model.endpoint, credentials: .none,
            body: request.document, isStreaming: false, maximumOutputTokens: priced.model.maxOutputTokens,
            timeouts: UpstreamTimeouts(
                firstByte: .seconds(limits.firstByteSeconds), idle: .seconds(limits.idleSeconds),
                total: .seconds(limits.callSeconds)))
        do throws(UpstreamError) {
            let response = try await calls.entering(priced.model.endpoint.access) {
                (credentials) async throws(UpstreamError) -> UpstreamResponse in
                var call = call
                call.credentials = credentials
                return try await calls.upstream.exchange(AnthropicWire().countRequest(call))
            }
            let body = try await response.collect(upTo: 64 << 10)
            guard let count = (try? JSONDocument(body))?.root["input_tokens"]?.integer, let tokens = Int(exactly: count)
            else { throw .malformed(host: response.body.host, reason: "its answer has no input_tokens") }
            return TokenCount(tokens: tokens, isEstimate: false)
        } catch {
            throw ServiceError.noAnswer([(priced.model.id, error)])
        }
    }
}
