import Core
import Routing
import Upstream

extension Engine {
    /// How many tokens a prompt has, counted by the server of the model that is named; nothing is billed for it.
    ///
    /// Every model counts otherwise, so a policy has no count; and a guess is none.
    package func promptTokens(
        of request: TokenCountRequest, from caller: Caller
    ) async throws(EngineError) -> Int {
        guard case .pinned(let priced) = try target(of: request.model, at: .now()),
            priced.model.endpoint.wire == .anthropic
        else {
            throw .badRequest(
                FieldError(
                    "model",
                    "tokens are counted by the servers of Anthropic's models alone: name one of them, "
                        + "or read `usage` of an answer"))
        }
        guard try resolved(caller.models).admits(priced.model.id) else {
            throw .badRequest(FieldError("model", "this key may not use \(priced.model.id)"))
        }
        let limits = settings.limits
        let call = ChatCall(
            endpoint: priced.model.endpoint, key: self.caller.keys.key(for: priced.model.endpoint),
            body: request.document, isStreaming: false, maximumOutputTokens: priced.model.maxOutputTokens,
            timeouts: UpstreamTimeouts(
                firstByte: .seconds(limits.firstByteSeconds), idle: .seconds(limits.idleSeconds),
                total: .seconds(limits.callSeconds)))
        do throws(UpstreamError) {
            let client = self.caller.upstream
            let response = try await client.accept(try await client.send(AnthropicWire().countRequest(call)))
            let body = try await response.collect(upTo: 64 << 10)
            guard let count = (try? JSONDocument(body))?.root["input_tokens"]?.integer, let tokens = Int(exactly: count)
            else { throw .malformed(host: response.body.host, reason: "its answer has no input_tokens") }
            return tokens
        } catch {
            throw StepCaller.ended([(priced.model.id, error)])
        }
    }
}
