import Domain
import JSON
import Ledger
import Steps

extension TestService {
    /// The ledger's entries of all sessions.
    func entries() async throws -> [LedgerEntry] {
        let ledger = stepService.ledger
        return try await ledger.read { transaction in
            let totals = try transaction.dashboard(
                DashboardQuery(
                    from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: .max), groupBy: [.session]))
            return try totals.rows.compactMap { $0.keys.first }.flatMap { try transaction.entries(ofRun: $0) }
        }
    }

    /// Asks a model in OpenAI's chat format, and returns the entry of the call.
    func entry(
        of model: String = "test/cheap", _ members: String = "", content: String = "What is 2+2?"
    ) async throws -> (status: Int, text: String, entry: LedgerEntry?) {
        let known = Set(try await entries().map(\.id))
        let rest = members.isEmpty ? "" : ",\(members)"
        let answer = try await send(
            "POST", "/v1/chat/completions",
            body: #"{"model":"\#(model)","messages":[{"role":"user","content":"\#(content)"}]\#(rest)}"#)
        return (answer.status, answer.text, try await entries().last { !known.contains($0.id) })
    }
}
