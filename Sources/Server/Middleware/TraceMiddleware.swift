import Calls
import Domain
import HTTPTypes
import Hummingbird
import Logging
import Steps
import Tracing

/// Puts a request into its caller's trace (W3C Trace Context), and makes a span of it where spans are exported.
///
/// The response carries the trace's id, and so do log lines. Without `traceparent` and without `tracing` in the settings
/// it does nothing.
struct TraceMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let tracer: SpanTracer?

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let parent = request.headers[.traceparent].flatMap {
            TraceContext(traceparent: $0, tracestate: request.headers[.tracestate])
        }
        guard parent != nil || tracer != nil else { return try await next(request, context) }
        let span = tracer?.startSpan(
            request.method.rawValue, context: InstrumentationContext(parent), ofKind: .server)
        guard let trace = span?.trace ?? parent else { return try await next(request, context) }
        var context = context
        context.caller.trace = trace
        context.logger[metadataKey: "trace_id"] = "\(trace.traceText)"
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            span?.recordError(error)
            span?.end()
            throw error
        }
        response.headers[.traceresponse] = trace.traceparent
        response.headers[.heraTrace] = trace.traceText
        guard let span else { return response }
        describe(request, context, response, in: span)
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { span.end() }
            try await body.write(writer)
        }
        return response
    }

    /// By OpenTelemetry's conventions for HTTP servers. The path's query is left out: it may name things.
    private func describe(_ request: Request, _ context: Context, _ response: Response, in span: RecordedSpan) {
        if let route = context.endpointPath { span.operationName = "\(request.method.rawValue) \(route)" }
        span.updateAttributes { attributes in
            attributes["http.request.method"] = request.method.rawValue
            attributes["url.path"] = request.uri.path
            attributes["http.route"] = context.endpointPath
            attributes["http.response.status_code"] = Int(response.status.code)
            if response.status.code >= 500 { attributes["error.type"] = String(response.status.code) }
        }
        if response.status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
    }
}
