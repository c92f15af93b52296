import JSON

/// Tells which call of a tool each piece of a stream belongs to.
///
/// By the book a piece has the index of its call, and the first one an id and a name. Servers leave out the index, write
/// it as text, give the same one to several calls, or leave out ids.
struct ToolCallPieces {
    private struct Known {
        let index: Int64?
        var id: String
        var name: String
        var arguments = JSONBalance()
    }

    /// One piece, as far as it tells its call.
    struct Piece {
        let index: Int64?
        /// Nil where it is missing or empty, like the name.
        let id: String?
        let name: String?
        let arguments: String

        init(_ value: JSONValue) {
            index = value["index"]?.integer ?? value["index"]?.string.flatMap { Int64($0) }
            id = value["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            let function = value["function"]
            name = function?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            arguments = function.flatMap { OpenAIWire.arguments($0) } ?? ""
        }
    }

    private var known: [Known] = []

    /// The position of a piece's call among those of the answer.
    ///
    /// - Parameter previous: the call of the piece before it in the same event; pieces of one event are of several calls.
    mutating func position(of piece: Piece, after previous: Int?) -> Int {
        let position = find(piece, after: previous) ?? known.count
        if position == known.count { known.append(Known(index: piece.index, id: "", name: "")) }
        if let id = piece.id { known[position].id = id }
        if let name = piece.name, known[position].name.isEmpty { known[position].name = name }
        known[position].arguments.add(piece.arguments)
        return position
    }

    /// The id that clients get for a call: results of tools are told apart by it, so that no two calls share one.
    func clientID(of position: Int) -> String {
        let id = known[position].id
        return Self.unique(id, at: position, before: known[..<position].contains { $0.id == id })
    }

    /// The id of a call where one before it has the same.
    static func unique(_ id: String, at position: Int, before isTaken: Bool) -> String {
        isTaken ? "\(id)_\(position)" : id
    }

    /// The known call of a piece; nil where it begins another one.
    private func find(_ piece: Piece, after previous: Int?) -> Int? {
        guard let index = piece.index else { return findWithoutIndex(piece, after: previous) }
        guard let found = known.lastIndex(where: { $0.index == index }) else { return nil }
        guard let id = piece.id else { return begins(piece, after: found) ? nil : found }
        if let same = known.lastIndex(where: { $0.index == index && $0.id == id }) { return same }
        // Some servers give each piece an id of its own; only the first piece of a call has a name.
        return known[found].id.isEmpty || piece.name == nil ? found : nil
    }

    private func findWithoutIndex(_ piece: Piece, after previous: Int?) -> Int? {
        guard let last = known.indices.last else { return nil }
        if let id = piece.id {
            if let same = known.lastIndex(where: { $0.id == id }) {
                return begins(piece, after: same) ? nil : same
            }
            return known[last].id.isEmpty && piece.name == nil ? last : nil
        }
        if last == previous, piece.name != nil { return nil }
        return begins(piece, after: last) ? nil : last
    }

    /// Whether a piece without an id begins a new call instead of going on with a known one: it has a name, and nothing
    /// is missing from the arguments so far.
    private func begins(_ piece: Piece, after position: Int) -> Bool {
        let call = known[position]
        guard let name = piece.name, !call.name.isEmpty else { return false }
        if call.arguments.isEmpty { return name != call.name }
        return call.arguments.isClosed && (name != call.name || !piece.arguments.isEmpty)
    }
}
