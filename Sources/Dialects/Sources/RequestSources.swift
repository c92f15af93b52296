package import Domain
import JSON

/// The optional sources of a chat request, and the request with some of them only.
package struct RequestSources: Sendable {
    /// What the request says of its optional sources.
    package let rule: SourceRule
    /// The sources and the subsets to choose from.
    package let step: StepSources
    private let marks: SourceMarks
    private let read: @Sendable (JSONDocument) throws(FieldError) -> ChatRequest

    /// - Parameters:
    ///   - whole: the request with all sources, without marks.
    ///   - read: reads a body of the client's dialect.
    init(
        _ marks: SourceMarks, whole: ChatRequest,
        read: @escaping @Sendable (JSONDocument) throws(FieldError) -> ChatRequest
    ) throws(FieldError) {
        let optional = marks.optional
        rule = try SourceRule(whole.policy?[SourceRule.member], known: optional.map(\.mark.id))
        self.marks = marks
        self.read = read
        let sizes = (marks.document.root["messages"] ?? marks.document.root["input"])?.elements.map(\.raw.count) ?? []
        let bare = Self.request(marks, sending: 0, read)
        let question = bare?.question ?? ""
        let sources = optional.map { marked in
            var source = Self.source(marked.mark.id, marked.value)
            if marked.message < sizes.count - 1 {
                source.tokensBefore = sizes.prefix(max(marked.message, 0)).reduce(0, +) / 4
            }
            return source
        }
        let relevance = SourceRelevance(
            question: question,
            sources: zip(optional, sources).map { marked, source in
                SourceRelevance.Source(
                    name: source.id, text: Self.text(marked.value),
                    isText: source.images == 0 && source.files.count == 0, given: marked.mark.relevance)
            })
        // Without a message of the user there is no request: then at least one source is sent.
        let canSendNone = bare?.messages.contains { $0.role == .user } ?? false
        step = StepSources(
            sources: sources,
            subsets: Self.subsets(of: sources, relevance, rule: rule, canSendNone: canSendNone),
            needsWithout: bare?.needs
                ?? whole.needs.subtracting(sources.reduce(into: []) { $0.formUnion($1.needs) }))
        if step.subsets.isEmpty {
            throw FieldError(
                "hera.\(SourceRule.member)",
                "leaves no message of the user: send a source, or leave the user's own words unmarked")
        }
    }

    /// The request with the sources of a mask; nil if the rest is no request.
    package func request(sending mask: UInt64) -> ChatRequest? { Self.request(marks, sending: mask, read) }

    /// The whole request in its client's dialect, with its marks.
    var document: JSONDocument { marks.document }

    /// The request from another body of the same dialect with the same marks.
    func request(from document: JSONDocument) throws -> ChatRequest {
        guard let marks = try SourceMarks(document) else { return try read(document) }
        return try ChatRequest(marks, read: read)
    }

    private static func request(
        _ marks: SourceMarks, sending mask: UInt64, _ read: (JSONDocument) throws(FieldError) -> ChatRequest
    ) -> ChatRequest? {
        let bytes = marks.bytes { mask >> UInt64($0) & 1 == 0 }
        return (try? JSONDocument(bytes)).flatMap { try? read($0) }
    }

    /// The subsets that a rule admits, without dominated ones.
    private static func subsets(
        of sources: [StepSource], _ relevance: SourceRelevance, rule: SourceRule, canSendNone: Bool
    ) -> [SourceSubset] {
        func subset(_ mask: UInt64) -> SourceSubset {
            let chosen = sources.indices.filter { mask >> UInt64($0) & 1 == 1 }
            return SourceSubset(
                mask: mask, qualityShare: relevance.qualityShare(sending: mask),
                textBytes: chosen.reduce(0) { $0 + sources[$1].textBytes + 4 * sources[$1].files.likely },
                images: chosen.reduce(0) { $0 + sources[$1].images },
                needs: chosen.reduce(into: []) { $0.formUnion(sources[$1].needs) })
        }
        let all = (UInt64(1) << UInt64(sources.count)) - 1
        var masks: [UInt64]
        switch rule {
        case .all: masks = [all]
        case .none: masks = [0]
        case .named(let names):
            masks = [sources.indices.reduce(0) { names.contains(sources[$1].id) ? $0 | 1 << UInt64($1) : $0 }]
        case .auto:
            // All subsets of a few sources; of many the chain that adds the source of the greatest gain a byte.
            masks = sources.count <= 6 ? Array(0...all) : relevance.chain(costs: sources.map(\.cost))
        }
        if !canSendNone { masks.removeAll { $0 == 0 } }
        let found = masks.map(subset)
        let useful = found.filter { one in !found.contains { one.isDominated(by: $0) } }
        return Array(useful.sorted { $0.qualityShare > $1.qualityShare }.prefix(StepSources.mostSubsets))
    }

    private static func parts(_ value: JSONValue) -> [JSONValue] {
        if let content = value["content"], content.kind == .array { return Array(content.elements) }
        return [value]
    }

    private static func text(_ value: JSONValue) -> String {
        if let text = value["content"]?.string { return text }
        return parts(value).compactMap { $0["text"]?.string }.joined(separator: "\n")
    }

    private static let imageTypes = ["image_url", "image", "input_image"]

    private static func isImage(_ part: JSONValue) -> Bool {
        imageTypes.contains { part["type"]?.isString($0) == true } && !PromptFile.isFile(part)
    }

    private static func source(_ id: String, _ value: JSONValue) -> StepSource {
        let parts = parts(value)
        let images = parts.filter(isImage)
        let files = parts.filter(PromptFile.isFile)
        var fileTokens = FileTokens()
        for file in files { fileTokens.add(bytes: PromptFile.byteCount(file)) }
        var needs: Set<Capability> = []
        if !images.isEmpty { needs.insert(.vision) }
        if !files.isEmpty { needs.insert(.pdf) }
        if parts.contains(where: { $0["type"]?.isString("input_audio") == true }) { needs.insert(.audio) }
        let words = parts.filter { !isImage($0) && !PromptFile.isFile($0) }
        return StepSource(
            id: id, textBytes: words.reduce(0) { $0 + textBytes($1) }, images: images.count, files: fileTokens,
            needs: needs)
    }

    /// The bytes of a part that are in the request of every dialect: not its mark, and not the names of its members.
    private static func textBytes(_ part: JSONValue) -> Int {
        let words =
            part["text"] ?? part["content"] ?? part["input_audio"] ?? part["source"]?["data"]
            ?? part["source"]?["content"]
        return words?.raw.count ?? 0
    }
}

extension StepSource {
    /// The size that relevance is weighed with: text in tokens, an image as one of a model without a figure.
    fileprivate var cost: Double { Double(textTokens + images * ImageTokens.likelyWhereUnknown + 1) }
}

extension ChatRequest {
    /// Reads a request with marked sources: all of them are in it, and `sources` says what may be left out.
    ///
    /// - Parameter read: reads a body of the client's dialect.
    init(
        _ marks: SourceMarks, read: @escaping @Sendable (JSONDocument) throws(FieldError) -> ChatRequest
    ) throws(FieldError) {
        guard let document = try? JSONDocument(marks.bytes { _ in false }) else {
            throw FieldError("", "is nested too deeply")
        }
        self = try read(document)
        guard !marks.optional.isEmpty else {
            _ = try SourceRule(policy?[SourceRule.member], known: [])
            return
        }
        sources = try RequestSources(marks, whole: self, read: read)
    }

    /// The words of the newest message of the user.
    var question: String { messages.last { $0.role == .user }?.text ?? "" }

    /// The request with the smallest subset of its sources that keeps the greatest expected quality, for rows of batches,
    /// whose requests are fixed before their models are chosen.
    package var sendingLeastSources: ChatRequest {
        guard let sources else { return self }
        let best = sources.step.subsets.max { left, right in
            left.qualityShare == right.qualityShare
                ? left.textBytes + left.images * 1000 > right.textBytes + right.images * 1000
                : left.qualityShare < right.qualityShare
        }
        return best.flatMap { sources.request(sending: $0.mask) } ?? self
    }
}
