import Domain
import JSON

extension ChatRequest {
    /// The part of a conversation that is left out at a time.
    private static let share = 4

    /// The request without the oldest quarter of its messages, by bytes; nil where only the newest request is left.
    ///
    /// System prompts stay. A result of a tool goes with the call before it.
    func withoutOldest() throws(FieldError) -> ChatRequest? {
        func isPrompt(_ message: ChatMessage) -> Bool { message.role == .system || message.role == .developer }
        let last = lastRequest ?? messages.count - 1
        let old = messages[..<last].filter { !isPrompt($0) }
        guard !old.isEmpty else { return nil }
        let most = messages.filter { !isPrompt($0) }.reduce(0) { $0 + $1.value.raw.count } / Self.share
        var removed = 0
        var kept: [JSONValue] = []
        var asides: Set<Int> = []
        var isCutting = true
        for (index, message) in messages.enumerated() {
            if isPrompt(message) || index >= last {
                isCutting = isCutting && index < last
            } else if isCutting, removed < most || message.role == .tool {
                removed += message.value.raw.count
                continue
            } else {
                isCutting = false
            }
            if isAside(index) { asides.insert(kept.count) }
            kept.append(message.value)
        }
        guard kept.count < messages.count else { return nil }
        var writer = JSONWriter(capacity: document.bytes.count)
        writer.array { list in kept.forEach { list.element(raw: $0.raw) } }
        guard let body = try? JSONDocument(document.settingMembers([("messages", writer.bytes)])) else { return nil }
        return try ChatRequest(body, original: nil, asides: asides, wireNeed: wireNeed)
    }
}
