import Domain
import Ledger
import Tracing
import Upstream

/// The span of one call of a model, by OpenTelemetry's conventions for generative AI. It has names, counts and money, and
/// nothing of a prompt or an answer.
struct CallSpan: Sendable {
    private let span: RecordedSpan

    /// The place that the model's server is told.
    var trace: TraceContext { span.trace }

    /// Begins the span.
    ///
    /// - Parameter operation: `chat`, `embeddings`, ...
    init(_ tracer: SpanTracer, _ operation: String, of model: Model, for call: PlannedCall, in trace: TraceContext?) {
        span = tracer.startSpan(
            "\(operation) \(model.endpoint.modelName)", context: InstrumentationContext(trace), ofKind: .client)
        guard span.isRecording else { return }
        span.updateAttributes { attributes in
            attributes["gen_ai.operation.name"] = operation
            attributes["gen_ai.provider.name"] = call.provider
            attributes["gen_ai.request.model"] = model.endpoint.modelName
            attributes["hera.model"] = model.id.rawValue
            attributes["hera.run"] = call.runID
            attributes["hera.decision"] = call.decisionID
            attributes["hera.stage"] = call.stage?.rawValue
            attributes["hera.policy"] = call.policy
            if let origin = try? Origin(url: model.endpoint.baseURL) { attributes["server.address"] = origin.host }
        }
    }

    /// Ends the span of a call with its entry.
    func end(_ entry: LedgerEntry, failure: UpstreamError? = nil, finishReason: String? = nil) {
        let result = entry.result
        if span.isRecording {
            span.updateAttributes { attributes in
                attributes["gen_ai.response.model"] = result.servedModel
                attributes["gen_ai.usage.input_tokens"] = result.usage.promptTokens
                attributes["gen_ai.usage.output_tokens"] = result.usage.completionTokens
                if let finishReason { attributes["gen_ai.response.finish_reasons"] = [finishReason] }
                attributes["hera.entry"] = entry.id
                attributes["hera.cost_usd"] = Double(result.figures.cost.total.nanoUSD) / 1e9
                attributes["hera.uncertain"] = entry.kind == .uncertain
                attributes["hera.first_token_s"] = result.firstTokenSeconds
            }
        }
        end(failure)
    }

    /// Ends the span of a call that failed.
    func end(_ failure: UpstreamError?) {
        if let failure {
            span.updateAttributes { $0["error.type"] = failure.reasonName }
            span.setStatus(SpanStatus(code: .error))
        }
        span.end()
    }
}
