import Dialects
import HTTPTypes
import Hummingbird
import Upstream

/// The form in which a caller reads errors.
enum ErrorDialect {
    case openAI, anthropic

    /// Anthropic's on its own route, and wherever a client names its version.
    init(of request: Request) {
        let path = request.uri.path
        let isMessages = path == "/v1/messages" || path.hasPrefix("/v1/messages/")
        self = isMessages || request.headers[.anthropicVersion] != nil ? .anthropic : .openAI
    }

    /// The body of an error.
    func body(of reply: ErrorReply) -> [UInt8] {
        switch self {
        case .openAI:
            ErrorBody.json(message: reply.message, type: reply.type, code: reply.code, field: reply.field)
        case .anthropic: AnthropicWriter.error(message: reply.message, type: Self.anthropicType(reply.status))
        }
    }

    /// Anthropic names its errors by status.
    private static func anthropicType(_ status: HTTPResponse.Status) -> String {
        switch status.code {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503: "overloaded_error"
        case 504: "timeout_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
