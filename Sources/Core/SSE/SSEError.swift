/// Why an event stream cannot be read on.
package enum SSEError: Error, Sendable, Hashable, CustomStringConvertible {
    /// An event, or a line, is longer than the reader may hold.
    case eventTooLarge(maximumBytes: Int)

    package var description: String {
        switch self {
        case .eventTooLarge(let maximumBytes):
            "an event of the stream is longer than \(maximumBytes) bytes; "
                + "check that the server sends an event stream, or raise the limit"
        }
    }
}
