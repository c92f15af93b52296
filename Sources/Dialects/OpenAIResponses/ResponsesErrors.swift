import JSON

extension ResponsesWriter {
    /// Writes the members of the error that ends a stream.
    static func write(failure message: String, to error: inout JSONWriter) {
        error.member("code", "server_error")
        error.member("message", message)
    }
}
