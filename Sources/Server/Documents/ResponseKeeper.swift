import Batches
import Calls
import Domain
import JSON
import Ledger
import Logging
import Steps

/// Keeps responses of the Responses API in the ledger, and finds them again for the key that made them.
struct ResponseKeeper: Sendable {
    let ledger: LedgerStore
    let limits: ServiceLimits
    let logger: Logger
    /// The caller's key; nil for callers without one, who see all.
    let key: String?

    private static let secondsPerDay = 86_400.0

    /// Whether the service keeps responses at all.
    var keepsResponses: Bool { limits.responseDays > 0 }

    /// A stored response.
    func response(_ id: String) async throws -> ResponseRecord {
        let key = key
        let found = try await ledger.read { try $0.response(id, for: key, at: .now()) }
        guard let found else { throw ServiceError.notFound(kind: "response", id: id) }
        return found
    }

    /// Deletes a stored response.
    func delete(_ id: String) async throws {
        let key = key
        let isGone = try await ledger.write { try $0.deleteResponse(id, for: key) }
        guard isGone else { throw ServiceError.notFound(kind: "response", id: id) }
    }

    /// The items of the conversation that ends with a response, a JSON list for the input and one for the output of each
    /// turn.
    func conversation(endingWith id: String?) async throws -> [JSONDocument] {
        guard let id else { return [] }
        let (key, most) = (key, limits.bodyBytes)
        let turns = try await ledger.read {
            try $0.conversation(endingWith: id, for: key, at: .now(), mostBytes: most)
        }
        guard !turns.isEmpty else {
            throw FieldError(
                "previous_response_id",
                "there is no response '\(id)', one before it is gone, or the conversation is larger than "
                    + "limits.body_bytes: send the whole conversation as input")
        }
        return try turns.flatMap { turn in
            let output = try JSONDocument(turn.body).root["output"].map { Array($0.raw) } ?? Array("[]".utf8)
            return [try JSONDocument(turn.input), try JSONDocument(output)]
        }
    }

    /// Keeps a response. An answer that is paid for is not lost with the database: what cannot be kept is logged.
    func keep(_ body: [UInt8], input: [UInt8], previous: String?) async {
        guard let id = (try? JSONDocument(body))?.root["id"]?.string else { return }
        let now = Timestamp.now()
        let record = ResponseRecord(
            id: id, key: key, previous: previous, createdAt: now,
            expiresAt: Timestamp(
                milliseconds: now.milliseconds + Int64(limits.responseDays * Self.secondsPerDay * 1000)),
            input: input, body: body)
        do {
            try await ledger.write { try $0.keepResponse(record) }
        } catch {
            logger.error("response not kept", metadata: ["id": "\(id)", "reason": "\(error)"])
        }
    }
}
