import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Steps

/// Records callers' scores of decisions, steps and jobs.
struct FeedbackController {
    let settings: CurrentSettings
    let recorder: FeedbackRecorder

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("feedback", use: record)
    }

    /// 201 for a first score, 200 for a replaced one.
    @Sendable
    func record(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: settings.value.limits.bodyBytes)
        let feedback = try Feedback(json: body.root)
        let isFirst = try await recorder.record(feedback, from: context.caller)
        var writer = JSONWriter()
        writer.object { object in
            object.member("object", "feedback")
            object.member(feedback.target.kind, feedback.target.id)
            object.member("score", feedback.score)
            object.member("replaced", !isFirst)
        }
        return Response(json: writer.bytes, status: isFirst ? .created : .ok)
    }
}
