import Domain
import JSON
package import Upstream

/// OpenAI's error object.
package enum ErrorBody {
    /// - Parameters:
    ///   - type: `invalid_request_error`, `server_error`, ...
    ///   - code: a name that programs may test for, or nil.
    ///   - field: the member of the request that is wrong, or nil.
    package static func json(message: String, type: String, code: String? = nil, field: String? = nil) -> [UInt8] {
        var writer = JSONWriter(capacity: message.utf8.count + 96)
        writer.object { object in
            object.member(
                "error",
                object: { error in
                    error.member("message", message)
                    error.member("type", type)
                    error.member("param", field)
                    error.member("code", code)
                })
        }
        return writer.bytes
    }

    /// The code of errors of models' servers within a stream.
    static let streamCode = "upstream_error"
    /// Codes of the service's own errors that may end a stream. Those of servers are not passed on.
    private static let ownCodes: Set = ["guardrail_refused", "guardrail_unavailable"]

    /// The error as the last event of a stream.
    package static func event(_ failure: UpstreamFailure) -> [UInt8] {
        SSEEvent.encode(data: json(message: failure.message, type: "server_error", code: code(of: failure)))
    }

    /// The code that a client is given.
    static func code(of failure: UpstreamFailure) -> String {
        failure.code.flatMap { ownCodes.contains($0) ? $0 : nil } ?? streamCode
    }
}

extension FailureText {
    /// A failure's message as one line, never empty.
    static func line(_ message: String) -> String {
        shortened(wholeLine(message))
    }

    /// A failure's whole message as one line, never empty.
    static func wholeLine(_ message: String) -> String {
        let text = oneLine(message)
        return text.isEmpty ? "no message" : text
    }
}
