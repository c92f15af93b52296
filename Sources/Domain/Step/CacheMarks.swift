/// Marks for prompt caches in a request. Some servers cache what is marked, and nothing else.
package enum CacheMarks: String, Hashable, Sendable {
    /// None, and the service may set them: the request is translated for such servers.
    case open
    /// The caller's own, which stay as they are.
    case callers
    /// None, and the request goes out as its client wrote it.
    case closed
}
