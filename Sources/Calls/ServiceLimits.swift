import Domain
package import JSON

/// Limits of the service: sizes, times and counts.
package struct ServiceLimits: Hashable, Sendable {
    package var bodyBytes: Int
    package var answerBytes: Int
    /// Of one uploaded file.
    package var fileBytes: Int
    /// Files of one key, result files included.
    package var files: Int
    /// Bytes of all files of one key.
    package var filesBytes: Int
    /// Days until a file expires; its uploader may choose fewer.
    package var fileDays: Double
    /// Days that responses of the Responses API are kept; 0 for none.
    package var responseDays: Double
    /// Rows of one batch.
    package var batchRows: Int
    /// Batches that run on a node at the same time; later ones wait.
    package var runningBatches: Int
    /// Jobs that run at the same time; later ones wait.
    package var runningJobs: Int
    package var firstByteSeconds: Double
    package var idleSeconds: Double
    package var callSeconds: Double
    /// Seconds that a client's call waits for a slot of its model. Jobs and batches wait for ever.
    package var queueSeconds: Double
    /// Clients' calls that wait for one model at the same time; further ones are refused.
    package var queuedCalls: Int
    /// What becomes of a streamed call whose client disconnects.
    package var abandoned: AbandonedCall
    /// Seconds that an answer is still read for its bill after its client disconnected.
    package var drainSeconds: Double
    /// Seconds between the comments that keep a waiting client's connection open.
    package var keepAliveSeconds: Double
    /// Seconds without a heartbeat after which other nodes take over a node's jobs and batches.
    package var leaseSeconds: Double
    /// Seconds between the first two polls of a provider batch. Each pause grows by half, up to a minute.
    package var providerPollSeconds: Double
    /// Seconds that a batch must have left for its rows to enter a provider batch. Providers answer within 24 h; an hour
    /// less admits batches with a window of 24 h.
    package var providerWindowSeconds: Double
    /// Rows of one provider batch. The provider's own limits hold too.
    package var providerRows: Int

    package init(
        bodyBytes: Int = 4 << 20, answerBytes: Int = 64 << 20, fileBytes: Int = 200 << 20, batchRows: Int = 50_000,
        runningJobs: Int = 64, firstByteSeconds: Double = 120,
        idleSeconds: Double = 60, callSeconds: Double = 600, drainSeconds: Double = 60, leaseSeconds: Double = 15,
        keepAliveSeconds: Double = 10, files: Int = 1000, filesBytes: Int = 10 << 30, fileDays: Double = 30,
        runningBatches: Int = 4, providerPollSeconds: Double = 5, providerWindowSeconds: Double = 82_800,
        providerRows: Int = 10_000, queueSeconds: Double = 120, queuedCalls: Int = 1000, responseDays: Double = 30,
        abandoned: AbandonedCall = .cheaper
    ) {
        self.bodyBytes = bodyBytes
        self.answerBytes = answerBytes
        self.fileBytes = fileBytes
        self.files = files
        self.filesBytes = filesBytes
        self.fileDays = fileDays
        self.responseDays = responseDays
        self.abandoned = abandoned
        self.batchRows = batchRows
        self.runningBatches = runningBatches
        self.runningJobs = runningJobs
        self.firstByteSeconds = firstByteSeconds
        self.idleSeconds = idleSeconds
        self.callSeconds = callSeconds
        self.queueSeconds = queueSeconds
        self.queuedCalls = queuedCalls
        self.drainSeconds = drainSeconds
        self.keepAliveSeconds = keepAliveSeconds
        self.leaseSeconds = leaseSeconds
        self.providerPollSeconds = providerPollSeconds
        self.providerWindowSeconds = providerWindowSeconds
        self.providerRows = providerRows
    }
}

extension ServiceLimits {
    package init(json: JSONValue) throws(FieldError) {
        self.init()
        let known = [
            "body_bytes", "answer_bytes", "file_bytes", "files", "files_bytes", "file_days", "batch_rows",
            "running_batches", "running_jobs", "first_byte_s", "idle_s", "call_s", "drain_s", "lease_s",
            "keep_alive_s", "provider_poll_s", "provider_window_s", "provider_rows", "queue_s", "queued_calls",
            "response_days", "abandoned",
        ]
        let fields = try FieldReader(json, path: "limits", known: known)
        bodyBytes = try fields.integer("body_bytes", in: 1024...1 << 30) ?? bodyBytes
        answerBytes = try fields.integer("answer_bytes", in: 1024...1 << 30) ?? answerBytes
        fileBytes = try fields.integer("file_bytes", in: 1024...1 << 33) ?? fileBytes
        files = try fields.integer("files", in: 1...10_000_000) ?? files
        filesBytes = try fields.integer("files_bytes", in: 1024...1 << 50) ?? filesBytes
        responseDays = try fields.number("response_days", in: 0...36_500) ?? responseDays
        if let name = try fields.string("abandoned") {
            guard let rule = AbandonedCall(rawValue: name) else {
                let names = AbandonedCall.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError("limits.abandoned", "must be one of \(names)")
            }
            abandoned = rule
        }
        fileDays = try fields.number("file_days", in: 0.001...36_500) ?? fileDays
        runningBatches = try fields.integer("running_batches", in: 1...1000) ?? runningBatches
        batchRows = try fields.integer("batch_rows", in: 1...10_000_000) ?? batchRows
        runningJobs = try fields.integer("running_jobs", in: 1...100_000) ?? runningJobs
        firstByteSeconds = try fields.number("first_byte_s", in: 0.1...86_400) ?? firstByteSeconds
        idleSeconds = try fields.number("idle_s", in: 0.1...86_400) ?? idleSeconds
        callSeconds = try fields.number("call_s", in: 0.1...86_400) ?? callSeconds
        queueSeconds = try fields.number("queue_s", in: 0.1...86_400) ?? queueSeconds
        queuedCalls = try fields.integer("queued_calls", in: 1...1_000_000) ?? queuedCalls
        keepAliveSeconds = try fields.number("keep_alive_s", in: 0.01...3600) ?? keepAliveSeconds
        drainSeconds = try fields.number("drain_s", in: 0...86_400) ?? drainSeconds
        providerPollSeconds = try fields.number("provider_poll_s", in: 0.01...3600) ?? providerPollSeconds
        providerWindowSeconds = try fields.number("provider_window_s", in: 0...30 * 86_400) ?? providerWindowSeconds
        providerRows = try fields.integer("provider_rows", in: 1...100_000) ?? providerRows
        leaseSeconds = try fields.number("lease_s", in: 0.5...86_400) ?? leaseSeconds
    }
}
