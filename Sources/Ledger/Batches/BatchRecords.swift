import Digest
package import Domain

/// The status of a batch, with the names of OpenAI's batch object.
package enum BatchStatus: String, CaseIterable, Hashable, Sendable {
    case validating, failed
    case inProgress = "in_progress"
    case finalizing, completed, expired, cancelling, cancelled

    package var isFinal: Bool {
        switch self {
        case .failed, .completed, .expired, .cancelled: true
        case .validating, .inProgress, .finalizing, .cancelling: false
        }
    }
}

/// A batch of requests. Its budget is that of the scope `batch:ID`.
package struct BatchRecord: Hashable, Sendable {
    package var id: String
    package var status: BatchStatus
    package var endpoint: String
    package var inputFileID: String?
    package var outputFileID: String?
    package var errorFileID: String?
    /// The caller's own JSON, returned as it is.
    package var metadata: [UInt8]
    /// JSON, opaque to the ledger: the plan and the rest of the runner's state.
    package var state: [UInt8]
    package var attribution: Attribution
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// The end of the completion window.
    package var expiresAt: Timestamp?
    /// The time of the stop request; set by `cancelBatch`.
    package internal(set) var cancellingAt: Timestamp?
    /// Set by the ledger: how often the batch was claimed. A record of an earlier claim cannot be saved any more.
    package internal(set) var lease: Int64 = 0

    package init(
        id: String, status: BatchStatus, endpoint: String, inputFileID: String? = nil, outputFileID: String? = nil,
        errorFileID: String? = nil, metadata: [UInt8] = [], state: [UInt8] = [],
        attribution: Attribution = Attribution(), createdAt: Timestamp, updatedAt: Timestamp,
        expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.status = status
        self.endpoint = endpoint
        self.inputFileID = inputFileID
        self.outputFileID = outputFileID
        self.errorFileID = errorFileID
        self.metadata = metadata
        self.state = state
        self.attribution = attribution
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
    }
}

/// The status of a batch row.
package enum BatchRowStatus: String, CaseIterable, Hashable, Sendable {
    case pending
    /// A store or a provider works on it.
    case claimed
    case completed, failed
}

/// One request of a batch.
package struct BatchRow: Hashable, Sendable {
    package var batchID: String
    /// The line of the input file, from 1.
    package var line: Int64
    /// Unique in the batch.
    package var customID: String
    /// The request's body.
    package var request: [UInt8]
    package var status: BatchRowStatus
    /// The body of the response or of the error.
    package var response: [UInt8]?
    /// The entry that paid for it.
    package var entryID: String?
    /// The last group at a provider that the row was in, open or not.
    package var providerGroup: String?

    package init(
        batchID: String, line: Int64, customID: String, request: [UInt8], status: BatchRowStatus = .pending,
        response: [UInt8]? = nil, entryID: String? = nil, providerGroup: String? = nil
    ) {
        self.batchID = batchID
        self.line = line
        self.customID = customID
        self.request = request
        self.status = status
        self.response = response
        self.entryID = entryID
        self.providerGroup = providerGroup
    }
}

/// The result of a row, written together with the entry that paid for it (`StepCommit.rows`).
package struct BatchRowResult: Hashable, Sendable {
    package var batchID: String
    package var line: Int64
    /// `completed`, `failed`, or `pending` to retry the row.
    package var status: BatchRowStatus
    package var response: [UInt8]?
    package var entryID: String?

    package init(
        batchID: String, line: Int64, status: BatchRowStatus, response: [UInt8]? = nil, entryID: String? = nil
    ) {
        self.batchID = batchID
        self.line = line
        self.status = status
        self.response = response
        self.entryID = entryID
    }
}

/// A content-derived batch id: the same input with the same options is the same batch, however often it is started.
package struct BatchIdentity: Sendable {
    private var hash = SHA256Stream()

    /// - Parameter options: everything that distinguishes batches of the same input, such as the model, in a fixed order.
    package init(options: [String]) {
        for option in options { update(Array("\(option.utf8.count):\(option)\n".utf8)) }
    }

    /// Hashes the next piece of the input.
    package mutating func update(_ piece: some Sequence<UInt8>) {
        hash.update(Array(piece))
    }

    /// `batch_` and 96 bits of the SHA-256 in hexadecimal.
    package var id: String {
        let digits = Array("0123456789abcdef")
        return "batch_" + hash.digest.prefix(12).map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
    }
}
