import Domain
import JSON
import Ledger

/// Batches and what is open of them, as a text for people and as JSON.
struct BatchListing {
    private struct Line {
        let batch: BatchRecord
        let rows: Int64
        let completed: Int64
        let failed: Int64
        let atProviders: Int
        let reserved: Money
        let spent: Money

        /// A command that was stopped has let go of its batch; at providers it goes on.
        var status: String {
            let isStopped = batch.inputFileID == nil && batch.status == .cancelled && atProviders > 0
            return isStopped ? "stopped" : batch.status.rawValue
        }
    }

    private var lines: [Line] = []

    /// - Parameter groups: of its rows at providers, those that are open.
    mutating func add(
        _ batch: BatchRecord, groups: [ProviderGroup], counts: [BatchRowStatus: Int64], spent: Money
    ) {
        lines.append(
            Line(
                batch: batch, rows: counts.values.reduce(0, +), completed: counts[.completed] ?? 0,
                failed: counts[.failed] ?? 0, atProviders: groups.reduce(0) { $0 + $1.open },
                reserved: Money(nanoUSD: groups.reduce(0) { $0 + $1.reserved.nanoUSD }), spent: spent))
    }

    private static func origin(_ batch: BatchRecord) -> String {
        batch.inputFileID == nil ? "hera batch" : "hera serve"
    }

    var text: String {
        if lines.isEmpty { return "no batch is open; --all shows those that have ended" }
        return lines.map { line in
            var facts = [
                "\(line.completed) of \(line.rows) rows answered" + (line.failed > 0 ? ", \(line.failed) failed" : ""),
                "$\(line.spent) spent",
            ]
            if line.atProviders > 0 {
                facts.append("\(line.atProviders) at providers, $\(line.reserved) set aside for them")
            }
            return "\(line.batch.id)  \(line.status), of \(Self.origin(line.batch)), "
                + "\(line.batch.createdAt): \(facts.joined(separator: "; "))"
        }.joined(separator: "\n")
    }

    var json: String {
        var writer = JSONWriter()
        writer.array { list in
            for line in lines {
                list.object { object in
                    object.member("id", line.batch.id)
                    object.member("status", line.status)
                    object.member("origin", Self.origin(line.batch))
                    object.member("created_at", line.batch.createdAt.description)
                    object.member("rows", Int(line.rows))
                    object.member("completed", Int(line.completed))
                    object.member("failed", Int(line.failed))
                    object.member("at_providers", line.atProviders)
                    object.member("reserved_usd", line.reserved.usd)
                    object.member("spent_usd", line.spent.usd)
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
