package import Domain
package import JSON
package import Upstream

/// One row of a batch: a chat call, and the name that its result comes back under.
package struct ProviderBatchRow: Sendable {
    /// From ``ProviderBatchSubmission/customID(of:in:)``.
    package var customID: String
    /// The request in OpenAI's chat format. Its `model` is replaced, streaming is taken out, and for Anthropic it is
    /// translated, as with a ``ChatCall``.
    package var body: JSONDocument
    /// The limit of the answer where the body names none and the provider insists on one.
    package var maximumOutputTokens: Int

    package init(customID: String, body: JSONDocument, maximumOutputTokens: Int) {
        self.customID = customID
        self.body = body
        self.maximumOutputTokens = maximumOutputTokens
    }
}

/// Rows for the batch interface of one endpoint, all answered by its model.
package struct ProviderBatchSubmission: Sendable {
    package var endpoint: Endpoint
    /// The secrets themselves.
    package var credentials: Credentials
    /// Ours, made before anything is sent: 1 to 40 letters, digits and hyphens, and never used again by any client that
    /// shares the provider's account. A batch that the provider refused is sent again under a new name.
    package var name: String
    package var rows: [ProviderBatchRow]
    /// Members of the bodies that are not for the provider.
    package var removedMembers: [String]
    /// Set where this order may have been sent before: it is then looked for first.
    package var earlier: LostProviderBatch?

    package init(
        endpoint: Endpoint, credentials: Credentials, name: String, rows: [ProviderBatchRow],
        removedMembers: [String] = [],
        earlier: LostProviderBatch? = nil
    ) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.name = name
        self.rows = rows
        self.removedMembers = removedMembers
        self.earlier = earlier
    }

    /// The name of a row: `NAME_NUMBER`. The order's name comes first, so that any result tells whose it is.
    package static func customID(of number: Int, in name: String) -> String {
        "\(name)_\(number)"
    }

    /// The number in a row's name; nil where that is no row of the order.
    package static func rowNumber(_ customID: String, in name: String) -> Int? {
        guard isRow(customID, of: name) else { return nil }
        return Int(customID.dropFirst(name.count + 1))
    }

    /// Whether a row's name begins with the order's. Names have no underscore, so it can be no other's.
    package static func isRow(_ customID: String, of name: String) -> Bool {
        customID.hasPrefix("\(name)_")
    }

    /// Throws ``UpstreamError/invalidRequest(reason:)`` for what no provider takes, or what could not be found again.
    package func validate(_ limits: ProviderBatchLimits) throws(UpstreamError) {
        guard (1...40).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            throw .invalidRequest(reason: "a batch's name has 1 to 40 letters, digits and hyphens")
        }
        if let earlier {
            guard earlier.name == name, earlier.rows == rows.count else {
                throw .invalidRequest(reason: "what was sent earlier has another name or other rows than this batch")
            }
        }
        guard !rows.isEmpty else { throw .invalidRequest(reason: "a batch has at least one row") }
        guard rows.count <= limits.rows else {
            throw .invalidRequest(
                reason: "a batch has at most \(limits.rows) rows, not \(rows.count); send them in several")
        }
        var seen: Set<String> = []
        for row in rows {
            guard Self.isRow(row.customID, of: name), row.customID.utf8.count <= 64,
                row.customID.utf8.allSatisfy({ Self.isNameByte($0) || $0 == UInt8(ascii: "_") })
            else {
                throw .invalidRequest(
                    reason: "a row's name is the batch's, an underscore, letters and digits, 64 characters at most")
            }
            guard seen.insert(row.customID).inserted else {
                throw .invalidRequest(reason: "two rows of a batch have the name \(row.customID)")
            }
        }
    }

    /// Bytes of all rows' requests, before their translation.
    var bodyBytes: Int { rows.reduce(0) { $0 + $1.body.bytes.count } }

    /// The call that a row stands for.
    func call(_ row: ProviderBatchRow) -> ChatCall {
        ChatCall(
            endpoint: endpoint, credentials: credentials, body: row.body, isStreaming: false,
            maximumOutputTokens: row.maximumOutputTokens, removedMembers: removedMembers)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
