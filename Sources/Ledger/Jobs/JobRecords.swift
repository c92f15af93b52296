package import Domain

/// A job with its specification, state and result. JSON is stored byte by byte.
package struct JobRecord: Hashable, Sendable {
    package var id: String
    package var status: JobStatus
    /// The job as submitted.
    package var spec: [UInt8]
    /// The runner's state for a restart.
    package var state: [UInt8]
    /// The final answer; nil before.
    package var result: [UInt8]?
    /// Why the job failed, in one line.
    package var failure: String?
    package var attribution: Attribution
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Set by the ledger: how often the job was claimed. A record of an earlier claim cannot be saved any more.
    package internal(set) var lease: Int64 = 0

    package init(
        id: String, status: JobStatus, spec: [UInt8], state: [UInt8], result: [UInt8]? = nil, failure: String? = nil,
        attribution: Attribution = Attribution(), createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.status = status
        self.spec = spec
        self.state = state
        self.result = result
        self.failure = failure
        self.attribution = attribution
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// An event of a job before it has a number.
package struct NewJobEvent: Hashable, Sendable {
    package var jobID: String
    package var type: String
    /// JSON.
    package var data: [UInt8]
    package var at: Timestamp

    package init(jobID: String, type: String, data: [UInt8], at: Timestamp) {
        self.jobID = jobID
        self.type = type
        self.data = data
        self.at = at
    }
}

/// An event with its number in the job: 1, 2, 3, ... without gaps.
package struct JobEvent: Hashable, Sendable {
    package let sequence: Int64
    package let event: NewJobEvent

    package init(sequence: Int64, event: NewJobEvent) {
        self.sequence = sequence
        self.event = event
    }
}
