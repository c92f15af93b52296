/// Routes of OpenAI's and similar interfaces that hera has not, so that their 404 says why and what to do.
enum MissingRoutes {
    private static let reasons: [(prefix: String, reason: String)] = [
        ("moderations", "texts are not moderated here; ask the provider, or name a `guardrail` in the settings"),
        ("rerank", "documents are not ranked here; ask the ranking server itself, or compare /v1/embeddings"),
        ("images", "images are not made or changed here; models read them as parts of /v1/chat/completions"),
        ("audio", "speech is not made or written down here; models hear `input_audio` parts of /v1/chat/completions"),
        ("videos", "videos are not made here"),
        ("realtime", "there are no realtime sessions here; use a stream of /v1/chat/completions"),
        ("assistants", "assistants are kept at OpenAI; use /v1/responses or POST /v1/jobs"),
        ("threads", "threads are kept at OpenAI; use /v1/responses with `previous_response_id`"),
        ("vector_stores", "files are not searched here"),
        ("fine_tuning", "models are not trained here"),
        ("uploads", "files are uploaded whole; use POST /v1/files"),
        ("conversations", "conversations are not kept here; use /v1/responses with `previous_response_id`"),
    ]

    /// Why a path is not there; nil for other paths.
    static func reason(of path: String) -> String? {
        var parts = path.split(separator: "/")[...]
        if parts.first == "v1" || parts.first == "v2" { parts = parts.dropFirst() }
        guard let first = parts.first else { return nil }
        return reasons.first { $0.prefix == first }?.reason
    }
}
