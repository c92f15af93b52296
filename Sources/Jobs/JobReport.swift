import Calls
import Dialects
import Domain
import JSON
import Ledger
import Steps
import Upstream

/// JSON of a job's steps, for its events, record and response.
enum JobReport {
    /// The decision before the call.
    static func decided(_ prepared: PreparedStep, thread: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            identity(prepared, thread: thread, into: &object)
            object.member("predicted", object: { predicted(prepared, model: prepared.decision.model, into: &$0) })
        }
        return writer.bytes
    }

    /// A finished step: model, reason, predicted and actual figures, and output.
    static func step(_ prepared: PreparedStep, outcome: StepOutcome, answer: StepAnswer, thread: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            identity(prepared, thread: thread, into: &object)
            object.member("answered_by", outcome.model.rawValue)
            let attempts = prepared.decision.attempts
            if let first = attempts.first, first.model != outcome.model {
                object.member("fallback", "\(first.model): \(first.reason); \(outcome.model) was next")
            }
            if attempts.count > 1 {
                object.member(
                    "attempts", array: { list in for attempt in attempts { list.object { attempt.write(into: &$0) } } })
            }
            object.member("predicted", object: { predicted(prepared, model: outcome.model, into: &$0) })
            object.member("actual", object: { figures(outcome.figures, into: &$0) })
            if let entry = outcome.commit.settlements.last?.entry {
                object.member("prompt_tokens", entry.result.usage.promptTokens)
                object.member("completion_tokens", entry.result.usage.completionTokens)
                if let baseline = entry.call.baseline {
                    object.member(
                        "baseline",
                        object: { inner in
                            inner.member("model", baseline.model.rawValue)
                            figures(baseline.figures, into: &inner)
                        })
                }
            }
            object.member("output", answer.text)
            object.member("tool_calls", array: { list in for call in answer.toolCalls { write(call, into: &list) } })
        }
        return writer.bytes
    }

    /// The event of an action; nil for actions without one.
    static func event(
        _ action: JobAction, status: JobStatus, failure: String?
    ) -> (type: String, data: [UInt8])? {
        var writer = JSONWriter()
        switch action {
        case .call, .fetch: return nil
        case .ranTool(let thread, let call, let result):
            writer.object { object in
                if !thread.isEmpty { object.member("subtask", thread) }
                object.member("name", call.name)
                object.member("arguments", call.arguments)
                object.member("output", result)
            }
            return ("tool.completed", writer.bytes)
        case .requireOutputs(let calls):
            writer.object { object in
                object.member("tool_calls", array: { list in for call in calls { write(call, into: &list) } })
            }
            return ("job.requires_action", writer.bytes)
        case .finish:
            writer.object { object in
                object.member("status", status.rawValue)
                if let failure { object.member("error", failure) }
            }
            return ("job.\(status.rawValue)", writer.bytes)
        }
    }

    /// The final result: the text of the subtasks that no other depends on, and each subtask's output.
    static func result(_ state: JobState, spec: JobSpec) -> [UInt8] {
        let needed = Set(spec.subtasks.flatMap(\.dependsOn))
        let last = state.outputs.filter { !needed.contains($0.id) }
        var writer = JSONWriter()
        writer.object { object in
            object.member("output", last.map(\.text).joined(separator: "\n\n"))
            guard !spec.subtasks.isEmpty else { return }
            object.member(
                "outputs", object: { inner in for output in state.outputs { inner.member(output.id, output.text) } })
        }
        return writer.bytes
    }

    /// Writes a call in OpenAI's form.
    static func write(_ call: ToolCall, into list: inout JSONWriter) {
        list.object { object in
            object.member("id", call.id)
            object.member("type", "function")
            object.member(
                "function",
                object: { function in
                    function.member("name", call.name)
                    function.member("arguments", call.arguments)
                })
        }
    }

    /// Cost in exact decimals of USD, energy in joules, latency in seconds.
    static func figures(_ figures: CallFigures, into object: inout JSONWriter) {
        object.member("cost_usd", raw: figures.cost.total.description.utf8)
        object.member("energy_j", figures.energyJoules)
        object.member("latency_s", figures.latencySeconds)
    }

    private static func identity(_ prepared: PreparedStep, thread: String, into object: inout JSONWriter) {
        object.member("step", prepared.step.id)
        object.member("decision", prepared.decision.id)
        if !thread.isEmpty { object.member("subtask", thread) }
        object.member("position", prepared.step.position)
        object.member("kappa", prepared.decision.kappa)
        object.member("model", prepared.decision.model.rawValue)
        object.member("reference", prepared.decision.reference.rawValue)
        object.member("stage", prepared.decision.stage.rawValue)
        object.member("reason", prepared.decision.reason)
    }

    private static func predicted(_ prepared: PreparedStep, model: ModelID, into object: inout JSONWriter) {
        guard let candidate = prepared.decision.candidate(model) else { return }
        figures(
            CallFigures(
                cost: candidate.cost, energyJoules: candidate.energyJoules, latencySeconds: candidate.latencySeconds),
            into: &object)
        object.member("quality", candidate.prediction.quality)
        object.member("basis", candidate.prediction.source)
    }
}
