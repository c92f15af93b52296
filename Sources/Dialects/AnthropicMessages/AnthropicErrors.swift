import JSON

extension AnthropicWire {
    /// The HTTP status that a live call's error of this type has (API reference, "Errors").
    static func status(ofError type: String?) -> Int {
        switch type {
        case "invalid_request_error": 400
        case "authentication_error": 401
        case "billing_error": 402
        case "permission_error": 403
        case "not_found_error": 404
        case "request_too_large": 413
        case "rate_limit_error": 429
        case "timeout_error": 504
        case "overloaded_error": 529
        default: 500
        }
    }
}

extension AnthropicWriter {
    /// An error object.
    package static func error(message: String, type: String) -> [UInt8] {
        var writer = JSONWriter(capacity: message.utf8.count + 64)
        writer.object { body in
            body.member("type", "error")
            body.member(
                "error",
                object: { error in
                    error.member("type", type)
                    error.member("message", message)
                })
        }
        return writer.bytes
    }
}
