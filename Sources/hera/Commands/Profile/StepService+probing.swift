import Calls
import Catalog
import Dialects
package import Domain
import Estimation
import JSON
import Ledger
import Routing
import Steps
package import Training
import Upstream

extension StepService {
    /// Sends one probe to one model, at temperature 0 where the model accepts it.
    ///
    /// The call is reserved, streamed (to measure the first token) and settled like any other.
    /// - Parameter session: the session whose budget is charged.
    package func ask(
        _ item: ProbeItem, of model: ModelID, session: String, maximumOutputTokens: Int
    ) async throws -> ProbeAnswer {
        let prepared = try route(
            try probeRequest(item, of: model, maximumOutputTokens: maximumOutputTokens), from: Caller(session: session)
        ).prepared
        let channel = EventChannel()
        let reader = channel.reader()
        let delivery = StreamDelivery(channel: channel, wantsUsage: false) { _ in }
        // The stream is drained so that its writer does not block.
        async let drained: Void = Self.drain(reader)
        let outcome: StepOutcome
        do {
            outcome = try await calls.answer(prepared, delivery: delivery)
        } catch {
            channel.finish()
            await drained
            throw error
        }
        channel.finish()
        await drained
        try await settle(outcome, prepared)
        if let failure = outcome.failure { throw ServiceError.upstream([(outcome.model, failure)]) }
        return Self.probeAnswer(outcome, item)
    }

    private static func drain(_ reader: EventChannelReader) async {
        for await _ in reader {}
    }

    /// Books a probe like a chat call: entry, decision and step in one transaction.
    private func settle(_ outcome: StepOutcome, _ prepared: PreparedStep) async throws {
        var commit = outcome.commit
        let now = Timestamp.now()
        commit.decisions.append(DecisionRecord(decision: prepared.decision, attribution: prepared.attribution, at: now))
        commit.steps.append(
            StepRecord(
                id: prepared.step.id, runID: prepared.step.runID, position: prepared.step.position,
                decisionID: prepared.decision.id, entryID: outcome.entryID, model: outcome.model,
                detail: Array("{}".utf8),
                at: now))
        _ = try await calls.commit(commit)
    }

    private func probeRequest(
        _ item: ProbeItem, of id: ModelID, maximumOutputTokens: Int
    ) throws -> ChatRequest {
        let model = registry.catalog[id]
        let hasTools = model?.capabilities.contains(.tools) ?? false
        let reasons = model?.capabilities.contains(.reasoning) ?? false
        var prompt = item.text.prompt
        if let tools = item.text.tools, !hasTools {
            // A model without tool support can still choose a tool in its text.
            prompt = """
                You can call these functions:
                \(tools)

                Call the right one for this request: \(prompt)
                Answer with one JSON object and nothing else: {"name": "<function>", "arguments": {...}}
                """
        }
        let most = min(maximumOutputTokens, model?.maxOutputTokens ?? maximumOutputTokens)
        var writer = JSONWriter(capacity: prompt.utf8.count + 256)
        writer.object { body in
            body.member("model", id.rawValue)
            body.member(
                "messages",
                array: {
                    $0.object { message in
                        message.member("role", "user")
                        message.member("content", prompt)
                    }
                })
            if let tools = item.text.tools, hasTools { body.member("tools", raw: tools.utf8) }
            // Reasoning models reject a temperature, and reasoning tokens count as output.
            if reasons {
                body.member("max_completion_tokens", max(most, model?.maxOutputTokens ?? most))
            } else {
                body.member("temperature", 0)
                body.member("max_tokens", most)
            }
            body.member("stream", true)
        }
        do {
            return try ChatRequest(try JSONDocument(writer.bytes))
        } catch let error as JSONError {
            throw FieldError("probe", "\(error)")
        }
    }

    private static func probeAnswer(_ outcome: StepOutcome, _ item: ProbeItem) -> ProbeAnswer {
        let answer = outcome.answer
        let entry = outcome.commit.settlements.first?.entry
        let timing = answer.timings.map { timings in
            ProbeAnswer.Timing(
                prefillTokens: timings.prefillTokens, prefillSeconds: timings.prefillSeconds,
                decodeTokens: timings.decodeTokens, decodeSeconds: timings.decodeSeconds)
        }
        return ProbeAnswer(
            probe: item.id, question: item.fingerprint, model: outcome.model.rawValue, servedModel: answer.model,
            output: answer.text,
            calls: answer.toolCalls.map { ProbeAnswer.Call(name: $0.name, arguments: $0.arguments) },
            finish: answer.finishReason?.openAIName, inputTokens: entry?.result.usage.promptTokens ?? 0,
            outputTokens: entry?.result.usage.completionTokens ?? 0,
            costNanoUSD: outcome.figures.cost.total.nanoUSD, seconds: outcome.figures.latencySeconds,
            firstTokenSeconds: entry?.result.firstTokenSeconds, timing: timing)
    }
}
