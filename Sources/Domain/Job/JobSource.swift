package import JSON

/// A source of a job: a text or an image that its agent may be sent.
package struct JobSource: Hashable, Sendable {
    /// What the source is.
    package enum Content: Hashable, Sendable {
        case text(String)
        /// An address, or a `data:` URL.
        case image(url: String)
    }

    /// The name, unique in the job.
    package var id: String
    /// The text or the address.
    package var content: Content
    /// Whether routing may leave it out.
    package var isOptional: Bool
    /// How much it has to do with the request, 0...1; nil to measure it.
    package var relevance: Double?
}

extension JobSource {
    /// Most sources of a job.
    static let most = 32

    /// Parses a job's `sources`.
    static func list(_ value: JSONValue?) throws(FieldError) -> [JobSource] {
        guard let value else { return [] }
        guard value.kind == .array, value.count <= most else {
            throw FieldError("sources", "must be a list of at most \(most) sources")
        }
        var sources: [JobSource] = []
        for (index, element) in value.elements.enumerated() {
            let source = try JobSource(json: element, path: "sources[\(index)]")
            guard !sources.contains(where: { $0.id == source.id }) else {
                throw FieldError("sources[\(index)].id", "'\(source.id)' is there twice")
            }
            sources.append(source)
        }
        return sources
    }

    private init(json: JSONValue, path: String) throws(FieldError) {
        let known = ["id", "kind", "content", "url", "optional", "relevance"]
        let fields = try FieldReader(json, path: path, known: known)
        guard let id = try fields.string("id"), !id.isEmpty else { throw FieldError("\(path).id", "is missing") }
        let (text, url) = (try fields.string("content"), try fields.string("url"))
        switch (try fields.string("kind") ?? (url == nil ? "text" : "image"), text, url) {
        case ("text", let text?, nil): content = .text(text)
        case ("image", nil, let url?): content = .image(url: url)
        case ("text", _, _): throw FieldError(path, "a text has `content` and no `url`")
        case ("image", _, _): throw FieldError(path, "an image has `url` and no `content`")
        case (let kind, _, _): throw FieldError("\(path).kind", "'\(kind)' is not known; use text or image")
        }
        self.id = id
        isOptional = try fields.boolean("optional") ?? false
        relevance = try fields.number("relevance", in: 0...1)
    }

    func write(into writer: inout JSONWriter) {
        writer.member("id", id)
        switch content {
        case .text(let text):
            writer.member("kind", "text")
            writer.member("content", text)
        case .image(let url):
            writer.member("kind", "image")
            writer.member("url", url)
        }
        writer.member("optional", isOptional)
        if let relevance { writer.member("relevance", relevance) }
    }

    /// The source as a marked content part of a chat message.
    package func writePart(into writer: inout JSONWriter) {
        writer.object { part in
            switch content {
            case .text(let text):
                part.member("type", "text")
                part.member("text", text)
            case .image(let url):
                part.member("type", "image_url")
                part.member("image_url", object: { $0.member("url", url) })
            }
            part.member(
                "hera",
                object: { mark in
                    mark.member("source", id)
                    mark.member("optional", isOptional)
                    if let relevance { mark.member("relevance", relevance) }
                })
        }
    }
}
