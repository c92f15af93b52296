import JSON

extension ChatRequest {
    /// The texts of its messages as its client sent them, optional sources included.
    package var texts: JSONTexts { JSONTexts(ofRequest: sources?.document ?? original?.document ?? document) }

    /// The same request with other texts in its messages, in its own dialect and in the neutral one.
    ///
    /// - Parameter others: as many as those of `texts`, in their order.
    package func replacing(texts others: [String]) throws -> ChatRequest {
        let changed = try texts.replaced(by: others)
        if let sources { return try sources.request(from: changed) }
        guard let original else { return try replacing(document: changed) }
        // The neutral messages are made of the changed ones; the other members stay as they are.
        let translated = try MessagesRequest(changed, betas: original.betas).chat.document
        guard let messages = translated.root["messages"] else { return self }
        let body = try JSONDocument(document.settingMembers([("messages", Array(messages.raw))]))
        return try replacing(
            document: body,
            original: OriginalRequest(dialect: original.dialect, document: changed, betas: original.betas))
    }
}
